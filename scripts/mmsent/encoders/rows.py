"""Rows of embeddings: texts and images through a frozen encoder, each by itself to the bit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

from mmsent.config.encoders import ImageEncoder, Pixels, TextEncoder
from mmsent.config.network import PIXELS
from mmsent.data.images import BLANK_COLOUR, read_picture
from mmsent.data.text import EMPTY, clean_text
from mmsent.encoders.device import device_for, keep_freed_memory
from mmsent.encoders.embeddings import Arrays, in_half, joined_rows
from mmsent.encoders.layers import states_below
from mmsent.encoders.processes import in_processes
from mmsent.encoders.text_views import augmented_text, vocabulary_of
from mmsent.encoders.towers import ImageTower, PixelTower, TextTower
from mmsent.encoders.transformers_text import load_text_tower
from mmsent.encoders.views import view_maker
from mmsent.progress import Progress

#: Texts are padded to a multiple of so many tokens. Matrix products of another shape may add up in
#: another order, so the shape of a batch is fixed: it is filled up with blank texts or images, and
#: the last text of a batch is blank, since a mask without padding may be left out.
_MULTIPLE = 8

#: Rows of a batch. Small ones are the fastest on a CPU: activations stay in the cache.
_BATCH, _GPU_BATCH = 16, 64


def load_tower(encoder: dict[str, Any], modality: str) -> Any:
    """Load the side of an encoder that sees a modality.

    Parameters
    ----------
    encoder
        Its settings (``Models.specification``).

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    keep_freed_memory()
    torch.set_num_threads(1)
    if "clip" in encoder:
        from mmsent.encoders.clip import clip_image_tower, clip_text_tower

        return (clip_text_tower if modality == "text" else clip_image_tower)(encoder)
    if modality == "text":
        return load_text_tower(TextEncoder(**encoder["text"]))
    if PIXELS in encoder:
        pixels = Pixels(**encoder[PIXELS])
        return PixelTower(nn.Identity(), pixels.size, pixels.crop_share, pixels.mean, pixels.std)
    from mmsent.encoders.timm_image import load_image_tower

    return load_image_tower(ImageEncoder(**encoder["image"]))


def text_rows(
    tower: TextTower,
    table: pd.DataFrame,
    views: Mapping[str, dict[str, Any]],
    rows: Mapping[str, Sequence[int]],
    gpus: int = 0,
    threads: int = 1,
) -> dict[str, Arrays]:
    """Encode views of some texts.

    A text that several views have in common is encoded once.

    Parameters
    ----------
    table
        Columns ``guid`` and ``text``.
    views
        Settings of each view: ``cleaning``, ``max_tokens``, ``below``, ``policy``, ``number``,
        ``seed``.
    rows
        Rows of the table that each view lacks; the number behind the last one is a blank text.

    Returns
    -------
    dict
        By view the arrays of :meth:`TextTower.encode`, ``(rows, dim)``; with ``below``, those of
        :func:`states_below`, in half precision and padded with zeros to a common length.
    """
    texts = {name: _texts(tower, table, views[name], own) for name, own in rows.items()}
    encoded: dict[str, Arrays] = {}
    for shape in dict.fromkeys((views[n]["max_tokens"], views[n]["below"]) for n in texts):
        names = [n for n in texts if (views[n]["max_tokens"], views[n]["below"]) == shape]
        distinct = list(dict.fromkeys(text for name in names for text in texts[name]))
        place = {text: number for number, text in enumerate(distinct)}
        arrays = _encode_texts(tower, distinct, *shape, gpus, threads)
        for name in names:
            own = [place[text] for text in texts[name]]
            encoded[name] = {key: array[own] for key, array in arrays.items()}
    return encoded


