"""One pass of a frozen encoder over an index, post by post."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from tqdm import tqdm

from mmsent.data.images import read_picture
from mmsent.data.text import EMPTY, clean_text
from mmsent.encoders.embeddings import BLANK
from mmsent.encoders.towers import ImageTower, TextTower
from mmsent.encoders.views import augmented_view, evaluation_view

#: Colour of a blank picture.
_GREY = (128, 128, 128)

#: Small batches are the fastest on a CPU: activations stay in the cache.
_IMAGE_BATCH, _TEXT_BATCH = 16, 32


def encode_texts(
    tower: TextTower, index: pd.DataFrame, cleaning: str
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Encode every text of the index; returns arrays ``(posts + 1, dim)`` and the guids."""
    texts = [*(clean_text(text, cleaning) for text in index["text"]), EMPTY]
    # Sorted by length, a batch carries little padding.
    order = np.argsort([len(text) for text in texts], kind="stable")
    parts: dict[str, list[np.ndarray]] = {}
    for batch in _batches(order, _TEXT_BATCH, "texts"):
        for name, tensor in tower.encode([texts[i] for i in batch]).items():
            parts.setdefault(name, []).append(tensor.cpu().numpy())
    back = np.argsort(order, kind="stable")
    arrays = {name: np.concatenate(part)[back] for name, part in parts.items()}
    return arrays, [*index["guid"], BLANK]


def encode_images(
    tower: ImageTower,
    index: pd.DataFrame,
    folder: Path,
    view: Callable[[Image.Image, str], torch.Tensor],
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Encode a view of every readable picture; returns ``(posts + 1, dim)`` and the guids.

    Parameters
    ----------
    view
        Makes a view, ``(3, size, size)`` in bytes, of a picture and its file's SHA-256.
    """
    readable = index[index["problem"] == ""].reset_index(drop=True)
    blank = Image.new("RGB", (tower.size, tower.size), _GREY)
    parts = []
    for batch in _batches(np.arange(len(readable) + 1), _IMAGE_BATCH, "images"):
        views = [
            view(read_picture(folder / readable["file"][i]).rgb, readable["sha256"][i])
            if i < len(readable)
            else view(blank, "0" * 64)
            for i in batch
        ]
        parts.append(tower.encode(torch.stack(views)).cpu().numpy())
    return {"state": np.concatenate(parts)}, [*readable["guid"], BLANK]


def view_maker(
    policy: dict[str, Any] | None, tower: ImageTower, number: int, seed: int
) -> Callable[[Image.Image, str], torch.Tensor]:
    """The function that makes a view: the evaluation view, or draw ``number`` of a policy."""
    if policy is None:
        return lambda picture, _: evaluation_view(picture, tower.size, tower.crop_share)
    return lambda picture, sha256: augmented_view(picture, policy, tower.size, sha256, number, seed)


def _batches(order: np.ndarray, size: int, name: str) -> Iterator[np.ndarray]:
    starts = range(0, len(order), size)
    with tqdm(total=len(order), desc=name, unit="post", mininterval=2) as progress:
        for start in starts:
            batch = order[start : start + size]
            yield batch
            progress.update(len(batch))
