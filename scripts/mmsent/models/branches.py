"""Branches of the network, one for each modality: stored inputs to states for the fusion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from mmsent.config.network import Vectors
from mmsent.encoders.towers import masked_mean


@dataclass(frozen=True)
class States:
    """Output of a branch for a batch.

    Attributes
    ----------
    vector
        ``(batch, dim)``.
    sequence
        States of tokens or patches, ``(batch, length, dim)``; None of a stored vector.
    mask
        ``(batch, length)``, 0 for padding; None: no padding.
    """

    vector: torch.Tensor
    sequence: torch.Tensor | None = None
    mask: torch.Tensor | None = None

    def through(self, layer: nn.Module, with_sequence: bool) -> "States":
        """Apply a layer to the vector and, if the fusion reads it, to the sequence."""
        sequence = self.sequence
        if sequence is not None:
            sequence = layer(sequence) if with_sequence else None
        return replace(self, vector=layer(self.vector), sequence=sequence)


class VectorBranch(nn.Module):
    """A stored vector of a frozen encoder, with optional standardisation and dropout."""

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
        """Compute mean and deviation of the training posts' vectors ``(posts, dim)``."""
        if self.standardises:
            vectors = vectors.float()
            self.mean.copy_(vectors.mean(0))
            # A dimension that hardly varies carries no information and must not be amplified.
            self.deviation.copy_(vectors.std(0).clamp(min=1e-3))

    def forward(self, vector: torch.Tensor) -> States:
        """``(batch, dim)``."""
        vector = vector.float()
        if self.standardises:
            vector = (vector - self.mean) / self.deviation
        return States(self.dropout(vector))


class TokenBranch(nn.Module):
    """The last layers of a text encoder, trained, over stored states of the frozen ones below."""

    def __init__(self, layers: nn.Module, size: int, pooling: str) -> None:
        """``size``: of a state; ``pooling``: ``mean`` or ``first``."""
        super().__init__()
        self.layers = layers
        self.output_size = size
        self.pooling = pooling

    def forward(self, states: torch.Tensor, tokens: torch.Tensor) -> States:
        """States ``(batch, length, dim)`` and the number of tokens of each text, ``(batch,)``."""
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
        """Images ``(batch, 3, side, side)`` in bytes to patches, row by row, and their mean."""
        scaled = (pixels.float() / 255 - self.mean) / self.std
        maps = self.network(scaled.contiguous(memory_format=torch.channels_last))
        patches = maps.flatten(2).transpose(1, 2)
        return States(patches.mean(1), patches)
