"""One pass of a frozen text encoder over an index, post by post."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mmsent.config.encoders import TextEncoder
from mmsent.config.validation import ConfigError
from mmsent.data.text import EMPTY, clean_text
from mmsent.encoders.embeddings import BLANK, write_embeddings
from mmsent.encoders.layers import states_below
from mmsent.encoders.passes import batches, made_by
from mmsent.encoders.towers import TextTower
from mmsent.encoders.transformers_text import load_text_tower

#: Small batches are the fastest on a CPU: activations stay in the cache.
_BATCH = 32


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
        # Imported here: its stop words come from scikit-learn, which takes a second.
        from mmsent.encoders.text_views import augmented_text, vocabulary_of

        synonyms = "synonym" in policy["operations"]
        vocabulary = vocabulary_of(tower, policy["similarity"]) if synonyms else None
        return [
            augmented_text(text, policy, vocabulary, guid, self.number, self.seed)
            for text, guid in zip(cleaned, index["guid"], strict=True)
        ]


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
    settings = made_by(spec, tower.model, index) | {"reading": asdict(reading)}
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
    for rows in batches(order, _BATCH, "texts"):
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
