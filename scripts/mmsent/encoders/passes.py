"""One pass of a frozen encoder over an index, post by post."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from tqdm import tqdm

from mmsent.data.images import BLANK_COLOUR, read_picture
from mmsent.data.text import EMPTY, clean_text
from mmsent.encoders.embeddings import BLANK
from mmsent.encoders.layers import states_below
from mmsent.encoders.text_views import augmented_text, vocabulary_of
from mmsent.encoders.towers import ImageTower, TextTower
from mmsent.encoders.views import augmented_view, evaluation_view

#: Small batches are the fastest on a CPU: activations stay in the cache.
_IMAGE_BATCH, _TEXT_BATCH = 16, 32


@dataclass(frozen=True)
class TextReading:
    """What is encoded of each text.

    Attributes
    ----------
    cleaning
        A name of :mod:`mmsent.data.text`.
    max_tokens
        Longer texts are cut off there; 0: at the encoder's own length.
    below
        0: pooled last states; otherwise the states of all tokens below so many last layers.
    policy, number, seed
        Augmentation of the cleaned text, number of the draw, and seed; no policy: as it is.
    """

    cleaning: str = "none"
    max_tokens: int = 0
    below: int = 0
    policy: dict[str, Any] | None = None
    number: int = 0
    seed: int = 0

    def texts(self, index: pd.DataFrame, tower: TextTower) -> list[str]:
        """The texts of an index as they are encoded; synonyms are the encoder's own."""
        cleaned = [clean_text(text, self.cleaning) for text in index["text"]]
        policy = self.policy
        if policy is None:
            return cleaned
        synonyms = "synonym" in policy["operations"]
        vocabulary = vocabulary_of(tower, policy["similarity"]) if synonyms else None
        return [
            augmented_text(text, policy, vocabulary, guid, self.number, self.seed)
            for text, guid in zip(cleaned, index["guid"], strict=True)
        ]


def encode_texts(
    tower: TextTower, index: pd.DataFrame, reading: TextReading
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Encode every text of the index, and after them a blank one.

    Returns
    -------
    arrays, guids
        The arrays of :meth:`TextTower.encode`, ``(posts + 1, dim)``; with ``below``, those of
        :func:`states_below`, ``states`` in half precision and padded with zeros to the longest
        text.
    """
    texts = [*reading.texts(index, tower), EMPTY]
    # Sorted by length, a batch carries little padding.
    order = np.argsort([len(text) for text in texts], kind="stable")
    parts: dict[str, list[np.ndarray]] = {}
    for rows in _batches(order, _TEXT_BATCH, "texts"):
        batch = [texts[row] for row in rows]
        if reading.below:
            encoded = states_below(tower, batch, reading.below, reading.max_tokens)
            encoded["states"] = encoded["states"].half()
        else:
            encoded = tower.encode(batch, reading.max_tokens)
        for name, tensor in encoded.items():
            parts.setdefault(name, []).append(tensor.cpu().numpy())
    return {name: _in_rows(part, order) for name, part in parts.items()}, [*index["guid"], BLANK]


def _in_rows(parts: list[np.ndarray], order: np.ndarray) -> np.ndarray:
    """Batches joined, each row back at its place; axes after the first are padded with zeros."""
    shape = np.max([part.shape[1:] for part in parts], axis=0).astype(int)
    whole = np.zeros((len(order), *shape), parts[0].dtype)
    start = 0
    for part in parts:
        rows = order[start : start + len(part)]
        place: tuple[Any, ...] = (rows, *(slice(size) for size in part.shape[1:]))
        whole[place] = part
        start += len(part)
    return whole


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
    for batch in _batches(np.arange(len(readable) + 1), _IMAGE_BATCH, "images"):
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


def _batches(order: np.ndarray, size: int, name: str) -> Iterator[np.ndarray]:
    starts = range(0, len(order), size)
    with tqdm(total=len(order), desc=name, unit="post", mininterval=2) as progress:
        for start in starts:
            batch = order[start : start + size]
            yield batch
            progress.update(len(batch))
