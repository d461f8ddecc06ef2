"""Label files: which posts there are, and which label they have."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmsent.data.decoding import UndecodableTextError, decode
from mmsent.data.layout import DatasetError, normalise_guid
from mmsent.labels import LABEL_INDEX, LABELS, UNLABELLED

#: Tags of a post without a label.
NO_LABEL = ("", "null", "nan", "none")


@dataclass(frozen=True)
class Listing:
    """The content of a label file.

    Attributes
    ----------
    rows
        Columns ``guid``, ``written`` (the guid as in the file), ``label`` (-1: none).
    problems
        ``(guid, file, problem)`` of the rows that cannot be used.
    """

    rows: pd.DataFrame
    problems: list[tuple[str, str, str]]


def read_listing(path: Path, labelled: bool) -> Listing:
    """Read a label file (``guid,tag`` with a header; any line ends, BOM and quotes allowed).

    Each post of a ``labelled`` file has a label; in a list of test posts, some, all or none have.

    Raises
    ------
    DatasetError
        If the file is missing, is not text, has no ``guid,tag`` header, or lists no post; a list
        of test posts may list none.
    """
    try:
        text = decode(path.read_bytes()).text
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; it lists the posts as guid,tag") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
    except UndecodableTextError as error:
        raise DatasetError(f"{path}: {error}; save it as UTF-8") from None
    lines = _numbered_lines(text)
    if not lines:
        raise DatasetError(f"{path}: the file is empty; it lists the posts as guid,tag")
    first, header = lines[0]
    delimiter = "\t" if "\t" in header else ","
    # Line by line, so that a stray quote spoils one line and not the rest of the file.
    table = [(n, next(csv.reader([line], delimiter=delimiter), [])) for n, line in lines]
    if [cell.strip().lower() for cell in table[0][1]] != ["guid", "tag"]:
        raise DatasetError(
            f"{path}: line {first} must be the header 'guid,tag', got {header[:60]!r}"
        )
    rows, problems = _listed_posts(table[1:], path.name, labelled)
    # A list of test posts may contain only its header: then there are none.
    if not rows and (labelled or problems):
        reasons = "".join(f"\n  {problem}" for _, _, problem in problems)
        way_out = "list some" if labelled else "list some, or remove the file"
        raise DatasetError(f"{path}: no usable post in the file; {way_out}{reasons}")
    return Listing(pd.DataFrame(rows, columns=["guid", "written", "label"]), problems)


def _listed_posts(
    table: Iterable[tuple[int, list[str]]], file: str, labelled: bool
) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, str]]]:
    rows: list[tuple[str, str, int]] = []
    problems: list[tuple[str, str, str]] = []
    line_of: dict[str, int] = {}
    for line, cells in table:
        written = cells[0].strip()
        tag = cells[1].strip().lower() if len(cells) == 2 else None
        guid = normalise_guid(written)
        if tag is None:
            problem = f"{len(cells)} cells instead of guid,tag"
        elif guid is None:
            problem = f"the guid {written[:40]!r} is no whole number"
        elif guid in line_of:
            problem = f"guid {guid} is listed already in line {line_of[guid]}"
        elif labelled and tag not in LABEL_INDEX:
            problem = f"unknown label {tag[:40]!r}; known are {', '.join(LABELS)}"
        elif tag not in LABEL_INDEX and tag not in NO_LABEL:
            problem = f"unknown label {tag[:40]!r}; known are {', '.join(LABELS)} and null"
        else:
            line_of[guid] = line
            rows.append((guid, written, LABEL_INDEX.get(tag, UNLABELLED)))
            continue
        problems.append((guid or written[:40], file, f"line {line}: {problem}"))
    return rows, problems


def _numbered_lines(text: str) -> list[tuple[int, str]]:
    """The lines of a label file but those of white space and commas alone, the header first."""
    lines = enumerate(text.splitlines(), start=1)
    return [(number, line) for number, line in lines if line.replace(",", "").strip()]


def count_listed(path: Path) -> int:
    """Return the number of rows of a label file that list something, usable or not."""
    return len(_numbered_lines(decode(path.read_bytes()).text)[1:])
