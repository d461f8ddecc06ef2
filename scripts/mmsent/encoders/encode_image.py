"""One pass of a frozen image encoder over an index, post by post."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

from mmsent.config.encoders import ImageEncoder, Pixels
from mmsent.config.network import PIXELS
from mmsent.data.images import BLANK_COLOUR, read_picture
from mmsent.encoders.embeddings import BLANK, write_embeddings
from mmsent.encoders.passes import batches, made_by
from mmsent.encoders.towers import ImageTower, PixelTower
from mmsent.encoders.views import augmented_view, evaluation_view

#: Small batches are the fastest on a CPU: activations stay in the cache.
_BATCH = 16


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
    settings = made_by(spec, tower.model, index) | {"view": augmented}
    write_embeddings(out, arrays, guids, settings)


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
    from mmsent.encoders.timm_image import load_image_tower

    return load_image_tower(ImageEncoder(**spec["image"]))


def encode_images(
    tower: ImageTower,
    index: pd.DataFrame,
    folder: Path,
    view: Callable[[Image.Image, str], torch.Tensor],
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Encode a view of every readable picture, and after them a blank one.

    Parameters
    ----------
    view
        Makes a view, ``(3, size, size)`` in bytes, of a picture and its file's SHA-256.

    Returns
    -------
    arrays, guids
        One array: ``state``, ``(posts + 1, dim)``, or ``pixels``, ``(posts + 1, 3, size, size)`` in
        bytes.
    """
    readable = index[index["problem"] == ""].reset_index(drop=True)
    blank = Image.new("RGB", (tower.size, tower.size), BLANK_COLOUR)
    parts = []
    for batch in batches(np.arange(len(readable) + 1), _BATCH, "images"):
        views = [
            view(read_picture(folder / readable["file"][i]).rgb, readable["sha256"][i])
            if i < len(readable)
            else view(blank, "0" * 64)
            for i in batch
        ]
        parts.append(tower.encode(torch.stack(views)).cpu().numpy())
    return {tower.output: np.concatenate(parts)}, [*readable["guid"], BLANK]


def view_maker(
    policy: dict[str, Any] | None, tower: ImageTower, number: int, seed: int
) -> Callable[[Image.Image, str], torch.Tensor]:
    """The function that makes a view: the evaluation view, or draw ``number`` of a policy."""
    if policy is None:
        return lambda picture, _: evaluation_view(picture, tower.size, tower.crop_share)
    return lambda picture, sha256: augmented_view(picture, policy, tower.size, sha256, number, seed)
