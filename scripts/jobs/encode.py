"""Encode all views of one modality of the posts with one frozen encoder."""

from pathlib import Path
from typing import Any

from mmsent.encoders.encode import encode_views
from mmsent.files import write_json
from mmsent.tables import Table


def encode(
    index: Table,
    encoder: dict[str, Any],
    modality: str,
    views: dict[str, dict[str, Any]],
    stored: list[Path],
    images: Path,
    embeddings: list[Path],
    record: Path,
    keys: list[str],
    gpus: int = 0,
    threads: int = 1,
) -> None:
    """Write the embeddings of each view; rows in the store are not computed again.

    Parameters
    ----------
    index
        Of the texts or of the images.
    views, stored, embeddings
        Settings of each view, its file in the store, and the file to write.
    record, keys
        JSON of the views' hashes: a plan reads from it which views one job has made.
    """
    outputs = dict(zip(views, embeddings, strict=True))
    store = dict(zip(views, stored, strict=True))
    encode_views(index, encoder, modality, views, store, outputs, images, gpus, threads)
    if not record.exists():  # its date says which job was first
        write_json(record, keys)
