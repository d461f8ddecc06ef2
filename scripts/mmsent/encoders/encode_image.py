"""Pictures through a frozen encoder, so that the row of each depends on its own post alone."""

import functools
import json
from collections.abc import Callable, Sequence
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
from mmsent.encoders.device import device_for, keep_freed_memory
from mmsent.encoders.towers import ImageTower, PixelTower
from mmsent.encoders.views import augmented_view, evaluation_view
from mmsent.progress import Progress

#: Small batches are the fastest on a CPU: activations stay in the cache. Always of this size,
#: filled up with blank pictures: the states of a picture would depend on how many others there are.
_BATCH = 16


@functools.lru_cache(maxsize=1)
def image_tower_on(spec: str, gpus: int) -> ImageTower:
    """The image encoder that ``spec`` describes, as JSON, on the device of this job.

    Raises
    ------
    ConfigError
        If it cannot be loaded.
    """
    keep_freed_memory()
    tower = image_tower(json.loads(spec))
    tower.model.to(device_for(gpus))
    return tower


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
    rows: Sequence[int],
    folder: Path,
    view: Callable[[Image.Image, str], torch.Tensor],
) -> dict[str, np.ndarray]:
    """Encode a view of some readable pictures of an index.

    Parameters
    ----------
    rows
        Numbers of rows of the index; the number behind the last one is a blank picture.
    view
        Makes a view, ``(3, size, size)`` in bytes, of a picture and its file's SHA-256.

    Returns
    -------
    dict
        One array: ``state``, ``(rows, dim)``, or ``pixels``, ``(rows, 3, size, size)`` in bytes.
    """
    blank = view(Image.new("RGB", (tower.size, tower.size), BLANK_COLOUR), "0" * 64)

    def view_of(row: int) -> torch.Tensor:
        if row == len(index):
            return blank
        picture = read_picture(folder / index["file"].iloc[row]).rgb
        return view(picture, index["sha256"].iloc[row])

    parts = []
    with Progress(len(rows), "images") as progress:
        for start in range(0, len(rows), _BATCH):
            views = [view_of(row) for row in rows[start : start + _BATCH]]
            filled = torch.stack([*views, *[blank] * (_BATCH - len(views))])
            parts.append(tower.encode(filled)[: len(views)].cpu().numpy())
            progress.update(len(views))
    return {tower.output: np.concatenate(parts)}


def view_maker(
    policy: dict[str, Any] | None, tower: ImageTower, number: int, seed: int
) -> Callable[[Image.Image, str], torch.Tensor]:
    """The function that makes a view: the evaluation view, or draw ``number`` of a policy."""
    if policy is None:
        return lambda picture, _: evaluation_view(picture, tower.size, tower.crop_share)
    return lambda picture, sha256: augmented_view(picture, policy, tower.size, sha256, number, seed)
