"""The towers of a CLIP model of transformers, before their projections into the joint space."""

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, CLIPImageProcessor, CLIPModel

from mmsent.config.encoders import TransformersClip
from mmsent.encoders.checkpoints import OPTIONS, checkpoint_folder, load_model, load_tokenizer
from mmsent.encoders.towers import ImageTower
from mmsent.encoders.transformers_text import TransformersTower, check_positions
from mmsent.encoders.weights import WeightsError


class ClassState(nn.Module):
    """The last state of a picture's class token."""

    def __init__(self, vision_model: nn.Module) -> None:
        """Wrap CLIP's vision transformer."""
        super().__init__()
        self.vision_model = vision_model

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """``(batch, 3, size, size)`` to ``(batch, dim)``."""
        return self.vision_model(pixel_values=pictures).last_hidden_state[:, 0]


def load_transformers_text(clip: TransformersClip) -> TransformersTower:
    """The text side of a CLIP of transformers; the last token, end-of-text, sums a text up.

    Raises
    ------
    WeightsError
        If the weights are missing, not the ones that ``clip`` names, or no CLIP's.
    """
    folder, model = _model(clip)
    check_positions(model.text_model, clip.max_length, clip.source)
    return TransformersTower(model.text_model, load_tokenizer(folder), clip.max_length, "last")


def load_transformers_image(clip: TransformersClip) -> ImageTower:
    """The picture side of a CLIP of transformers, with the transform of its processor.

    Raises
    ------
    WeightsError
        If the weights are missing, not the ones that ``clip`` names, or no CLIP's.
    """
    folder, model = _model(clip)
    try:
        processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder}: no preprocessor_config.json can be read: {error}") from error
    size: int = model.config.vision_config.image_size
    shorter = processor.size.get("shortest_edge") or size
    return ImageTower(
        ClassState(model.vision_model), size, min(1.0, size / shorter),
        list(processor.image_mean), list(processor.image_std),
    )  # fmt: skip


def _model(clip: TransformersClip) -> tuple[Path, Any]:
    folder = checkpoint_folder(clip)
    try:
        kind = AutoConfig.from_pretrained(folder, **OPTIONS).model_type
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{folder}: no settings can be loaded: {error}") from error
    if kind != "clip":
        raise WeightsError(f"{clip.source}: a model of type {kind!r}, not 'clip'")
    return folder, load_model(CLIPModel, folder)
