"""States of open_clip's towers before their projections, whatever the towers are made of."""

from typing import Any

import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer, text_global_pool
from torch import nn


class NativeText(nn.Module):
    """The text transformer of open_clip."""

    def __init__(self, text: Any) -> None:
        """Take the parts of a text tower, or of a CLIP that holds them itself."""
        super().__init__()
        self.token_embedding: nn.Embedding = text.token_embedding
        self.positional_embedding: nn.Parameter = text.positional_embedding
        self.transformer = text.transformer
        self.ln_final = text.ln_final
        self.register_buffer("attn_mask", text.attn_mask, persistent=False)
        self.pool_type = getattr(text, "pool_type", None) or text.text_pool_type
        self.end = getattr(text, "eos_id", None) or text.text_eos_id

    def forward(self, ids: torch.Tensor, longest: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Last states of token ids.

        Parameters
        ----------
        ids
            ``(batch, context)``, padded.
        longest
            Number of own tokens of the longest text: a causal transformer need not see more.

        Returns
        -------
        states, summary
            ``(batch, tokens, dim)`` and ``(batch, dim)``.
        """
        mask: Any = self.attn_mask
        if mask is not None and self.pool_type in ("argmax", "eos"):
            ids, mask = ids[:, :longest], mask[:longest, :longest]
        states = self.token_embedding(ids) + self.positional_embedding[: ids.shape[1]]
        states = self.ln_final(self.transformer(states, attn_mask=mask))
        return states, text_global_pool(states, ids, self.pool_type, eos_token_id=self.end)

    def input_embeddings(self) -> torch.Tensor:
        """``(vocabulary, dim)``."""
        return self.token_embedding.weight


class ClassTokenText(nn.Module):
    """The text transformer of CoCa, which sums a text up in a class token behind it."""

    def __init__(self, text: Any) -> None:
        """Wrap the text tower."""
        super().__init__()
        self.text: Any = text

    def forward(self, ids: torch.Tensor, _: int) -> tuple[torch.Tensor, torch.Tensor]:
        """As :meth:`NativeText.forward`, of all positions."""
        out = self.text.forward_intermediates(
            ids, indices=1, normalize_intermediates=True, intermediates_only=True,
            output_fmt="NLC", output_extra_tokens=True,
        )  # fmt: skip
        return out["text_intermediates"][-1], out["text_intermediates_suffix"][-1][:, 0]

    def input_embeddings(self) -> torch.Tensor:
        """``(vocabulary, dim)``."""
        return self.text.token_embedding.weight


class HuggingFaceText(nn.Module):
    """A text transformer of transformers inside open_clip."""

    def __init__(self, text: Any) -> None:
        """Take the transformer and how open_clip pools its states."""
        super().__init__()
        self.transformer: Any = text.transformer
        self.pooler: nn.Module = text.pooler
        self.padding: int = text.config.pad_token_id

    def forward(self, ids: torch.Tensor, longest: int) -> tuple[torch.Tensor, torch.Tensor]:
        """As :meth:`NativeText.forward`."""
        ids = ids[:, :longest]
        mask = torch.ne(ids, self.padding).long()
        out = self.transformer(input_ids=ids, attention_mask=mask)
        return out.last_hidden_state, self.pooler(out, mask)

    def input_embeddings(self) -> torch.Tensor:
        """``(vocabulary, dim)``."""
        return self.transformer.get_input_embeddings().weight


def text_states(model: nn.Module) -> nn.Module:
    """The text side of an open_clip model without its projection."""
    text: Any = getattr(model, "text", model)
    if isinstance(text, HFTextEncoder):
        return HuggingFaceText(text)
    if getattr(text, "cls_emb", None) is not None:
        return ClassTokenText(text)
    return NativeText(text)


class ClassState(nn.Module):
    """The last state of the class token of open_clip's vision transformer."""

    def __init__(self, visual: VisionTransformer) -> None:
        """Wrap the image tower."""
        super().__init__()
        self.visual: Any = visual

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(batch, 3, size, size)`` to ``(batch, dim)``."""
        out = self.visual.forward_intermediates(
            pictures, indices=1, intermediates_only=True, output_fmt="NLC", output_extra_tokens=True
        )
        return out["image_intermediates_prefix"][-1][:, 0]


class TrunkState(nn.Module):
    """The pooled state of a timm trunk before any projection."""

    def __init__(self, trunk: nn.Module) -> None:
        """Wrap the trunk."""
        super().__init__()
        self.trunk: Any = trunk

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(batch, 3, size, size)`` to ``(batch, dim)``."""
        state = self.trunk.forward_head(self.trunk.forward_features(pictures), pre_logits=True)
        if state.ndim == 4:  # where open_clip pools behind the trunk
            return state.mean((2, 3))
        return state.mean(1) if state.ndim == 3 else state


class ResidualState(nn.Module):
    """The mean over the places of the last feature map of OpenAI's residual network."""

    def __init__(self, visual: ModifiedResNet) -> None:
        """Wrap the image tower."""
        super().__init__()
        self.visual: Any = visual

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(batch, 3, size, size)`` to ``(batch, dim)``."""
        out = self.visual.forward_intermediates(pictures, indices=1, intermediates_only=True)
        return out["image_intermediates"][-1].mean((2, 3))


def image_states(visual: Any) -> nn.Module:
    """The picture side of an open_clip model without its projection."""
    if isinstance(visual, TimmModel):
        return TrunkState(visual.trunk)
    if isinstance(visual, ModifiedResNet):
        visual.attnpool = None  # it ends in the projection
        return ResidualState(visual)
    visual.proj = None
    # A class token that nothing was trained on says nothing: then what the tower pools itself.
    pooled = visual.pool_type != "tok" or visual.attn_pool is not None
    return visual if pooled else ClassState(visual)
