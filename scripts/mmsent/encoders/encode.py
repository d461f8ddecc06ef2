"""Encoding by specification: load the encoder that settings describe, run it over an index."""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from mmsent.config.encoders import ImageEncoder, Pixels, TextEncoder
from mmsent.config.network import PIXELS
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import write_embeddings
from mmsent.encoders.passes import TextReading, encode_images, encode_texts, view_maker
from mmsent.encoders.timm_image import load_image_tower
from mmsent.encoders.towers import ImageTower, PixelTower, TextTower
from mmsent.encoders.transformers_text import load_text_tower


def encode_text_index(
    index: pd.DataFrame,
    spec: dict[str, Any],
    reading: TextReading,
    device: torch.device,
    out: Path,
) -> None:
    """Encode the texts of an index with the encoder that ``spec`` describes, and store them.

    Raises
    ------
    ConfigError
        If the encoder cannot be loaded, or has no such layers as ``reading`` asks for.
    """
    if reading.below and "clip" in spec:
        raise ConfigError("trained_layers goes with encoder 'text', not with clip")
    tower = text_tower(spec)
    tower.model.to(device)
    arrays, guids = encode_texts(tower, index, reading)
    settings = {
        "encoder": spec, "reading": asdict(reading), "parameters": _size(tower),
        "versions": _versions(), "content": _content(index),
    }  # fmt: skip
    write_embeddings(out, arrays, guids, settings)


def encode_image_index(
    index: pd.DataFrame,
    folder: Path,
    spec: dict[str, Any],
    policy: dict[str, Any] | None,
    view: int,
    seed: int,
    device: torch.device,
    out: Path,
) -> None:
    """Encode a view of the pictures of an index, and store it; no ``policy``: evaluation view.

    Raises
    ------
    ConfigError
        If the encoder cannot be loaded.
    """
    tower = image_tower(spec)
    tower.model.to(device)
    make = view_maker(policy, tower, view, seed)
    arrays, guids = encode_images(tower, index, folder, make)
    augmented = {"policy": policy, "view": view, "seed": seed} if policy else "evaluation"
    settings = {
        "encoder": spec, "view": augmented, "parameters": _size(tower), "versions": _versions(),
        "content": _content(index),
    }  # fmt: skip
    write_embeddings(out, arrays, guids, settings)


def text_tower(spec: dict[str, Any]) -> TextTower:
    """The text encoder that ``spec`` describes (``Models.specification``).

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    if "clip" in spec:
        from mmsent.encoders.clip import clip_text_tower

        return clip_text_tower(spec)
    return load_text_tower(TextEncoder(**spec["text"]))


def image_tower(spec: dict[str, Any]) -> ImageTower:
    """The image encoder that ``spec`` describes (``Models.specification``).

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    if "clip" in spec:
        from mmsent.encoders.clip import clip_image_tower

        return clip_image_tower(spec)
    if PIXELS in spec:
        pixels = Pixels(**spec[PIXELS])
        return PixelTower(nn.Identity(), pixels.size, pixels.crop_share, pixels.mean, pixels.std)
    return load_image_tower(ImageEncoder(**spec["image"]))


def _size(tower: TextTower | ImageTower) -> int:
    return sum(parameter.numel() for parameter in tower.model.parameters())


def _content(index: pd.DataFrame) -> list[str]:
    return [value[:16] for value in index["sha256"]]


def _versions() -> dict[str, str]:
    packages = ("torch", "torchvision", "transformers", "timm", "open_clip_torch", "pillow")
    return {name: version(name) for name in packages}
