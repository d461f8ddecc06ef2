"""Learning rate over optimiser steps."""

import math
from collections.abc import Callable

from mmsent.config.experiment import Schedule


def learning_rate_factor(schedule: Schedule, steps_per_epoch: int) -> Callable[[int], float]:
    """The factor of the learning rate at each optimiser step, counted from 0.

    It rises linearly over the warm-up and, for ``cosine``, falls along a half cosine that reaches
    0 one step after the last of the last epoch: no step is wasted at 0, and none lies beyond.
    """
    warmup = round(schedule.warmup_epochs * steps_per_epoch)
    total = schedule.epochs * steps_per_epoch

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        if schedule.kind == "constant":
            return 1.0
        progress = min((step - warmup) / (total - warmup), 1.0)
        return 0.5 * (1 + math.cos(math.pi * progress))

    return factor
