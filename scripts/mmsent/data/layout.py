"""Where the files of a data set lie."""

import os
from pathlib import Path

#: Labelled posts, ``guid,tag``.
TRAIN_FILE = "train.txt"
#: Posts without a label, ``guid,tag`` with the word null as tag; the file may be missing.
UNLABELLED_FILE = "test_without_label.txt"
#: Folder of the posts' files.
DATA_FOLDER = "data"


class DatasetError(ValueError):
    """The data set cannot be read; the message names the file and the way out."""


def dataset_files(dataset: Path, suffix: str) -> list[str]:
    """Paths of the posts' files with this suffix, by guid, the dataset folder included.

    Files whose name is no guid are not posts and are left out.

    Raises
    ------
    DatasetError
        If there is no data folder, no such file in it, or one that may not be read.
    """
    folder = dataset / DATA_FOLDER
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; the posts' files belong there (see README)")
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.endswith(suffix) and e.is_file()]
    numbers = [int(stem) for name in names if _is_guid(stem := name.removesuffix(suffix))]
    if not numbers:
        raise DatasetError(f"{folder}: no file named GUID{suffix} there (see README)")
    return _readable([str(folder / f"{number}{suffix}") for number in sorted(numbers)])


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


def _is_guid(stem: str) -> bool:
    """Whether a file name's stem is a guid as lists are read: digits without leading zeros."""
    return stem.isascii() and stem.isdigit() and stem == str(int(stem))


def dataset_of(path: str | Path) -> str:
    """The folder of the data set that a label file, or a file of a post, belongs to."""
    folder = Path(path).parent
    return str(folder.parent if folder.name == DATA_FOLDER else folder)
