"""A table of posts: CSV, TSV, JSON lines or Parquet, with a row for each post.

Only the standard library is imported at once, because Snakemake reads the table at parse time.
"""

import csv
import io
import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmsent.config.validation import ConfigError, nearest
from mmsent.data.layout import DatasetError

#: What a table is called, by the suffix of its file.
FORMATS = {".csv": "CSV", ".tsv": "TSV", ".jsonl": "JSON lines", ".ndjson": "JSON lines",
           ".json": "JSON", ".parquet": "Parquet"}  # fmt: skip

#: Number of a row, its cells by column, and what is wrong with it.
_Record = tuple[int, dict[str, Any], str]


class Row(NamedTuple):
    """A row of a table, as text; ``number`` is that of its line in a spreadsheet or an editor.

    ``problem`` says why it cannot be used.
    """

    number: int
    id: str = ""
    text: str = ""
    image: str = ""
    label: str = ""
    problem: str = ""


class PostTable(NamedTuple):
    """The rows of a table, the encoding of its file, and notes on its decoding."""

    rows: list[Row]
    encoding: str
    notes: list[str]


def is_table(path: Path) -> bool:
    """Whether a path has the suffix of a table."""
    return path.suffix.lower() in FORMATS


def read_post_table(path: Path, columns: Mapping[str, str]) -> PostTable:
    """Read the columns ``id``, ``text``, ``image`` and ``label`` of a table; others are ignored.

    No cell is guessed to be missing or a number: "007" and "null" stay what they are.

    Parameters
    ----------
    columns
        Names of the four columns in the file.

    Raises
    ------
    ConfigError
        If one of them is missing, or there twice.
    DatasetError
        If the file cannot be read.
    """
    if path.suffix.lower() == ".parquet":
        rows = _rows(path, columns, *_parquet(path, list(columns.values())))
        return PostTable(rows, "utf-8", [])
    # It imports a larger package, which a plan of a folder does not need.
    from mmsent.data.decoding import UndecodableTextError, decode

    try:
        text, encoding, dropped = decode(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
    except UndecodableTextError as error:
        raise DatasetError(f"{path}: {error}; save it as UTF-8") from None
    notes = [] if encoding == "utf-8" else [f"decoded as {encoding}"]
    if dropped:
        notes.append(f"{dropped} undecodable bytes dropped")
    read = _csv if path.suffix.lower() in (".csv", ".tsv") else _json
    return PostTable(_rows(path, columns, *read(path, text)), encoding, notes)


def _rows(
    path: Path, columns: Mapping[str, str], names: list[str], records: Iterator[_Record]
) -> list[Row]:
    for key, name in columns.items():
        if names.count(name) != 1:
            same = [other for other in names if other.lower() == name.lower()]
            near = f" (did you mean {same[0]!r}?)" if same else nearest(name, names)
            wrong = "two columns are named" if name in names else "no column"
            raise ConfigError(
                f"{path}: columns.{key}: {wrong} {name!r}{near}; the file has "
                f"{', '.join(filter(None, names))[:200] or 'none'}"
            )
    rows = []
    for number, cells, problem in records:
        values = {key: cells.get(name) for key, name in columns.items()}
        odd = [key for key, value in values.items() if isinstance(value, bytes | dict | list)]
        if odd:
            raise DatasetError(
                f"{path}: row {number}: column {columns[odd[0]]!r} contains "
                f"{type(values[odd[0]]).__name__}, not text; images have to be files beside it"
            )
        texts = (_as_text(values.get(key)) for key in ("id", "text", "image", "label"))
        rows.append(Row(number, *texts)._replace(problem=problem))
    return rows


def _as_text(value: Any) -> str:
    """A cell as text; numbers without the decimal point that a missing neighbour gave them."""
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value) if value.is_integer() else value)
    return "" if value is None else str(value)


def _csv(path: Path, text: str) -> tuple[list[str], Iterator[_Record]]:
    csv.field_size_limit(sys.maxsize)
    first = next(iter(text.lstrip().splitlines()), "")
    # Spreadsheets of some languages write semicolons.
    delimiter = max("\t" if path.suffix.lower() == ".tsv" else ",;\t", key=first.count)

    def cells(**options: Any) -> list[list[str]]:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **options))

    # Some programs quote nothing: then quotes are characters, and each line is a row.
    plain = cells(quoting=csv.QUOTE_NONE)
    is_plain = len({len(line) for line in plain if line}) == 1
    try:
        lines = cells(strict=True)
        lines = plain if is_plain and len(lines) < len(plain) else lines
    except csv.Error as error:
        if not is_plain:
            raise DatasetError(
                f"{path}: {error}: a cell that begins with a quote has to end with one, "
                'and quotes in it are written ""'
            ) from None
        lines = plain
    head = next((n for n, cells in enumerate(lines) if any(cells)), len(lines))
    names = [name.strip() for name in lines[head]] if lines[head:] else []
    width = max((n for n, name in enumerate(names, start=1) if name), default=0)

    def records() -> Iterator[_Record]:
        for number, cells in enumerate(lines[head + 1 :], start=head + 2):
            wrong = len(cells) < width or any(cell.strip() for cell in cells[len(names) :])
            if any(cells):
                problem = f"{len(cells)} cells instead of {width}" if wrong else ""
                yield number, dict(zip(names, cells, strict=False)), problem

    return names, records()


def _json(path: Path, text: str) -> tuple[list[str], Iterator[_Record]]:
    try:
        if text.lstrip().startswith("["):
            objects = list(enumerate(json.loads(text), start=1))
        else:
            # Not splitlines: a text may contain other line separators.
            lines = enumerate(text.split("\n"), start=1)
            objects = [(number, json.loads(line)) for number, line in lines if line.strip()]
    except ValueError as error:
        raise DatasetError(f"{path}: not valid JSON: {error}") from None
    odd = next((number for number, value in objects if not isinstance(value, dict)), None)
    if odd is not None:
        raise DatasetError(f"{path}: row {odd}: expected an object with a key for each column")
    names = list(dict.fromkeys(name for _, value in objects for name in value))
    return names, ((number, cells, "") for number, cells in objects)


def _parquet(path: Path, columns: list[str]) -> tuple[list[str], Iterator[_Record]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            wanted = [name for name in columns if name in names]
            rows = file.read(columns=wanted).to_pylist()
    except pa.ArrowException as error:
        raise DatasetError(f"{path}: cannot be read as Parquet: {error}") from None
    return names, ((number, cells, "") for number, cells in enumerate(rows, start=1))