def _texts(
    tower: TextTower, table: pd.DataFrame, view: Mapping[str, Any], rows: Sequence[int]
) -> list[str]:
    """The texts of some rows as a view has them; synonyms are the encoder's own."""
    policy, vocabulary = view["policy"], None
    if policy and "synonym" in policy["operations"]:
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
        (int(width), places[start : start + _BATCH - 1].tolist())
        for width in np.unique(widths)
        for places in (np.flatnonzero(widths == width),)
        for start in range(0, len(places), _BATCH - 1)
    ]

    def encode(batch: tuple[int, list[int]]) -> Arrays:
        width, places = batch
        filled = [*(texts[place] for place in places), *[EMPTY] * (_BATCH - len(places))]
        if below:
            states = states_below(tower, filled, below, max_tokens, width)
            states["states"] = states["states"].half()
        else:
            states = tower.encode(filled, max_tokens, width)
        return {name: tensor[: len(places)].cpu().numpy() for name, tensor in states.items()}

    tower.model.to(device_for(gpus))
    parts = []
    with Progress(len(texts), "texts") as progress:
        results = in_processes(encode, batches, 1 if gpus else threads)
        for (_, places), arrays in zip(batches, results, strict=True):
            parts.append((places, arrays))
            progress.update(len(places))
    return joined_rows(parts, len(texts))


def image_rows(
    tower: ImageTower,
    table: pd.DataFrame,
    folder: Path,
    views: Mapping[str, dict[str, Any]],
    rows: Mapping[str, Sequence[int]],
    gpus: int = 0,
    threads: int = 1,
) -> dict[str, Arrays]:
    """Encode views of some readable images; each is decoded once for all of them.

    Parameters
    ----------
    table
        Columns ``file`` and ``sha256``.
    views
        Settings of each view: ``policy``, ``number``, ``seed``.
    rows
        Rows of the table that each view lacks; the number behind the last one is a blank image.

    Returns
    -------
    dict
        By view one array: ``state``, ``(rows, dim)`` in half precision, or ``pixels``,
        ``(rows, 3, size, size)`` in bytes.
    """
    makers = {name: view_maker(tower, **views[name]) for name in rows}
    lacking = {name: set(own) for name, own in rows.items()}
    names, hashes = table["file"].tolist(), table["sha256"].tolist()
    blank_image = Image.new("RGB", (tower.size, tower.size), BLANK_COLOUR)
    blanks = {name: make(blank_image, "0" * 64) for name, make in makers.items()}
    every = sorted(set().union(*lacking.values()))
    size = _GPU_BATCH if gpus else _BATCH
    batches = [every[start : start + size] for start in range(0, len(every), size)]

    def views_of(batch: list[int]) -> dict[str, tuple[list[int], torch.Tensor]]:
        """Of each view, the rows of a batch that it lacks, and the batch filled up."""
        parts: dict[str, tuple[list[int], list[torch.Tensor]]] = {n: ([], []) for n in makers}
        for row in batch:
            is_blank = row == len(names)
            image = None if is_blank else read_picture(folder / names[row]).rgb
            for name, make in makers.items():
                if row in lacking[name]:
                    parts[name][0].append(row)
                    made = blanks[name] if image is None else make(image, hashes[row])
                    parts[name][1].append(made)
        return {
            name: (own, torch.stack([*made, *[blanks[name]] * (size - len(made))]))
            for name, (own, made) in parts.items()
            if own
        }

    def encode(batch: dict[str, tuple[list[int], torch.Tensor]]) -> dict[str, Any]:
        return {
            name: (own, in_half({tower.output: tower.encode(made)[: len(own)].cpu().numpy()}))
            for name, (own, made) in batch.items()
        }

    encoded: dict[str, list[tuple[Sequence[int], Arrays]]] = {name: [] for name in rows}
    place = {name: {row: number for number, row in enumerate(own)} for name, own in rows.items()}
    with Progress(len(every), "images") as progress:
        if gpus:
            results = in_processes(views_of, batches, threads)
            first = next(results)  # the processes fork before CUDA starts
            tower.model.to(device_for(gpus))
            results = map(encode, (first, *results))
        else:
            results = in_processes(lambda batch: encode(views_of(batch)), batches, threads)
        for batch, parts in zip(batches, results, strict=True):
            for name, (own, arrays) in parts.items():
                encoded[name].append(([place[name][row] for row in own], arrays))
            progress.update(len(batch))
    return {name: joined_rows(parts, len(rows[name])) for name, parts in encoded.items()}
