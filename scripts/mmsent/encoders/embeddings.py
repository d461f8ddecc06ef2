"""Embedding files: the states of a frozen encoder for every post.

A file contains arrays whose first axis runs over the posts, and one header entry with the guids,
the content of each post and the settings that determine the embeddings. The last row, with an empty
guid, is that of a blank post: it stands in for posts whose text or image the policy blanks. Reading
needs neither torch nor an encoder.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from mmsent.files import canonical_json, written_whole

#: The only header entry: safetensors promises no order of several.
HEADER = "mmsent"

#: Arrays by name, the first axis of which runs over posts.
Arrays = dict[str, np.ndarray]

#: Numbers of rows of a file, and the arrays of these rows.
Parts = Sequence[tuple[Sequence[int], Arrays]]

#: guid of the row of a blank text or image.
BLANK = ""


@dataclass(frozen=True)
class Header:
    """The header of an embedding file.

    Attributes
    ----------
    settings
        All that determines a row beside the post: encoder, view, packages, code.
    guids
        The posts, then the blank one.
    content
        Start of the SHA-256 of each post's text or image file; empty for the blank one.
    parameters
        Size of the encoder.
    """

    settings: dict[str, Any]
    guids: list[str]
    content: list[str]
    parameters: int

    def rows(self) -> dict[tuple[str, str], int]:
        """Return the row of each post by its guid and content."""
        pairs = zip(self.guids, self.content, strict=True)
        return {pair: row for row, pair in enumerate(pairs)}


def in_half(arrays: Arrays) -> Arrays:
    """Return arrays as they are stored: floating-point numbers in half precision.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    stored = dict(arrays)
    for name, array in arrays.items():
        if np.issubdtype(array.dtype, np.floating):
            with np.errstate(over="ignore"):  # an overflow is refused below
                stored[name] = array.astype(np.float16, copy=False)
            if not np.isfinite(stored[name]).all():
                raise ValueError(f"{name} contains values that are not finite in half precision")
    return stored


def joined_rows(parts: Parts, rows: int) -> Arrays:
    """Return arrays of all rows from those of some rows each.

    Axes after the first are padded with zeros to the longest.
    """
    whole: Arrays = {}
    for name, first in parts[0][1].items():
        shape = np.max([arrays[name].shape[1:] for _, arrays in parts], axis=0).astype(int)
        whole[name] = np.zeros((rows, *shape), first.dtype)
        for numbers, arrays in parts:
            part = arrays[name]
            place: tuple[Any, ...] = (numbers, *(slice(size) for size in part.shape[1:]))
            whole[name][place] = part
    return whole


def write_embeddings(path: Path, arrays: Arrays, header: Header) -> None:
    """Write arrays of :func:`in_half`, whole or not at all."""
    stored = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with written_whole(path) as temporary:
        save_file(stored, temporary, metadata={HEADER: canonical_json(asdict(header))})


def read_header(path: str | Path) -> Header:
    """Read the header of an embedding file."""
    with safe_open(str(path), framework="numpy") as content:
        return Header(**json.loads(content.metadata()[HEADER]))


def stored_header(path: Path) -> Header | None:
    """Read the header of an embedding file; None if the file is missing, cut off or another."""
    try:
        return read_header(path)
    except (FileNotFoundError, SafetensorError, KeyError, TypeError, ValueError):
        return None


class Embeddings:
    """Embeddings of one file by guid."""

    def __init__(self, path: str | Path, name: str) -> None:
        """Read array ``name`` of an embedding file.

        Raises
        ------
        KeyError
            If the file has no such array.
        """
        arrays = load_file(path)
        if name not in arrays:
            raise KeyError(f"{path} has no array {name!r}, it has {sorted(arrays)}")
        self._array = arrays[name]
        self._row = {guid: row for row, guid in enumerate(read_header(path).guids)}
        self.path = str(path)

    def of(self, guids: Sequence[str], blanked: Sequence[bool]) -> np.ndarray:
        """Return the stored rows ``(posts, ...)``; of a blanked post, the blank row.

        Raises
        ------
        KeyError
            If a post that is not blanked has no embedding.
        """
        wanted = [BLANK if blank else guid for guid, blank in zip(guids, blanked, strict=True)]
        missing = [guid for guid in wanted if guid not in self._row]
        if missing:
            raise KeyError(f"{self.path}: no embedding for {len(missing)} posts: {missing[:5]}")
        return self._array[[self._row[guid] for guid in wanted]]
