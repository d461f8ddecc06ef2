"""Texts through a frozen encoder, so that the row of each depends on its own post alone."""

import functools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmsent.config.encoders import TextEncoder
from mmsent.data.text import EMPTY
from mmsent.encoders.device import device_for, keep_freed_memory
from mmsent.encoders.embeddings import joined_rows
from mmsent.encoders.layers import states_below
from mmsent.encoders.reading import TextReading
from mmsent.encoders.towers import TextTower
from mmsent.encoders.transformers_text import load_text_tower
from mmsent.progress import Progress

#: Texts are padded to a multiple of so many tokens, and lie in batches of so many, the last of
#: which is blank. Matrix products of another shape may add up in another order, and a mask without
#: padding is left out: so fixed, a text's states are the same to the bit in any company.
_MULTIPLE, _BATCH = 8, 16


@functools.lru_cache(maxsize=1)
def text_tower_on(spec: str, gpus: int) -> TextTower:
    """The text encoder that ``spec`` describes, as JSON, on the device of this job.

    Raises
    ------
    ConfigError
        If it cannot be loaded.
    """
    keep_freed_memory()
    tower = text_tower(json.loads(spec))
    tower.model.to(device_for(gpus))
    return tower


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
    tower: TextTower, index: pd.DataFrame, rows: Sequence[int], reading: TextReading
) -> dict[str, np.ndarray]:
    """Encode some texts of an index.

    Parameters
    ----------
    rows
        Numbers of rows of the index; the number behind the last one is a blank text.

    Returns
    -------
    dict
        The arrays of :meth:`TextTower.encode`, ``(rows, dim)``; with ``below``, those of
        :func:`states_below`, ``states`` in half precision and padded with zeros to a common length.
    """
    posts = [row for row in rows if row < len(index)]
    read = dict(zip(posts, reading.texts(index.iloc[posts], tower), strict=True))
    texts = [read.get(row, EMPTY) for row in rows]
    lengths = tower.lengths(texts).clamp(max=tower.limit(reading.max_tokens)).numpy()
    widths = np.minimum(-(-lengths // _MULTIPLE) * _MULTIPLE, tower.limit(reading.max_tokens))
    parts = []
    for places in _batches(widths):
        batch = [texts[place] for place in places]
        filled = [*batch, *[EMPTY] * (_BATCH - len(batch))]
        width = int(widths[places[0]])
        if reading.below:
            encoded = states_below(tower, filled, reading.below, reading.max_tokens, width)
            encoded["states"] = encoded["states"].half()
        else:
            encoded = tower.encode(filled, reading.max_tokens, width)
        own = {name: tensor[: len(batch)].cpu().numpy() for name, tensor in encoded.items()}
        parts.append((places.tolist(), own))
    return joined_rows(parts, len(texts))


def _batches(widths: np.ndarray) -> Iterator[np.ndarray]:
    """Places of texts of one width, as many as a batch holds beside its blank one."""
    with Progress(len(widths), "texts") as progress:
        for width in np.unique(widths):
            places = np.flatnonzero(widths == width)
            for start in range(0, len(places), _BATCH - 1):
                batch = places[start : start + _BATCH - 1]
                yield batch
                progress.update(len(batch))
