"""Encoding jobs: all views of one modality of the posts by one frozen encoder.

What the store of an earlier run has is not computed again. Everything is arranged so that the row
of a post depends on its text or image alone, to the bit: not on the other posts, the number of
processes, or what was stored. A file in which few posts were encoded anew has therefore the same
bytes as one that was made from nothing.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mmsent.config.network import PIXELS
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import (
    BLANK,
    Arrays,
    Header,
    in_half,
    joined_rows,
    read_arrays,
    read_header,
    write_embeddings,
)
from mmsent.encoders.posts import Posts
from mmsent.files import canonical_json, written_whole
from mmsent.sources import code_hash

#: What turns a text or an image into an encoder's input, and what computes.
_PACKAGES = ("torch", "torchvision", "transformers", "tokenizers", "timm", "open_clip_torch",
             "pillow", "emoji", "scikit-learn")  # fmt: skip

#: Arrays whose second axis is as long as the longest text, whose length is in the other array.
_LENGTHS = {"states": "tokens"}


@dataclass(frozen=True)
class Reuse:
    """How many rows of a file were stored already, and how many were encoded now."""

    stored: int
    encoded: int


class _File:
    """The stored file of a view, and which of its rows are to be encoded."""

    def __init__(self, path: Path, settings: dict[str, Any], rows: list[tuple[str, str]]) -> None:
        header = read_header(path) if path.exists() else None
        self.path, self.settings, self.rows = path, settings, rows
        self.header = header if header and header.settings == settings else None
        self.known = self.header.rows() if self.header else {}
        self.missing = [place for place, row in enumerate(rows) if row not in self.known]

    @property
    def is_current(self) -> bool:
        """Whether the file has exactly these rows, in this order."""
        return not self.missing and list(self.known) == self.rows

    def update(self, encoded: Arrays, parameters: int) -> None:
        """Write the file with the rows that it has and those that were encoded."""
        stored = read_arrays(self.path) if self.header else {}
        kept = [place for place, row in enumerate(self.rows) if row in self.known]
        numbers = [self.known[self.rows[place]] for place in kept]
        parts = [
            (kept, {name: array[numbers] for name, array in stored.items()}),
            (self.missing, in_half(encoded)),
        ]
        arrays = joined_rows(parts, len(self.rows))
        for name, lengths in _LENGTHS.items():
            if name in arrays:
                arrays[name] = arrays[name][:, : int(arrays[lengths].max())]
        guids, content = map(list, zip(*self.rows, strict=True))
        size = self.header.parameters if self.header else parameters
        write_embeddings(self.path, arrays, Header(self.settings, guids, content, size))


def encode_views(
    posts: Posts,
    encoder: dict[str, Any],
    modality: str,
    views: Mapping[str, dict[str, Any]],
    outputs: Mapping[str, Path],
    store: Mapping[str, Path] | None = None,
    images: Path = Path(),
    gpus: int = 0,
    threads: int = 1,
) -> dict[str, Reuse]:
    """Write the embeddings of some views, and keep them in the store.

    Parameters
    ----------
    encoder
        Its settings (``Models.specification``).
    modality
        ``text`` or ``image``.
    views, outputs, store
        Settings (:class:`mmsent.plan.views.View`), file to write and file of the store of each
        view. An output is the stored file itself where the file system has links.
    images
        Folder of the images.
    threads
        Processes that encode side by side on a CPU, or decode images for a GPU.

    Raises
    ------
    ConfigError
        If the encoder cannot be loaded, or has no such layers as a view asks for.
    """
    if "clip" in encoder and any(view.get("below") for view in views.values()):
        raise ConfigError("trained_layers goes with encoder 'text', not with clip")
    rows = [*zip(posts.guids, (value[:16] for value in posts.hashes), strict=True), (BLANK, "")]
    kept = store or outputs
    files = {n: _File(kept[n], _settings(encoder, view, gpus), rows) for n, view in views.items()}
    missing = {name: file.missing for name, file in files.items() if file.missing}
    encoded: dict[str, dict[str, np.ndarray]] = {}
    size = 0
    if missing:
        wanted = {name: views[name] for name in missing}
        encoded, size = _encode(posts, encoder, modality, wanted, missing, images, gpus, threads)
    for name, file in files.items():
        if not file.is_current:
            file.update(encoded.pop(name, {}), size)
        if store:
            _link(file.path, outputs[name])
    return {n: Reuse(len(rows) - len(file.missing), len(file.missing)) for n, file in files.items()}


def _settings(encoder: dict[str, Any], view: dict[str, Any], gpus: int) -> dict[str, Any]:
    """All that determines a row beside the post."""
    settings = {
        "encoder": encoder,
        "view": view,
        "versions": {name: version(name) for name in _PACKAGES},
        "code": code_hash("encode"),
        "gpu": gpus > 0 and PIXELS not in encoder,  # pixels are only decoded
    }
    return json.loads(canonical_json(settings))  # as they are read from a file


def _encode(
    posts: Posts,
    encoder: dict[str, Any],
    modality: str,
    views: Mapping[str, dict[str, Any]],
    missing: Mapping[str, Sequence[int]],
    images: Path,
    gpus: int,
    threads: int,
) -> tuple[dict[str, Arrays], int]:
    # Imported here: a job that has every post in the store needs no torch.
    from mmsent.encoders.rows import image_rows, load_tower, text_rows

    tower = load_tower(encoder, modality)
    table = posts.table()
    if modality == "text":
        return text_rows(tower, table, views, missing, gpus, threads), tower.parameters
    return image_rows(tower, table, images, views, missing, gpus, threads), tower.parameters


def _link(stored: Path, out: Path) -> None:
    with written_whole(out) as temporary:
        temporary.unlink()
        try:
            os.link(stored, temporary)
        except OSError:  # another file system, or one without links
            shutil.copyfile(stored, temporary)
        os.utime(temporary)  # made now, whenever its rows were
