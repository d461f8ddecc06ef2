"""Rows of embeddings of images, each computed as if by itself, to the bit."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from PIL import Image

from mmsent.data.images import BLANK_COLOUR, read_image
from mmsent.encoders.batches import BATCH, GPU_BATCH, chunks
from mmsent.encoders.device import device_for
from mmsent.encoders.embeddings import Arrays, Parts, in_half
from mmsent.encoders.towers import ImageTower
from mmsent.encoders.views import view_maker
from mmsent.processes import in_processes
from mmsent.progress import Progress


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
    size = GPU_BATCH if gpus else BATCH
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
            made = in_processes(make_views, batches, threads)
            first = next(made)  # the processes fork before CUDA starts
            tower = tower.on(device_for(gpus), size)
            results: Iterator[dict[str, Arrays]] = map(encode, itertools.chain([first], made))
        else:
            tower = tower.on(device_for(gpus), size)
            results = in_processes(lambda batch: encode(make_views(batch)), batches, threads)
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
    return [(names, part) for names, numbers in groups.items() for part in chunks(numbers, size)]
