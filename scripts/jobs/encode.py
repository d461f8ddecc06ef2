"""Encode all views of one modality of the posts with one frozen encoder."""

from pathlib import Path
from typing import Any

from mmsent.encoders.encode import encode_views
from mmsent.files import write_json
from mmsent.tables import read_table


def encode(
    index: Path,
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
    images
        Folder of the images.
    record, keys
        JSON of the views' hashes: a plan reads from it which views one job has made.
    gpus
        GPUs allotted to the job: 0 or 1.
    threads
        Processes that encode side by side.
    """
    outputs = dict(zip(views, embeddings, strict=True))
    store = dict(zip(views, stored, strict=True))
    table = read_table(index)
    encode_views(table, encoder, modality, views, store, outputs, images, gpus, threads)
    if not record.exists():  # its date says which job was first
        write_json(record, keys)
