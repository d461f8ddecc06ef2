"""Fusions of the modalities; an experiment names one as its ``fusion``.

Each maps the modalities' projected states to ``(batch, output_size)``. The adaptive one also
returns a weight for each of its parts and each post.
"""

import math

import torch
from torch import nn

from mmsent.encoders.towers import masked_mean
from mmsent.models.branches import States

#: Parts of the adaptive fusion, in the order of its weights.
ADAPTIVE_PARTS = ("late", "early", "attention")


class Fusion(nn.Module):
    """Base of the fusions."""

    #: Whether the fusion reads sequences of tokens and patches beside the vectors.
    reads_sequences = False
    output_size: int

    def forward(self, states: list[States]) -> torch.Tensor:
        """States of each modality to ``(batch, output_size)``."""
        raise NotImplementedError

    def weights(self, states: list[States]) -> torch.Tensor | None:  # noqa: ARG002
        """Return the weights of the fusion's parts, ``(batch, parts)``; None if it has no parts."""
        return None


class LateFusion(Fusion):
    """Concatenate the modalities' vectors (the study's section 5)."""

    def __init__(self, sizes: list[int]) -> None:
        """``sizes``: of the modalities' vectors."""
        super().__init__()
        self.output_size = sum(sizes)

    def forward(self, states: list[States]) -> torch.Tensor:
        """Vectors side by side."""
        return torch.cat([state.vector for state in states], dim=1)


class EarlyFusion(Fusion):
    """Add the modalities' vectors (section 5)."""

    def __init__(self, sizes: list[int]) -> None:
        """``sizes``: of the modalities' vectors, which must agree."""
        super().__init__()
        self.output_size = sizes[0]

    def forward(self, states: list[States]) -> torch.Tensor:
        """Sum of the vectors."""
        return torch.stack([state.vector for state in states]).sum(0)


class AttentionFusion(Fusion):
    """Weigh the modalities' vectors by their attention to each other (section 5).

    Without parameters, as in the study's code: a modality's weight is the softmax of its mean
    dot product with all of them. The products are divided by the root of the size (Vaswani et al.
    2017), without which the softmax picks one modality and the other gets no gradient.
    """

    def __init__(self, sizes: list[int]) -> None:
        """``sizes``: of the modalities' vectors, which must agree."""
        super().__init__()
        self.output_size = sizes[0]

    def forward(self, states: list[States]) -> torch.Tensor:
        """Weighted mean of the vectors."""
        vectors = torch.stack([state.vector for state in states], dim=1)
        products = vectors @ vectors.transpose(1, 2) / math.sqrt(vectors.shape[-1])
        weights = torch.softmax(products.mean(2), dim=1)
        return (weights[:, :, None] * vectors).sum(1)


class CrossAttentionFusion(Fusion):
    """Tokens attend to patches and patches to tokens (section 3, second code).

    The attended states are added to the concatenated vectors, so that the vectors pass even if
    attention contributes nothing.
    """

    reads_sequences = True
    HEADS, DROPOUT = 4, 0.2

    def __init__(self, sizes: list[int]) -> None:
        """``sizes``: of text and image states, which must agree."""
        super().__init__()
        (size,) = set(sizes)
        self.output_size = size
        options = {"dropout": self.DROPOUT, "batch_first": True}
        self.tokens_to_patches = nn.MultiheadAttention(size, self.HEADS, **options)
        self.patches_to_tokens = nn.MultiheadAttention(size, self.HEADS, **options)
        self.concatenated = nn.Sequential(
            nn.Linear(2 * size, 2 * size), nn.LayerNorm(2 * size), nn.ReLU(),
            nn.Linear(2 * size, size), nn.LayerNorm(size), nn.ReLU(),
        )  # fmt: skip
        self.attended = nn.Linear(size, size)

    def forward(self, states: list[States]) -> torch.Tensor:
        """Concatenation path plus attention path."""
        text, image = states
        tokens, mask, patches = text.sequence, text.mask, image.sequence
        if tokens is None or mask is None or patches is None:
            raise ValueError("cross-attention needs tokens and patches")
        from_image, _ = self.tokens_to_patches(tokens, patches, patches, need_weights=False)
        from_text, _ = self.patches_to_tokens(
            patches, tokens, tokens, key_padding_mask=~mask, need_weights=False
        )
        attended = masked_mean(from_image, mask) + from_text.mean(1)
        vectors = torch.cat([text.vector, image.vector], dim=1)
        return self.concatenated(vectors) + self.attended(attended)


class AdaptiveFusion(Fusion):
    """A gate weighs late, early and attention fusion for each post (section 6).

    All three have one size and, by layer norm, one scale, so that the weights are comparable. The
    gate starts with equal weights.
    """

    def __init__(self, sizes: list[int]) -> None:
        """``sizes``: of the modalities' vectors, which must agree."""
        super().__init__()
        (size,) = set(sizes)
        self.output_size = size
        late = LateFusion(sizes)
        self.late = late
        self.reduced = nn.Linear(late.output_size, size)
        self.early = EarlyFusion(sizes)
        self.attention = AttentionFusion(sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in ADAPTIVE_PARTS)
        self.gate = nn.Linear(late.output_size, len(ADAPTIVE_PARTS))
        nn.init.zeros_(self.gate.weight)
        nn.init.zeros_(self.gate.bias)

    def forward(self, states: list[States]) -> torch.Tensor:
        """Weighted mean of the three fusions."""
        fused = [self.reduced(self.late(states)), self.early(states), self.attention(states)]
        parts = torch.stack([norm(f) for norm, f in zip(self.norms, fused, strict=True)], dim=1)
        return (self.weights(states)[:, :, None] * parts).sum(1)

    def weights(self, states: list[States]) -> torch.Tensor:
        """``(batch, 3)``: of late, early and attention fusion; each row sums to 1."""
        return torch.softmax(self.gate(self.late(states)), dim=1)


#: Building blocks that an experiment may name as its fusion.
FUSIONS: dict[str, type[Fusion]] = {
    "late": LateFusion,
    "early": EarlyFusion,
    "attention": AttentionFusion,
    "cross_attention": CrossAttentionFusion,
    "adaptive": AdaptiveFusion,
}
