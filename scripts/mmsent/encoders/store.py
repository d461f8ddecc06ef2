"""The store of embeddings by content: what an earlier run made is not made again.

A stored file is an embedding file like any other. It lies outside the outputs of the rules, which
Snakemake removes before it makes them anew. A row of it is used again if the settings are the same
(encoder, view, packages, code) and so are the post's guid and content. How a row is made does not
depend on the other rows (:mod:`mmsent.encoders.encode_text`, ``encode_image``), so a file in which
few posts were encoded anew has the same bytes as one that was made from nothing.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from mmsent.encoders.embeddings import (
    Header,
    in_half,
    joined_rows,
    read_arrays,
    read_header,
    write_embeddings,
)
from mmsent.encoders.passes import Arrays, Pass
from mmsent.files import written_whole

#: Arrays whose second axis is as long as the longest text, given in the other array.
_LENGTHS = {"states": "tokens"}


@dataclass(frozen=True)
class Reuse:
    """How many rows of a file were there already, were encoded now, or are still missing."""

    stored: int
    encoded: int
    missing: int = 0


def store_pass(path: Path, wanted: Pass, at_most: float = 1.0) -> Reuse:
    """Bring a stored file up to date; if more than a share of the rows are missing, leave it.

    Raises
    ------
    ConfigError
        If the encoder cannot be loaded.
    """
    header = _header_of(path, wanted)
    known = header.rows() if header else {}
    rows = list(zip(wanted.guids, wanted.content, strict=True))
    missing = [place for place, row in enumerate(rows) if row not in known]
    if len(missing) > at_most * len(rows):
        return Reuse(len(rows) - len(missing), 0, len(missing))
    if header and not missing and list(known) == rows:
        return Reuse(len(rows), 0)
    stored = read_arrays(path) if header else {}
    encoded, parameters = wanted.encode(missing) if missing else ({}, 0)
    kept = [place for place, row in enumerate(rows) if row in known]
    taken = {name: array[[known[rows[place]] for place in kept]] for name, array in stored.items()}
    parts = [(kept, taken), (missing, in_half(encoded))]
    arrays = _cut_to_longest(joined_rows(parts, len(rows)))
    size = header.parameters if header else parameters
    write_embeddings(path, arrays, Header(wanted.settings, wanted.guids, wanted.content, size))
    return Reuse(len(kept), len(missing))


def embed(out: Path, wanted: Pass, store: Path | None = None) -> Reuse:
    """Write embeddings, with the rows that the stored file has; afterwards it has all of them.

    The two files are one file on disk where the file system allows that.

    Raises
    ------
    ConfigError
        If the encoder cannot be loaded.
    """
    if store is None:
        return store_pass(out, wanted)
    reuse = store_pass(store, wanted)
    with written_whole(out) as temporary:
        temporary.unlink()
        try:
            os.link(store, temporary)
        except OSError:  # another file system, or one without links
            shutil.copyfile(store, temporary)
        os.utime(temporary)  # made now, whenever its rows were
    return reuse


def _header_of(path: Path, wanted: Pass) -> Header | None:
    """The header of a stored file, if there is one that was made with the same settings."""
    if not path.exists():
        return None
    header = read_header(path)
    return header if header.settings == wanted.settings else None


def _cut_to_longest(arrays: Arrays) -> Arrays:
    """Arrays without the padding that no text needs."""
    for name, lengths in _LENGTHS.items():
        if name in arrays:
            arrays[name] = arrays[name][:, : int(arrays[lengths].max())]
    return arrays
