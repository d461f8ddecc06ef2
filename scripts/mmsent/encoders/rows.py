"""Rows of embeddings: texts and images through a frozen encoder, each by itself to the bit."""

import itertools
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from mmsent.data.images import BLANK_COLOUR, read_image
from mmsent.data.text import EMPTY, clean_text
from mmsent.encoders.device import device_for
from mmsent.encoders.embeddings import Arrays, Parts, in_half, joined_rows
from mmsent.encoders.layers import states_below
from mmsent.encoders.text_views import augmented_text, vocabulary_of
from mmsent.encoders.towers import ImageTower, TextTower
from mmsent.encoders.views import view_maker
from mmsent.progress import Progress

#: Texts are padded to a multiple of this number of tokens. Matrix products of another shape may
#: add up in another order, so the shape of a batch is fixed: it is filled up with blank texts or
#: images, and the last text of a batch is blank, since a mask without padding may be left out.
_MULTIPLE = 8

#: Rows of a batch. Small ones are the fastest on a CPU: activations stay in the cache.
_BATCH, _GPU_BATCH = 16, 64


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
        (int(width), numbers)
        for width in np.unique(widths)
        for numbers in _chunks(np.flatnonzero(widths == width).tolist(), _BATCH - 1)
    ]

    def encode(batch: tuple[int, list[int]]) -> Arrays:
        width, numbers = batch
        filled = [*(texts[number] for number in numbers), *[EMPTY] * (_BATCH - len(numbers))]
        if below:
            states = states_below(tower, filled, below, max_tokens, width)  # type: ignore[arg-type]
        else:
            states = tower.encode(filled, max_tokens, width)
        return in_half({name: t[: len(numbers)].cpu().numpy() for name, t in states.items()})

    tower.model.to(device_for(gpus))
    parts = []
    with Progress(len(texts), "texts") as progress:
        results = _in_processes(encode, batches, 1 if gpus else threads)
        for (_, numbers), arrays in zip(batches, results, strict=True):
            parts.append((numbers, arrays))
            progress.update(len(numbers))
    return joined_rows(parts, len(texts))


def image_rows(
    tower: ImageTower,
    table: pd.DataFrame,
    folder: Path,
    views: Mapping[str, dict[str, Any]],
    rows: Mapping[str, Sequence[int]],
    gpus: int,
    threads: int,
) -> dict[str, Parts]:
    """Encode views of some readable images; each is decoded once for all of them.

    Parameters
    ----------
    table
        Columns ``file`` and ``sha256``.
    views
        Settings of each view: ``policy``, ``number``, ``seed``.
    rows
        Numbers of the rows of the table to encode, by view; the number after the last one is a
        blank image.

    Returns
    -------
    dict
        By view one array: ``state``, ``(rows, dim)`` in half precision, or ``pixels``,
        ``(rows, 3, size, size)`` in bytes.
    """
    makers = {name: view_maker(tower, **views[name]) for name in rows}
    blank = Image.new("RGB", (tower.size, tower.size), BLANK_COLOUR)
    blank_views = {name: make(blank, "0" * 64) for name, make in makers.items()}
    size = _GPU_BATCH if gpus else _BATCH
    batches = _image_batches(rows, size)

    def make_views(batch: tuple[tuple[str, ...], list[int]]) -> dict[str, torch.Tensor]:
        """The images of a batch in each of its views, ``(size, 3, side, side)``, filled up."""
        names, numbers = batch
        made: dict[str, list[torch.Tensor]] = {name: [] for name in names}
        for number in numbers:
            image, sha256 = blank, "0" * 64
            if number < len(table):
                image = read_image(folder / table["file"][number]).rgb
                sha256 = table["sha256"][number]
            for name in names:
                made[name].append(makers[name](image, sha256))
        filling = size - len(numbers)
        return {n: torch.stack([*some, *[blank_views[n]] * filling]) for n, some in made.items()}

    def encode(made: dict[str, torch.Tensor]) -> dict[str, Arrays]:
        return {
            name: in_half({tower.output: tower.encode(images).cpu().numpy()})
            for name, images in made.items()
        }

    encoded: dict[str, list[tuple[Sequence[int], Arrays]]] = {name: [] for name in rows}
    with Progress(sum(len(numbers) for _, numbers in batches), "images") as progress:
        if gpus:
            made = _in_processes(make_views, batches, threads)
            first = next(made)  # the processes fork before CUDA starts
            tower = tower.on(device_for(gpus), size)
            results: Iterator[dict[str, Arrays]] = map(encode, itertools.chain([first], made))
        else:
            tower = tower.on(device_for(gpus), size)
            results = _in_processes(lambda batch: encode(make_views(batch)), batches, threads)
        for (names, numbers), arrays in zip(batches, results, strict=True):
            for name in names:
                part = {key: array[: len(numbers)] for key, array in arrays[name].items()}
                encoded[name].append((numbers, part))
            progress.update(len(numbers))
    return dict(encoded)


def _image_batches(
    rows: Mapping[str, Sequence[int]], size: int
) -> list[tuple[tuple[str, ...], list[int]]]:
    """Names of views, and numbers of at most ``size`` rows that exactly these views lack."""
    lacking: dict[int, list[str]] = {}
    for name, numbers in rows.items():
        for number in numbers:
            lacking.setdefault(number, []).append(name)
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, names in lacking.items():
        groups.setdefault(tuple(names), []).append(number)
    return [(names, part) for names, numbers in groups.items() for part in _chunks(numbers, size)]


def _chunks(numbers: list[int], size: int) -> list[list[int]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def _in_processes(work: Callable[[Any], Any], tasks: Iterable[Any], number: int) -> Iterator[Any]:
    """Yield the results of ``work`` on each task in order, computed by ``number`` processes.

    The processes are forks: they share all that is loaded, and no threads may run. A task and its
    result are small beside the work.
    """
    if number <= 1:
        yield from map(work, tasks)
        return
    with multiprocessing.get_context("fork").Pool(number, _set_work, (work,)) as pool:
        yield from pool.imap(_call, tasks)


_work: Callable[[Any], Any]


def _set_work(work: Callable[[Any], Any]) -> None:
    global _work  # noqa: PLW0603  a closure cannot be sent with each task
    _work = work


def _call(task: Any) -> Any:
    return _work(task)
