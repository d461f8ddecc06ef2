"""Where the files of a data set are stored, and which post each belongs to."""

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

Modality = Literal["text", "image"]

#: Suffix of a post's text, in any case.
_TEXT_SUFFIX = "txt"
#: Suffixes of images. A file of another suffix is a post's image if no file with one of these is.
_IMAGE_SUFFIXES = {
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff", "avif", "jp2", "mpo",
    "ppm", "pgm",
}  # fmt: skip

_GUID = re.compile(r"0*([0-9]{1,40})(?:\.0*)?")


class DatasetError(InputError):
    """The data set cannot be read; the message names the file and what to do."""


def normalise_guid(written: str) -> str | None:
    """``"12"`` for ``"12"``, ``" 12.0 "`` and ``"012"``; ``None`` for what is no whole number.

    A guid becomes part of a file name, so only digits are accepted.
    """
    match = _GUID.fullmatch(written.strip())
    return match.group(1) if match else None


def guid_order(guid: str) -> tuple[int, str]:
    """Sort key of normalised guids: by value, however many digits they have."""
    return len(guid), guid


def dataset_files(dataset: Path, modality: Modality) -> list[str]:
    """Paths of the posts' texts or images, by guid, the dataset folder included.

    ``0012.JPG`` is the image of post 12. Files whose name is no guid are not posts and are ignored.

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
    files = {guid: _of_a_post(names) for guid, names in candidates.items()}
    ordered = sorted(files, key=guid_order)
    ambiguous = [guid for guid in ordered if len(files[guid]) > 1]
    if ambiguous:
        first = ambiguous[0]
        raise DatasetError(
            f"{folder}: post {first} has several {modality} files, {', '.join(files[first])} "
            f"(posts like it: {len(ambiguous)}); keep one of them"
        )
    return _readable([str(folder / files[guid][0]) for guid in ordered])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _of_a_post(names: list[str]) -> list[str]:
    """The files among which a post's is: those with the suffix of an image, if there are any."""
    if len(names) == 1:
        return names
    return sorted([name for name in names if _suffix(name) in _IMAGE_SUFFIXES] or names)


def label_lists(dataset: Path, made_later: bool = False) -> list[str]:
    """Paths of the label files, the dataset folder included; the second may be missing.

    A data set that is ``made_later`` has both, though not yet.

    Raises
    ------
    DatasetError
        If the first is missing or no file, or one may not be read.
    """
    train, unlabelled = dataset / TRAIN_FILE, dataset / UNLABELLED_FILE
    if not made_later and not train.is_file():
        raise DatasetError(f"{train}: no such file; it lists the labelled posts (see README)")
    if made_later:
        return [str(train), str(unlabelled)]
    return _readable([str(path) for path in (train, unlabelled) if path.exists()])


def _readable(paths: list[str]) -> list[str]:
    """``paths``, if all may be read: Snakemake itself fails on an input that it may not read."""
    closed = [path for path in paths if not os.access(path, os.R_OK)]
    if closed:
        raise DatasetError(
            f"{closed[0]}: may not be read (files like it: {len(closed)}); "
            "give yourself the right, chmod u+r"
        )
    return paths
