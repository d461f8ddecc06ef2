"""The posts that an encoder may be asked for, known without reading all that is said of them."""

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsent.files import sha256_bytes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Posts:
    """The posts of a text or an image index that have something to encode.

    Attributes
    ----------
    guids, hashes
        Of each post, and the SHA-256 of its picture's file, or of its text as it was read: enough
        to know what is stored.
    table
        Gives these posts with all columns.
    """

    guids: list[str]
    hashes: list[str]
    table: "Callable[[], pd.DataFrame]"


def posts_of(table: "pd.DataFrame") -> Posts:
    """The posts of a table that is in memory; pictures with a problem are left out."""
    posts = _readable(table)
    return Posts(list(posts["guid"]), _hashes(posts.to_dict("records")), lambda: posts)


def posts_in(path: Path) -> Posts:
    """The posts of a table in a file; pictures with a problem are left out.

    Two columns are read at once, by the standard library: to import pandas takes twice as long as
    all that a job does which finds every post stored. The whole table is read when it is asked for.
    """

    def table() -> "pd.DataFrame":
        from mmsent.tables import read_table

        return _readable(read_table(path))

    csv.field_size_limit(sys.maxsize)  # a text may have any length
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if _is_readable(row)]
    return Posts([row["guid"] for row in rows], _hashes(rows), table)


def _hashes(rows: "list[dict[str, str]]") -> list[str]:
    # How a file becomes a text is no matter of the encoders: theirs is the text.
    return [sha256_bytes(row["text"].encode()) if "text" in row else row["sha256"] for row in rows]


def _is_readable(row: dict[str, str]) -> bool:
    # A text that cannot be read stands there as an empty one, and is encoded as that.
    return "text" in row or row["problem"] == ""


def _readable(table: "pd.DataFrame") -> "pd.DataFrame":
    if "text" in table:
        return table
    return table[table["problem"] == ""].reset_index(drop=True)
