"""AdamW without what torch's optimisers import."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch.optim.adamw import adamw

_BETAS, _EPSILON = (0.9, 0.999), 1e-8


class AdamW:
    """AdamW (Loshchilov and Hutter 2019): torch's fused step, to the bit.

    ``torch.optim.AdamW`` imports torch's compiler, a second in each of the training jobs.

    Attributes
    ----------
    param_groups
        Of each group ``params`` and ``lr``, as in torch's optimisers.
    """

    def __init__(self, groups: Iterable[Mapping[str, Any]], weight_decay: float) -> None:
        """Start with averages of zero."""
        self.param_groups = [{**group, "params": list(group["params"])} for group in groups]
        self._weight_decay = weight_decay
        self._state = {
            parameter: (
                torch.zeros_like(parameter),
                torch.zeros_like(parameter),
                torch.zeros((), device=parameter.device),
            )
            for group in self.param_groups
            for parameter in group["params"]
        }

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            used: list[torch.Tensor] = [p for p in group["params"] if p.grad is not None]
            gradients = [p.grad for p in used if p.grad is not None]
            state = [self._state[p] for p in used]
            averages, squares, steps = ([tensors[place] for tensors in state] for place in range(3))
            adamw(
                used, gradients, averages, squares, [], steps, fused=True,
                amsgrad=False, beta1=_BETAS[0], beta2=_BETAS[1], lr=group["lr"],
                weight_decay=self._weight_decay, eps=_EPSILON, maximize=False,
            )  # fmt: skip

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._state:
            parameter.grad = None

    def state_dict(self) -> dict[str, list[tuple[torch.Tensor, ...]]]:
        """Return averages, averages of squares, and steps, of each parameter in order."""
        return {"state": list(self._state.values())}

    def load_state_dict(self, state: Mapping[str, list[tuple[torch.Tensor, ...]]]) -> None:
        """Continue from a state of :meth:`state_dict`."""
        for here, saved in zip(self._state.values(), state["state"], strict=True):
            for tensor, value in zip(here, saved, strict=True):
                tensor.copy_(value)
