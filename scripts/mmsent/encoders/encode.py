"""Encoding jobs: all views of one modality of the posts by one frozen encoder.

Rows that an earlier run stored are not computed again. The row of a post depends only on its text
or image, to the bit: not on the other posts, the number of processes, or the store. A file in which
a few posts were encoded anew therefore has the same bytes as one that was made from nothing.
"""

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from safetensors.numpy import load_file

from mmsent.config.network import PIXELS
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import (
    BLANK,
    Header,
    Parts,
    joined_rows,
    stored_header,
    write_embeddings,
)
from mmsent.files import sha256_bytes, sorted_keys, written_whole
from mmsent.sources import code_hash

#: Packages that prepare the input of an encoder, or compute.
_PACKAGES = ("torch", "torchvision", "transformers", "tokenizers", "timm", "open_clip_torch",
             "pillow", "emoji", "scikit-learn", "onnx", "onnxruntime")  # fmt: skip


class _File:
    """The stored file of a view, and the numbers of the rows that it lacks."""

    def __init__(self, path: Path, settings: dict[str, Any], rows: list[tuple[str, str]]) -> None:
        header = stored_header(path)
        self.path, self.settings, self.rows = path, settings, rows
        self.header = header if header and header.settings == settings else None
        self.known = self.header.rows() if self.header else {}
        self.missing = [number for number, row in enumerate(rows) if row not in self.known]

    def update(self, encoded: Parts, parameters: int) -> None:
        """Write the file with the rows that it has and those that were encoded."""
        kept = [number for number, row in enumerate(self.rows) if row in self.known]
        parts = list(encoded)
        if kept:
            places = [self.known[self.rows[number]] for number in kept]
            stored = load_file(self.path)
            parts.append((kept, {name: array[places] for name, array in stored.items()}))
        arrays = joined_rows(parts, len(self.rows))
        if "states" in arrays:  # no longer than the longest text
            arrays["states"] = arrays["states"][:, : int(arrays["tokens"].max())]
        guids, content = map(list, zip(*self.rows, strict=True))
        size = self.header.parameters if self.header else parameters
        write_embeddings(self.path, arrays, Header(self.settings, guids, content, size))


def encode_views(
    index: pd.DataFrame,
    encoder: dict[str, Any],
    modality: str,
    views: Mapping[str, dict[str, Any]],
    stored: Mapping[str, Path],
    outputs: Mapping[str, Path],
    images: Path,
    gpus: int,
    threads: int,
) -> dict[str, int]:
    """Write the embeddings of views of the posts of an index, and keep them in the store.

    Parameters
    ----------
    index
        Of the texts or the images; images that cannot be decoded are left out.
    encoder
        Settings of the encoder (``Models.specification``).
    views, stored, outputs
        Settings (:class:`mmsent.plan.views.View`), file of the store and file to write of each
        view. An output is a link to the stored file where the file system has links.
    threads
        Processes that encode side by side on a CPU, or decode images for a GPU.

    Returns
    -------
    dict
        Number of rows of each view that were encoded, not taken from the store.

    Raises
    ------
    ConfigError
        If the encoder cannot be loaded, or has no such layers as a view wants.
    """
    if "clip" in encoder and any(view.get("below") for view in views.values()):
        raise ConfigError("trained_layers goes with encoder 'text', not with clip")
    # An unreadable text is indexed as an empty one.
    table = index if modality == "text" else index[index["width"] > 0].reset_index(drop=True)
    rows = _rows(table, modality)
    files = {
        name: _File(stored[name], _settings(encoder, view, gpus), rows)
        for name, view in views.items()
    }
    missing = {name: file.missing for name, file in files.items() if file.missing}
    encoded: dict[str, Parts] = {}
    parameters = 0
    if missing:
        # Imported here: a job that has every post in the store needs no torch.
        from mmsent.encoders.load import load_tower

        tower = load_tower(encoder, modality)
        parameters = tower.parameters
        if modality == "text":
            from mmsent.encoders.text_rows import text_rows

            encoded = text_rows(tower, table, views, missing, gpus, threads)
        else:
            from mmsent.encoders.image_rows import image_rows

            encoded = image_rows(tower, table, images, views, missing, gpus, threads)
    for name, file in files.items():
        if list(file.known) != rows:  # or in another order
            file.update(encoded.pop(name, []), parameters)
        _link(file.path, outputs[name])
    return {name: len(file.missing) for name, file in files.items()}


def _rows(table: pd.DataFrame, modality: str) -> list[tuple[str, str]]:
    """Guid and content of each post, and last those of the blank one."""
    if modality == "text":
        hashes = [sha256_bytes(text.encode()) for text in table["text"]]
    else:
        hashes = table["sha256"].tolist()
    content = [value[:16] for value in hashes]
    return [*zip(table["guid"].tolist(), content, strict=True), (BLANK, "")]


def _settings(encoder: dict[str, Any], view: dict[str, Any], gpus: int) -> dict[str, Any]:
    """All that determines a row beside the post, as it is read from a file."""
    settings = {
        "encoder": encoder,
        "view": view,
        "versions": {name: version(name) for name in _PACKAGES},
        "code": code_hash("encode"),
        "gpu": gpus > 0 and PIXELS not in encoder,  # pixels are only decoded
    }
    return sorted_keys(settings)


def _link(stored: Path, out: Path) -> None:
    with written_whole(out) as temporary:
        temporary.unlink()
        try:
            os.link(stored, temporary)
        except OSError:  # another file system, or one without links
            shutil.copyfile(stored, temporary)
        os.utime(temporary)  # made now, whenever its rows were
