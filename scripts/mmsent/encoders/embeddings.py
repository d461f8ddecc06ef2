"""Embedding files: what a frozen encoder says of every post, computed once.

A file holds tensors whose first axis runs over the posts, and one header entry with the guids, the
content of each post and the settings that determine the embeddings. The last row, whose guid is
empty, is what the encoder says of a blank post: it stands in for a post whose text or picture is
blanked by the policy. Reading needs neither torch nor an encoder.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from mmsent.files import canonical_json, written_whole

#: The one header entry. One alone, since safetensors promises no order of several.
HEADER = "mmsent"

#: Arrays by name, the first axis of which runs over posts.
Arrays = dict[str, np.ndarray]

#: guid of the row that stands for a blank text or picture.
BLANK = ""


@dataclass(frozen=True)
class Header:
    """What an embedding file says of itself.

    Attributes
    ----------
    settings
        All that determines a row beside the post: encoder, view, packages, code.
    guids
        The posts, then the blank one.
    content
        Start of the SHA-256 of each post's file; of the blank one nothing.
    parameters
        Size of the encoder.
    """

    settings: dict[str, Any]
    guids: list[str]
    content: list[str]
    parameters: int

    def rows(self) -> dict[tuple[str, str], int]:
        """Where each post lies: a row is the same as another's if guid and content are."""
        pairs = zip(self.guids, self.content, strict=True)
        return {pair: row for row, pair in enumerate(pairs)}


def in_half(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as they are stored: those of floating-point numbers in half precision.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    stored = dict(arrays)
    for name, array in arrays.items():
        if np.issubdtype(array.dtype, np.floating):
            with np.errstate(over="ignore"):  # what overflows is refused in a moment
                stored[name] = array.astype(np.float16, copy=False)
            if not np.isfinite(stored[name]).all():
                raise ValueError(f"{name} holds values that are not finite in half precision")
    return stored


def joined_rows(
    parts: Sequence[tuple[Sequence[int], dict[str, np.ndarray]]], rows: int
) -> dict[str, np.ndarray]:
    """Arrays of all rows from those of some rows each, which say where their rows belong.

    Axes after the first are padded with zeros to the longest.
    """
    parts = [(places, arrays) for places, arrays in parts if places]
    whole: dict[str, np.ndarray] = {}
    for name, first in parts[0][1].items():
        shape = np.max([arrays[name].shape[1:] for _, arrays in parts], axis=0).astype(int)
        whole[name] = np.zeros((rows, *shape), first.dtype)
        for places, arrays in parts:
            part = arrays[name]
            place: tuple[Any, ...] = (places, *(slice(size) for size in part.shape[1:]))
            whole[name][place] = part
    return whole


def write_embeddings(path: Path, arrays: dict[str, np.ndarray], header: Header) -> None:
    """Write arrays that :func:`in_half` gave.

    Raises
    ------
    ValueError
        If an array's length differs from the number of guids.
    """
    for name, array in arrays.items():
        if len(array) != len(header.guids):
            raise ValueError(f"{name} has {len(array)} rows for {len(header.guids)} guids")
    stored = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with written_whole(path) as temporary:
        save_file(stored, temporary, metadata={HEADER: canonical_json(asdict(header))})


def read_header(path: str | Path) -> Header:
    """The header of an embedding file."""
    with safe_open(str(path), framework="numpy") as content:
        return Header(**json.loads(content.metadata()[HEADER]))


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays of an embedding file."""
    with safe_open(str(path), framework="numpy") as content:
        return {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118 (no mapping)


class Embeddings:
    """Embeddings of one file, looked up by guid."""

    def __init__(self, path: str | Path, name: str) -> None:
        """Read array ``name`` of an embedding file.

        Raises
        ------
        KeyError
            If the file has no such array.
        """
        guids = read_header(path).guids
        with safe_open(str(path), framework="numpy") as content:
            if name not in content.keys():  # noqa: SIM118 (not a mapping)
                raise KeyError(f"{path} has no array {name!r}, it has {list(content.keys())}")
            self._array: np.ndarray = content.get_tensor(name)
        self._row = {guid: row for row, guid in enumerate(guids)}
        self.path = str(path)

    def of(self, guids: Sequence[str], blanked: Sequence[bool]) -> np.ndarray:
        """Rows ``(posts, ...)`` as they are stored; of a blanked post, the blank row.

        Raises
        ------
        KeyError
            If a post that is not blanked has no embedding.
        """
        missing = [
            g for g, blank in zip(guids, blanked, strict=True) if not blank and g not in self._row
        ]
        if missing:
            raise KeyError(f"{self.path}: no embedding for {len(missing)} posts: {missing[:5]}")
        rows = [
            self._row[BLANK if blank else guid] for guid, blank in zip(guids, blanked, strict=True)
        ]
        return self._array[rows]
