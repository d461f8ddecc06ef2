"""Guids, and the files of a data set in a folder by the post that each belongs to."""

import os
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from mmsent.errors import InputError

#: Labelled posts, ``guid,tag``.
TRAIN_FILE = "train.txt"
#: Posts without a label, ``guid,tag`` with the word null as tag; the file may be missing.
UNLABELLED_FILE = "test_without_label.txt"
#: The label file of MVSA: one label of the text and one of the image by each annotator.
MVSA_FILE = "labelResultAll.txt"
#: Folder of the posts' files.
DATA_FOLDER = "data"
#: Between several notes on one file, in the column ``note`` of an index.
NOTE_SEPARATOR = "; "

Modality = Literal["text", "image"]

#: Suffix of a post's text, in any case.
_TEXT_SUFFIX = "txt"
#: Suffixes of images. A file with another suffix is an image only of a post that has a text, and
#: only if it has no image with one of these.
_IMAGE_SUFFIXES = {
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff", "avif", "jp2", "mpo",
    "ppm", "pgm",
}  # fmt: skip
#: Names of folders of texts or images alone, in the data set's folder or its data folder.
_FOLDERS = {"text": ("texts", "text"), "image": ("images", "image", "pictures")}

_NUMBER = re.compile(r"0*([0-9]{1,40})(?:\.0*)?")
_NAME = re.compile(r"\w(?:[\w-]|\.(?!\.))*")
#: Bytes of a guid; a file name may have 255, temporary ones included.
_LONGEST = 200


class DatasetError(InputError):
    """The data set cannot be read; the message names the file and what to do."""


def normalise_guid(written: str) -> str | None:
    """Return ``"12"`` for ``"12"``, ``" 12.0 "`` and ``"012"``; other names as they are written.

    A guid becomes part of a file name: letters, digits, ``_``, ``-`` and single dots are accepted,
    a letter, a digit or ``_`` first. Of other text, ``None`` is returned.
    """
    written = unicodedata.normalize("NFC", written.strip())
    if number := _NUMBER.fullmatch(written):
        return number[1]
    return written if _NAME.fullmatch(written) and len(written.encode()) <= _LONGEST else None


def guid_order(guid: str) -> tuple[int, str]:
    """Return the sort key of a normalised guid: numbers by value, then names."""
    return (len(guid) if guid.isdigit() else _LONGEST + 1), guid


def post_files(
    folder: Path, modality: Modality, with_text: Collection[str] = frozenset()
) -> dict[str, str]:
    """Return the text or image of each post by guid, relative to the folder of the data set.

    They lie in ``data/``, in a folder of texts or images alone, or beside the label files;
    ``0012.JPG`` is the image of post 12, ``a_17.png`` of post a_17.

    Parameters
    ----------
    with_text
        Posts of which a file with an unknown suffix is an image.

    Raises
    ------
    DatasetError
        If there is no such file, or there are two of one post.
    """
    data = folder / DATA_FOLDER
    places = [data, *(parent / name for parent in (data, folder) for name in _FOLDERS[modality])]
    places += [] if data.is_dir() else [folder]
    candidates: dict[str, list[str]] = {}
    for place in (place for place in places if place.is_dir() and not candidates):
        candidates = _candidates(place, modality, with_text)
        parent = os.path.relpath(place, folder)
    if not candidates:
        example = "GUID.txt" if modality == "text" else "GUID.jpg"
        if not data.is_dir():
            raise DatasetError(
                f"{data}: no such folder; the posts' files belong there (see README), "
                f"or beside the label files: {example}"
            )
        raise DatasetError(f"{data}: no file named {example} there (see README)")
    ordered = sorted(candidates, key=guid_order)
    ambiguous = [guid for guid in ordered if len(candidates[guid]) > 1]
    if ambiguous:
        first = ambiguous[0]
        raise DatasetError(
            f"{folder / parent}: post {first} has several {modality} files, "
            f"{', '.join(sorted(candidates[first]))} (posts like it: {len(ambiguous)}); "
            "keep one of them"
        )
    prefix = "" if parent == "." else f"{parent}/"
    return {guid: prefix + candidates[guid][0] for guid in ordered}


def _candidates(
    place: Path, modality: Modality, with_text: Collection[str]
) -> dict[str, list[str]]:
    """Names of the files that may be a text or image of a post, by guid."""
    found: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    with os.scandir(place) as entries:
        for name in (entry.name for entry in entries if entry.is_file()):
            stem, _, suffix = name.rpartition(".")
            guid, suffix = normalise_guid(stem), suffix.lower()
            if guid is None or name in (TRAIN_FILE, UNLABELLED_FILE, MVSA_FILE):
                continue
            if (modality == "text") == (suffix == _TEXT_SUFFIX):
                known = modality == "text" or suffix in _IMAGE_SUFFIXES
                (found if known else others).setdefault(guid, []).append(name)
    return {guid: names for guid, names in others.items() if guid in with_text} | found


def readable(paths: list[str]) -> list[str]:
    """``paths``, if all may be read: Snakemake itself fails on an unreadable input.

    Raises
    ------
    DatasetError
        If one may not be read.
    """
    closed = [path for path in paths if not os.access(path, os.R_OK)]
    if closed:
        raise DatasetError(
            f"{closed[0]}: may not be read (files like it: {len(closed)}); "
            "give yourself the permission, chmod u+r"
        )
    return paths
