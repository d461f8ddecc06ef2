"""CLIP of whichever kind, and the open_clip model made of the towers of the models file."""

import json
import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import open_clip
from open_clip import CustomTextCLIP
from open_clip.hf_configs import arch_dict
from torch import nn

from mmsent.config.encoders import (
    ImageEncoder,
    OpenClip,
    TextEncoder,
    TwoTowers,
    clip_encoder,
)
from mmsent.encoders.checkpoints import checkpoint_folder
from mmsent.encoders.clip_open import load_open_image, load_open_text
from mmsent.encoders.clip_transformers import load_transformers_image, load_transformers_text
from mmsent.encoders.timm_image import load_image_tower
from mmsent.encoders.towers import ImageTower, TextTower, frozen
from mmsent.encoders.transformers_text import TransformersTower, load_text_tower
from mmsent.encoders.weights import WeightsError


def clip_text_tower(spec: dict[str, Any]) -> TextTower:
    """The text side of CLIP, before its projection.

    Parameters
    ----------
    spec
        The settings of ``clip``, and of the two towers if it is made of them.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, TwoTowers):
        text, image = _towers(spec)
        tower = load_text_tower(text)
        model = _joined(clip, text, image, tower, load_image_tower(image))
        return replace(tower, model=model.text.transformer)
    return load_open_text(clip) if isinstance(clip, OpenClip) else load_transformers_text(clip)


def clip_image_tower(spec: dict[str, Any]) -> ImageTower:
    """The picture side of CLIP, before its projection; ``spec`` as for the text.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, TwoTowers):
        text, image = _towers(spec)
        tower = load_image_tower(image)
        model = _joined(clip, text, image, load_text_tower(text), tower)
        return replace(tower, model=model.visual.trunk)
    return load_open_image(clip) if isinstance(clip, OpenClip) else load_transformers_image(clip)


def load_two_towers(clip: TwoTowers, text: TextEncoder, image: ImageEncoder) -> CustomTextCLIP:
    """An open_clip model made of two pretrained towers, frozen.

    The projections into the joint space are untrained: nothing reads them.

    Raises
    ------
    WeightsError
        If a tower's weights are missing, not the ones named, or do not fit.
    """
    return _joined(clip, text, image, load_text_tower(text), load_image_tower(image))


def _towers(spec: dict[str, Any]) -> tuple[TextEncoder, ImageEncoder]:
    return TextEncoder(**spec["text"]), ImageEncoder(**spec["image"])


def _joined(
    clip: TwoTowers,
    text: TextEncoder,
    image: ImageEncoder,
    text_tower: TransformersTower,
    image_tower: ImageTower,
) -> CustomTextCLIP:
    """open_clip builds the model from its own configuration, then the towers' weights go in."""
    kind = text_tower.model.config.model_type  # type: ignore[union-attr]
    if kind not in arch_dict:
        raise WeightsError(
            f"open_clip makes no text tower of a model of type {kind!r}, but of "
            f"{', '.join(arch_dict)}; name another kind of clip in the models file"
        )
    folder = str(checkpoint_folder(text))
    configuration = {
        "embed_dim": clip.embedding_size,
        "vision_cfg": {
            "timm_model_name": image.architecture,
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": image.size,
        },
        "text_cfg": {
            "hf_model_name": folder,
            "hf_tokenizer_name": folder,
            "hf_model_pretrained": False,
            "hf_proj_type": "linear",
            "hf_pooler_type": "mean_pooler",
            "context_length": text.max_length,
        },
    }
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "two_towers.json"
        path.write_text(json.dumps(configuration), encoding="utf-8")
        open_clip.add_model_config(path)
    # open_clip warns that the model has no weights yet: they come in the next two lines.
    logging.disable(logging.WARNING)
    try:
        model = open_clip.create_model(
            "two_towers", pretrained=None, load_weights=False, pretrained_text=False
        )
    finally:
        logging.disable(logging.NOTSET)
    _copy(text_tower.model, model.text.transformer)
    _copy(image_tower.model, model.visual.trunk)
    return frozen(model)


def _copy(source: nn.Module, target: nn.Module) -> None:
    # Not strict: a tower may lack the pooling layer that the stand-alone encoder carries unused.
    result = target.load_state_dict(source.state_dict(), strict=False)
    if result.missing_keys:
        raise WeightsError(f"the tower's weights lack {', '.join(result.missing_keys[:5])}")
