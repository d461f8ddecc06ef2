"""Learning rate over optimiser steps."""

import math
from collections.abc import Callable

import torch

from mmsent.config.fitting import Schedule


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


class LearningRate:
    """Sets an optimiser's learning rates: the schedule's factor times that of the plateaus.

    A reduction on a plateau lasts: the schedule goes on from the reduced rate. (In the study's code
    the schedule overwrote it with the next step.)
    """

    def __init__(
        self, optimiser: torch.optim.Optimizer, schedule: Schedule, steps_per_epoch: int
    ) -> None:
        """Set the rates of the first step."""
        self._optimiser = optimiser
        self._initial = [float(group["lr"]) for group in optimiser.param_groups]
        self._factor = learning_rate_factor(schedule, steps_per_epoch)
        self._plateau = schedule.plateau
        self._steps = 0
        self._waited = 0
        self._reduced = 1.0
        self._set()

    @property
    def current(self) -> float:
        """The learning rate of the first group of parameters."""
        return float(self._optimiser.param_groups[0]["lr"])

    def step(self) -> None:
        """Go on to the next optimiser step."""
        self._steps += 1
        self._set()

    def end_epoch(self, gained: bool) -> None:
        """Count an epoch; reduce the rate once enough of them in a row have gained nothing."""
        self._waited = 0 if gained else self._waited + 1
        if self._plateau is not None and self._waited >= self._plateau.epochs:
            self._reduced *= self._plateau.factor
            self._waited = 0
            self._set()

    def state_dict(self) -> dict[str, float]:
        """Where the schedule stands."""
        return {"steps": self._steps, "waited": self._waited, "reduced": self._reduced}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from where :meth:`state_dict` stood."""
        self._steps, self._waited = int(state["steps"]), int(state["waited"])
        self._reduced = state["reduced"]
        self._set()

    def _set(self) -> None:
        factor = self._factor(self._steps) * self._reduced
        for group, initial in zip(self._optimiser.param_groups, self._initial, strict=True):
            group["lr"] = initial * factor
