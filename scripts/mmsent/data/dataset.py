"""A data set as it is recognised from its path: a folder of posts, MVSA, or a table."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsent.data.layout import (
    MVSA_FILE,
    TRAIN_FILE,
    UNLABELLED_FILE,
    DatasetError,
    Modality,
    guid_order,
    normalise_guid,
    post_files,
    readable,
)
from mmsent.data.post_table import FORMATS, Row, is_table, read_post_table
from mmsent.files import canonical_json, sha256_bytes, sha256_file


@dataclass(frozen=True)
class Dataset:
    """Where the labels, texts and images of posts are stored.

    Attributes
    ----------
    root
        Folder to which the names of files are relative.
    description
        What was recognised, without the path.
    lists
        Paths of the label files, or of the table.
    list_hashes
        SHA-256 of each, of a table that of ids and labels alone.
    files
        Of each modality the file of each post by guid, in the order of guids.
    paths
        Of each modality the paths of its files that exist, each once.
    texts
        Texts by guid and the encoding of the file, if they are in a table.
    """

    root: Path
    description: str
    lists: list[str]
    list_hashes: list[str]
    files: Mapping[Modality, Mapping[str, str]]
    paths: Mapping[Modality, list[str]]
    texts: tuple[Mapping[str, str], str] | None = None

    def contents(self) -> Iterator[tuple[str, str, bytes, str]]:
        """Guid, file, bytes and, if it is known, encoding of each text."""
        for guid, file in self.files["text"].items():
            if self.texts is None:
                yield guid, file, (self.root / file).read_bytes(), ""
            else:
                texts, encoding = self.texts
                # Half a surrogate pair, which JSON can contain, is undecodable in UTF-8.
                yield guid, file, texts[guid].encode("utf-8", "surrogatepass"), encoding

    def mark(self, modality: Modality) -> list[Any]:
        """What changes with the content of the files, or of the columns of a table.

        Snakemake compares contents only of files newer than the outputs. Files that were replaced
        under an older date, as by ``cp -p`` or from an archive, change the sum of their sizes.
        """
        if self.texts is None:
            return [sum(map(os.path.getsize, self.paths[modality]))]
        if modality == "text":
            return [_hash(self.texts)]
        return [sum(map(os.path.getsize, self.paths[modality])), _hash(self.files[modality])]


def recognise(path: Path, columns: Mapping[str, str]) -> Dataset:
    """Return the data set at a path: a table, or a folder with the label files of either kind.

    Parameters
    ----------
    columns
        Names of the columns of a table.

    Raises
    ------
    ConfigError
        If a table has no such columns.
    DatasetError
        If it is none of these, lacks the label file, has no files of posts or two of one post, or
        a file may not be read.
    """
    if not path.is_dir():
        return _table(path, columns)
    lists = [path / name for name in (TRAIN_FILE, UNLABELLED_FILE) if (path / name).exists()]
    if not (path / TRAIN_FILE).is_file() and (path / MVSA_FILE).is_file():
        lists = [path / MVSA_FILE]
    elif not (path / TRAIN_FILE).is_file():
        tables = sorted(file.name for file in path.iterdir() if is_table(file))
        hint = f"; for a table, set dataset: {path / tables[0]}" if tables else ""
        raise DatasetError(
            f"{path / TRAIN_FILE}: no such file; it lists the labelled posts (see README){hint}"
        )
    texts = post_files(path, "text")
    files: dict[Modality, dict[str, str]] = {
        "text": texts,
        "image": post_files(path, "image", texts),
    }
    names = readable([str(file) for file in lists])
    counts = [
        f"{len(named):,} {modality}s in {Path(next(iter(named.values()))).parent}/"
        for modality, named in files.items()
    ]
    kind = "folder" if lists[0].name == TRAIN_FILE else _mvsa(lists[0])
    description = f"{kind}: {', '.join([*(file.name for file in lists), *counts])}"
    prefix = "" if path == Path() else f"{path}/"
    paths = {
        modality: readable([prefix + file for file in named.values()])
        for modality, named in files.items()
    }
    return Dataset(path, description, names, [sha256_file(name) for name in names], files, paths)


def _mvsa(path: Path) -> str:
    with path.open("rb") as file:
        pairs = [file.readline().count(b"\t") for _ in range(2)][-1]
    kind = "MVSA-Single" if pairs < 2 else "MVSA-Multiple"
    return f"{kind}, the labels of text and image reduced to one"


def _table(path: Path, columns: Mapping[str, str]) -> Dataset:
    if not is_table(path):
        raise DatasetError(
            f"{path}: no folder, and no table: the suffix of a table is {', '.join(FORMATS)}"
        )
    (name,) = readable([str(path)])
    table = read_post_table(path, columns)
    rows: dict[str, Row] = {}
    for row in table.rows:
        if (guid := normalise_guid(row.id)) is not None and not row.problem:
            rows.setdefault(guid, row)  # the label lists refuse the second of a guid
    guids = sorted(rows, key=guid_order)
    images = {guid: _image_file(rows[guid].image) for guid in guids}
    braces = next((file for file in images.values() if "{" in file or "}" in file), None)
    if braces is not None:
        raise DatasetError(
            f"{path}: {braces}: Snakemake takes braces in a path for wildcards; rename the image"
        )
    existing = dict.fromkeys(path.parent / image for image in images.values())
    labels = [(row.number, row.id, row.label, row.problem) for row in table.rows]
    used = ", ".join(columns.values())
    return Dataset(
        path.parent,
        f"{FORMATS[path.suffix.lower()]} table: {path.name}, {len(table.rows):,} rows, "
        f"columns {used}",
        [name],
        [_hash([labels, table.notes])],
        {"text": dict.fromkeys(guids, path.name), "image": images},
        {"text": [name], "image": readable([str(file) for file in existing if file.is_file()])},
        ({guid: rows[guid].text for guid in guids}, table.encoding),
    )


def _image_file(cell: str) -> str:
    """The path of an image as a table has it, in the form of this system."""
    cell = " ".join(cell.replace("\\", "/").splitlines()).strip()
    return os.path.normpath(cell) if cell else ""


def _hash(value: Any) -> str:
    return sha256_bytes(canonical_json(value).encode("utf-8", "surrogatepass"))
