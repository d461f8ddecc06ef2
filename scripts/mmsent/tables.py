"""Reading and writing tables."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BeforeValidator

from mmsent.errors import InputError
from mmsent.files import read_json, written_whole

#: Beginnings of cells that spreadsheets take for formulas; a number is none.
_FORMULA, _NUMBER = re.compile(r"[=+\-@\t\r]"), re.compile(r"[+-]?[0-9.]+(?:e[+-]?[0-9]+)?")


def write_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table by the suffix of ``path``: ``.tsv``, ``.csv`` or ``.parquet``."""
    with written_whole(path) as temporary:
        if temporary.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            separator = "\t" if temporary.suffix == ".tsv" else ","
            table.to_csv(temporary, sep=separator, index=False, lineterminator="\n")


def as_cell(text: str) -> str:
    """``text`` for a file that people open: what a spreadsheet would run gets an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table that :func:`write_table` wrote; guids stay text, empty cells stay empty text.

    Nothing is guessed to be missing: a post that consists of the word "null" is a post.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(
        path,
        sep="\t" if path.suffix == ".tsv" else ",",
        dtype={"guid": str, "group": str, "sha256": str, "text": str, "phash": str},
        keep_default_na=False,
    )


def reading(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that reads a path, and passes on what has been read already."""

    def value_of(value: Any) -> Any:
        if not isinstance(value, str | Path):
            return value
        if not Path(value).exists():
            raise InputError(f"{value}: no such file")
        return read(value)

    return value_of


#: Types of parameters that pydantic reads from a path: a job names its inputs by what they contain.
#: An empty cell of a table is text, of numbers it is NaN.
Table = Annotated[pd.DataFrame, BeforeValidator(reading(read_table))]
Numbers = Annotated[pd.DataFrame, BeforeValidator(reading(pd.read_csv))]
Json = Annotated[Any, BeforeValidator(reading(read_json))]
