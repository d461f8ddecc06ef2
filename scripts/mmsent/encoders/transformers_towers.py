"""Encoders of transformers: BERT, RoBERTa, DeBERTa of any version, both encoders of CLIP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from transformers import AutoModel, CLIPModel

from mmsent.config.encoders import TextEncoder, TransformersClip, Weights
from mmsent.encoders.checkpoints import load_model, load_tokenizer
from mmsent.encoders.towers import ImageTower, TextTower, masked_mean
from mmsent.encoders.weights import WeightsError, checkpoint_folder


@dataclass(frozen=True)
class TransformersTower(TextTower):
    """A text encoder of transformers.

    ``summary`` is the token that summarises a text: the first in BERT and its variants, the last
    in CLIP.
    """

    summary: Literal["first", "last"] = "first"

    @torch.inference_mode()
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts, see :meth:`TextTower.encode`."""
        tokens = self.tokens(texts, max_tokens, width)
        mask = tokens["attention_mask"]
        states = self.model(**tokens).last_hidden_state
        last = mask.sum(1) - 1 if self.summary == "last" else torch.zeros_like(mask[:, 0])
        return {
            "mean": masked_mean(states, mask),
            "first": states[:, 0],
            "summary": states[torch.arange(len(states), device=states.device), last],
            "length": self.lengths(texts),
        }

    def tokens(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Return the model's inputs, each ``(batch, tokens)``, padded on the right."""
        tokens = self.tokenizer(
            list(texts),
            padding="max_length" if width else True,
            truncation=True,
            max_length=width or self.limit(max_tokens),
            return_attention_mask=True,
            return_tensors="pt",
        )
        return dict(tokens.to(self.device))


class ClassState(nn.Module):
    """The last state of the class token of CLIP's vision transformer."""

    def __init__(self, vision_model: nn.Module) -> None:
        """Wrap a vision transformer."""
        super().__init__()
        self.vision_model = vision_model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """``(batch, 3, size, size)`` to ``(batch, dim)``."""
        return self.vision_model(pixel_values=images).last_hidden_state[:, 0]


def load_text_tower(spec: TextEncoder | TransformersClip) -> TransformersTower:
    """Load a text encoder and its tokenizer.

    Raises
    ------
    WeightsError
        If the weights are missing, not those that ``spec`` names, or incomplete.
    """
    folder = checkpoint_folder(spec)
    model: Any = load_model(AutoModel, folder)
    is_clip = isinstance(spec, TransformersClip)
    if is_clip:
        model = _clip(model, spec).text_model
    positions = getattr(model.config, "max_position_embeddings", spec.max_length)
    if spec.max_length > positions:
        raise WeightsError(
            f"{spec.source}: max_length is {spec.max_length}, it has {positions} positions"
        )
    tokenizer = load_tokenizer(folder)
    return TransformersTower(model, tokenizer, spec.max_length, "last" if is_clip else "first")


def load_clip_image_tower(spec: TransformersClip) -> ImageTower:
    """Load the image encoder of a CLIP, with the transform of its processor.

    Raises
    ------
    WeightsError
        If the weights are missing, not those that ``spec`` names, or not a CLIP's.
    """
    from transformers import CLIPImageProcessor  # with torchvision, twice the time of the text's

    folder = checkpoint_folder(spec)
    model = _clip(load_model(AutoModel, folder), spec).vision_model
    try:
        processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: no preprocessor_config.json can be read: {error}") from error
    size = model.config.image_size
    shorter = processor.size.get("shortest_edge") or size
    mean, std = processor.image_mean, processor.image_std
    return ImageTower(ClassState(model), size, min(1.0, size / shorter), mean, std)


def load_clip(spec: TransformersClip) -> Any:
    """Load a whole CLIP, with its projections into the joint space.

    Raises
    ------
    WeightsError
        If the weights are missing, not those that ``spec`` names, or not a CLIP's.
    """
    return _clip(load_model(AutoModel, checkpoint_folder(spec)), spec)


def _clip(model: nn.Module, spec: Weights) -> Any:
    if not isinstance(model, CLIPModel):
        raise WeightsError(f"{spec.source}: a {type(model).__name__}, not a CLIPModel")
    return model
