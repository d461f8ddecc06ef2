"""The archive of a finished report: all that its numbers follow from, without posts and weights."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

import pandas as pd

from mmsent import paths
from mmsent.evaluation.slices import word_counts
from mmsent.files import sha256_bytes, written_whole
from mmsent.report.provenance import member_name
from mmsent.tables import read_table

#: Hashes of all other members, as ``sha256sum --check`` reads them.
SUMS = "SHA256SUMS"

#: Name and hash of each file of the data set, without its content.
DATA = paths.ARCHIVED_HASHES

#: The earliest date that the format knows: an archive says nothing of when it was made.
_DATE = (1980, 1, 1, 0, 0, 0)


def write_archive(out: Path, files: Iterable[Path], texts: Path, images: Path) -> None:
    """Write an archive of files, under their paths from the working folder.

    What lies beside the Snakefile has its path from there; a file of settings from elsewhere is put
    into the folder ``outside``.

    Parameters
    ----------
    texts, images
        The indexes. The archive has of them name and hash of each file and the number of words of
        each text, in the member :data:`DATA`; the texts are not in it.

    Raises
    ------
    ValueError
        If two files from elsewhere have one name.
    """
    members: dict[str, bytes] = {}
    for path in files:
        name, content = member_name(path), path.read_bytes()
        if members.setdefault(name, content) != content:
            raise ValueError(f"{path}: another file from elsewhere has this name too; rename one")
    members[DATA] = data_table(read_table(texts), read_table(images)).encode()
    members[SUMS] = sums_of(members).encode()
    with written_whole(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name], zipfile.ZIP_DEFLATED, 9)


def data_table(texts: pd.DataFrame, images: pd.DataFrame) -> str:
    """``guid``, ``file``, ``sha256`` and of texts ``words`` of each file, tab-separated."""
    counted = texts[["guid", "file", "sha256"]].assign(words=word_counts(texts["text"]))
    both = pd.concat([counted, images[["guid", "file", "sha256"]].assign(words="")])
    # A table may have the paths of images from the root.
    both["file"] = both["file"].map(lambda file: PurePath(file).name)
    return both.to_csv(sep="\t", index=False, lineterminator="\n")


def sums_of(members: Mapping[str, bytes]) -> str:
    """A line for each member: its SHA-256 and its name."""
    return "".join(f"{sha256_bytes(members[name])}  {name}\n" for name in sorted(members))
