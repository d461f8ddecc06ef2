"""Branches of the network: what each modality brings to the fusion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from mmsent.config.network import Vectors
from mmsent.encoders.pooling import masked_mean


@dataclass(frozen=True)
class States:
    """What a branch gives of a batch.

    Attributes
    ----------
    vector
        ``(batch, dim)``.
    sequence
        States of tokens or patches, ``(batch, length, dim)``; None of a stored vector.
    mask
        ``(batch, length)``, 1 for the sequence's own members; None: all of them.
    """

    vector: torch.Tensor
    sequence: torch.Tensor | None = None
    mask: torch.Tensor | None = None

    def through(self, layer: nn.Module, with_sequence: bool) -> "States":
        """The states after a layer; the sequence, too, if the fusion reads it."""
        sequence = self.sequence
        if sequence is not None:
            sequence = layer(sequence) if with_sequence else None
        return replace(self, vector=layer(self.vector), sequence=sequence)


class VectorBranch(nn.Module):
    """A stored vector of a frozen encoder; standardised and dropped out, if the settings say so."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, size: int, settings: Vectors) -> None:
        """``size``: of the vector."""
        super().__init__()
        self.output_size = size
        self.standardises = settings.standardise
        self.dropout = nn.Dropout(settings.dropout)
        if self.standardises:
            self.register_buffer("mean", torch.zeros(size))
            self.register_buffer("deviation", torch.ones(size))

    def standardise(self, vectors: torch.Tensor) -> None:
        """Take mean and deviation from the training posts' vectors ``(posts, dim)``."""
        if self.standardises:
            given = vectors.float()
            self.mean.copy_(given.mean(0))
            # A dimension that hardly varies says nothing, and must not be blown up.
            self.deviation.copy_(given.std(0).clamp(min=1e-3))

    def forward(self, vector: torch.Tensor) -> States:
        """``(batch, dim)``."""
        given = vector.float()
        if self.standardises:
            given = (given - self.mean) / self.deviation
        return States(self.dropout(given))


class TokenBranch(nn.Module):
    """The last layers of a text encoder, trained, over stored states of the frozen ones below."""

    def __init__(self, layers: nn.Module, size: int, pooling: str) -> None:
        """``size``: of a state; ``pooling``: ``mean`` or ``first``."""
        super().__init__()
        self.layers = layers
        self.output_size = size
        self.pooling = pooling

    def forward(self, states: torch.Tensor, tokens: torch.Tensor) -> States:
        """States ``(batch, length, dim)`` and the number of own tokens of each, ``(batch,)``."""
        longest = int(tokens.max())
        mask = torch.arange(longest, device=tokens.device) < tokens[:, None]
        states = self.layers(states[:, :longest].float(), mask.to(torch.int64))
        vector = masked_mean(states, mask) if self.pooling == "mean" else states[:, 0]
        return States(vector, states, mask)


class PixelBranch(nn.Module):
    """A convolutional network over pixels."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, network: nn.Module, size: int, mean: Sequence[float], std: Sequence[float]
    ) -> None:
        """``size``: of a patch's state; ``mean``, ``std``: of each channel, from 0 to 1."""
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.output_size = size
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)

    def forward(self, pixels: torch.Tensor) -> States:
        """Pictures ``(batch, 3, side, side)`` in bytes to patches, row by row, and their mean."""
        scaled = (pixels.float() / 255 - self.mean) / self.std
        maps = self.network(scaled.contiguous(memory_format=torch.channels_last))
        patches = maps.flatten(2).transpose(1, 2)
        return States(patches.mean(1), patches)
