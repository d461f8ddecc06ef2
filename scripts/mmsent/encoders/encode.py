"""Encoding by specification: load the encoder that settings describe, run it over an index."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mmsent.config.encoders import ClipEncoder, ImageEncoder, TextEncoder
from mmsent.encoders.embeddings import write_embeddings
from mmsent.encoders.passes import encode_images, encode_texts, view_maker
from mmsent.encoders.towers import ImageTower, TextTower, load_image_tower, load_text_tower


def encode_text_index(
    index: pd.DataFrame, spec: dict[str, Any], cleaning: str, device: torch.device, out: Path
) -> None:
    """Encode the texts of an index with the encoder that ``spec`` describes, and store them."""
    tower = _text_tower(spec)
    tower.model.to(device)
    arrays, guids = encode_texts(tower, index, cleaning)
    settings = {
        "encoder": spec, "cleaning": cleaning, "parameters": _size(tower), "versions": _versions(),
        "content": _content(index),
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
    """Encode a view of the pictures of an index, and store it; no ``policy``: evaluation view."""
    tower = _image_tower(spec)
    tower.model.to(device)
    make = view_maker(policy, tower, view, seed)
    arrays, guids = encode_images(tower, index, folder, make)
    augmented = {"policy": policy, "view": view, "seed": seed} if policy else "evaluation"
    settings = {
        "encoder": spec, "view": augmented, "parameters": _size(tower), "versions": _versions(),
        "content": _content(index),
    }  # fmt: skip
    write_embeddings(out, arrays, guids, settings)


def _text_tower(spec: dict[str, Any]) -> TextTower:
    if "clip" in spec:
        from mmsent.encoders.clip import clip_text_tower

        return clip_text_tower(*_clip_parts(spec))
    return load_text_tower(TextEncoder(**spec["text"]))


def _image_tower(spec: dict[str, Any]) -> ImageTower:
    if "clip" in spec:
        from mmsent.encoders.clip import clip_image_tower

        return clip_image_tower(*_clip_parts(spec))
    return load_image_tower(ImageEncoder(**spec["image"]))


def _clip_parts(spec: dict[str, Any]) -> tuple[ClipEncoder, TextEncoder, ImageEncoder]:
    return ClipEncoder(**spec["clip"]), TextEncoder(**spec["text"]), ImageEncoder(**spec["image"])


def _size(tower: TextTower | ImageTower) -> int:
    return sum(parameter.numel() for parameter in tower.model.parameters())


def _content(index: pd.DataFrame) -> list[str]:
    return [value[:16] for value in index["sha256"]]


def _versions() -> dict[str, str]:
    packages = ("torch", "torchvision", "transformers", "timm", "open_clip_torch", "pillow")
    return {name: version(name) for name in packages}
