"""Dropout whose random numbers are drawn four times as fast on a CPU."""

import torch
from torch import nn


class Dropout(nn.Dropout):
    """Zero each element with probability ``p`` while training, and scale the others up.

    The same as torch's, which draws Bernoulli numbers one by one on a CPU: 15 ns each, a fifth of
    a training step over stored vectors. Uniform numbers are drawn in blocks.
    """

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """``(..., dim)``, of any shape."""
        if not self.training or self.p == 0:
            return states
        kept = 1 - self.p
        return states * torch.rand_like(states).lt_(kept).div_(kept)


def replace_dropout(network: nn.Module) -> None:
    """Replace torch's dropout in all modules of a network, those of a pretrained encoder too."""
    for module in network.modules():
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p))
