"""From the states of tokens to one vector."""

import torch


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of ``(batch, tokens, dim)`` states over the tokens whose mask is 1: ``(batch, dim)``."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)
