"""The files of a data set, and the post that each belongs to."""

import os
import re
from pathlib import Path
from typing import Literal

from mmsent.errors import InputError

#: Labelled posts, ``guid,tag``.
TRAIN_FILE = "train.txt"
#: Posts without a label, ``guid,tag`` with the word null as tag; the file may be missing.
UNLABELLED_FILE = "test_without_label.txt"
#: Folder of the posts' files.
DATA_FOLDER = "data"
#: Between several notes on one file, in the column ``note`` of an index.
NOTE_SEPARATOR = "; "

Modality = Literal["text", "image"]

#: Suffix of a post's text, in any case.
_TEXT_SUFFIX = "txt"
#: Suffixes of images. A file with another suffix is a post's image only if none has one of these.
_IMAGE_SUFFIXES = {
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff", "avif", "jp2", "mpo",
    "ppm", "pgm",
}  # fmt: skip

_GUID = re.compile(r"0*([0-9]{1,40})(?:\.0*)?")


class DatasetError(InputError):
    """The data set cannot be read; the message names the file and what to do."""


def normalise_guid(written: str) -> str | None:
    """Return ``"12"`` for ``"12"``, ``" 12.0 "`` and ``"012"``; ``None`` if not a whole number.

    A guid becomes part of a file name, so only digits are accepted.
    """
    match = _GUID.fullmatch(written.strip())
    return match.group(1) if match else None


def guid_order(guid: str) -> tuple[int, str]:
    """Return the sort key of a normalised guid: by value, whatever the number of digits."""
    return len(guid), guid


def dataset_files(dataset: Path, modality: Modality) -> list[str]:
    """Return the paths of the posts' texts or images, by guid, including the dataset folder.

    ``0012.JPG`` is the image of post 12. Files whose name is not a guid are ignored.

    Raises
    ------
    DatasetError
        If there is no data folder, no such file in it, two of one post, or one that may not be
        read.
    """
    folder = dataset / DATA_FOLDER
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; the posts' files belong there (see README)")
    candidates: dict[str, list[str]] = {}
    with os.scandir(folder) as entries:
        for name in (entry.name for entry in entries if entry.is_file()):
            guid = normalise_guid(name.rpartition(".")[0])
            if guid is not None and (_suffix(name) == _TEXT_SUFFIX) == (modality == "text"):
                candidates.setdefault(guid, []).append(name)
    if not candidates:
        example = "GUID.txt" if modality == "text" else "GUID.jpg"
        raise DatasetError(f"{folder}: no file named {example} there (see README)")
    # Files with the suffix of an image, if there are any.
    files = {
        guid: sorted([name for name in names if _suffix(name) in _IMAGE_SUFFIXES] or names)
        for guid, names in candidates.items()
    }
    ordered = sorted(files, key=guid_order)
    ambiguous = [guid for guid in ordered if len(files[guid]) > 1]
    if ambiguous:
        first = ambiguous[0]
        raise DatasetError(
            f"{folder}: post {first} has several {modality} files, {', '.join(files[first])} "
            f"(posts like it: {len(ambiguous)}); keep one of them"
        )
    return _readable([f"{folder}/{files[guid][0]}" for guid in ordered])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def label_lists(dataset: Path, made_later: bool = False) -> list[str]:
    """Return the paths of the label files, including the dataset folder.

    The second may be missing, but not in a data set that is ``made_later``.

    Raises
    ------
    DatasetError
        If the first is missing or not a file, or one may not be read.
    """
    train, unlabelled = dataset / TRAIN_FILE, dataset / UNLABELLED_FILE
    if made_later:
        return [str(train), str(unlabelled)]
    if not train.is_file():
        raise DatasetError(f"{train}: no such file; it lists the labelled posts (see README)")
    return _readable([str(path) for path in (train, unlabelled) if path.exists()])


def _readable(paths: list[str]) -> list[str]:
    """``paths``, if all may be read: Snakemake itself fails on an unreadable input."""
    closed = [path for path in paths if not os.access(path, os.R_OK)]
    if closed:
        raise DatasetError(
            f"{closed[0]}: may not be read (files like it: {len(closed)}); "
            "give yourself the permission, chmod u+r"
        )
    return paths
