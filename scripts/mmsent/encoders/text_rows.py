"""Rows of embeddings of texts, each computed as if by itself, to the bit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmsent.data.text import EMPTY, clean_text
from mmsent.encoders.batches import BATCH, chunks
from mmsent.encoders.device import device_for
from mmsent.encoders.embeddings import Arrays, Parts, in_half, joined_rows
from mmsent.encoders.layers import states_below
from mmsent.encoders.towers import TextTower
from mmsent.processes import in_processes
from mmsent.progress import Progress

#: Texts are padded to a multiple of this number of tokens. Matrix products of another shape may
#: add up in another order, so the shape of a batch is fixed: it is filled up with blank texts or
#: images, and the last text of a batch is blank, since a mask without padding may be left out.
_MULTIPLE = 8


def text_rows(
    tower: TextTower,
    table: pd.DataFrame,
    views: Mapping[str, dict[str, Any]],
    rows: Mapping[str, Sequence[int]],
    gpus: int,
    threads: int,
) -> dict[str, Parts]:
    """Encode views of some texts; a text that several views have in common is encoded once.

    Parameters
    ----------
    table
        Columns ``guid`` and ``text``.
    views
        Settings of each view: ``cleaning``, ``max_tokens``, ``below``, ``policy``, ``number``,
        ``seed``.
    rows
        Numbers of the rows of the table to encode, by view; the number after the last one is a
        blank text.

    Returns
    -------
    dict
        By view, in half precision, the arrays of :meth:`TextTower.encode`, ``(rows, dim)``; with
        ``below``, those of :func:`states_below`, padded with zeros to a common length.
    """
    texts = {name: _texts(tower, table, views[name], numbers) for name, numbers in rows.items()}
    shapes = {name: (views[name]["max_tokens"], views[name]["below"]) for name in texts}
    encoded: dict[str, Parts] = {}
    for shape in dict.fromkeys(shapes.values()):
        names = [name for name in texts if shapes[name] == shape]
        distinct = list(dict.fromkeys(text for name in names for text in texts[name]))
        place = {text: number for number, text in enumerate(distinct)}
        arrays = _encode_texts(tower, distinct, *shape, gpus, threads)
        for name in names:
            places = [place[text] for text in texts[name]]
            encoded[name] = [(rows[name], {key: array[places] for key, array in arrays.items()})]
    return encoded


def _texts(
    tower: TextTower, table: pd.DataFrame, view: Mapping[str, Any], rows: Sequence[int]
) -> list[str]:
    """The texts of some rows in a view; synonyms come from the vocabulary of the encoder."""
    policy, vocabulary = view["policy"], None
    if policy:
        # Its list of function words is scikit-learn's, another heavy package.
        from mmsent.encoders.text_views import augmented_text, vocabulary_of

        if "synonym" in policy["operations"]:
            vocabulary = vocabulary_of(tower, policy["similarity"])
    texts = []
    for row in rows:
        text = EMPTY if row == len(table) else clean_text(table["text"].iloc[row], view["cleaning"])
        if policy and row < len(table):
            guid = table["guid"].iloc[row]
            text = augmented_text(text, policy, vocabulary, guid, view["number"], view["seed"])
        texts.append(text)
    return texts


def _encode_texts(
    tower: TextTower, texts: list[str], max_tokens: int, below: int, gpus: int, threads: int
) -> Arrays:
    limit = tower.limit(max_tokens)
    lengths = tower.lengths(texts).clamp(max=limit).numpy()
    widths = np.minimum(-(-lengths // _MULTIPLE) * _MULTIPLE, limit)
    batches = [
        (int(width), numbers)
        for width in np.unique(widths)
        for numbers in chunks(np.flatnonzero(widths == width).tolist(), BATCH - 1)
    ]

    def encode(batch: tuple[int, list[int]]) -> Arrays:
        width, numbers = batch
        filled = [*(texts[number] for number in numbers), *[EMPTY] * (BATCH - len(numbers))]
        if below:
            states = states_below(tower, filled, below, max_tokens, width)  # type: ignore[arg-type]
        else:
            states = tower.encode(filled, max_tokens, width)
        return in_half({name: t[: len(numbers)].cpu().numpy() for name, t in states.items()})

    tower.model.to(device_for(gpus))
    parts = []
    with Progress(len(texts), "texts") as progress:
        results = in_processes(encode, batches, 1 if gpus else threads)
        for (_, numbers), arrays in zip(batches, results, strict=True):
            parts.append((numbers, arrays))
            progress.update(len(numbers))
    return joined_rows(parts, len(texts))
