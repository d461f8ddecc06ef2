"""The files that a user brings: which posts there are and which label they have."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmsent.data.decoding import UndecodableTextError, decode
from mmsent.data.layout import DatasetError, normalise_guid
from mmsent.labels import LABEL_INDEX, LABELS, UNLABELLED

#: What may stand in the tag column of a post without a label.
NO_LABEL = ("", "null", "nan", "none")


@dataclass(frozen=True)
class Listing:
    """What one label file says.

    Attributes
    ----------
    rows
        Columns ``guid``, ``written`` (the guid as the file has it), ``label`` (-1: none), ``line``.
    problems
        ``(guid, file, problem)`` of the rows that cannot be used.
    """

    rows: pd.DataFrame
    problems: list[tuple[str, str, str]]


def read_listing(path: Path, labelled: bool) -> Listing:
    """Read a label file (``guid,tag`` with a header; any line ends, BOM and quotes allowed).

    Raises
    ------
    DatasetError
        If the file is missing, is no text, has no ``guid,tag`` header, or lists no post; a
        list of posts without a label may have none.
    """
    try:
        text = decode(path.read_bytes()).text
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; it lists the posts as guid,tag") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
    except UndecodableTextError as error:
        raise DatasetError(f"{path}: {error}; save it as UTF-8") from None
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    lines = lines[first:]
    if not lines:
        raise DatasetError(f"{path}: the file is empty; it lists the posts as guid,tag")
    delimiter = "\t" if "\t" in lines[0] else ","
    # Line by line, so that a stray quote spoils its own line and not the rest of the list.
    table = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
    if [cell.strip().lower() for cell in table[0]] != ["guid", "tag"]:
        raise DatasetError(
            f"{path}: line {first + 1} must be the header 'guid,tag', got {lines[0][:60]!r}"
        )
    rows, problems = _listed_posts(table[1:], first + 2, path.name, labelled)
    # A list of posts without a label that has its header alone says that there are none.
    if not rows and (labelled or problems):
        reasons = "".join(f"\n  {problem}" for _, _, problem in problems)
        way_out = "list some" if labelled else "list some, or remove the file"
        raise DatasetError(f"{path}: no usable post in the file; {way_out}{reasons}")
    columns = ["guid", "written", "label", "line"]
    return Listing(pd.DataFrame(rows, columns=columns), problems)


def _listed_posts(
    table: list[list[str]], first: int, file: str, labelled: bool
) -> tuple[list[tuple[str, str, int, int]], list[tuple[str, str, str]]]:
    rows: list[tuple[str, str, int, int]] = []
    problems: list[tuple[str, str, str]] = []
    seen: dict[str, int] = {}
    for line, cells in enumerate(table, start=first):
        if not any(cell.strip() for cell in cells):
            continue
        written = cells[0].strip()
        tag = cells[1].strip().lower() if len(cells) == 2 else None
        guid = normalise_guid(written)
        if tag is None:
            problem = f"{len(cells)} cells instead of guid,tag"
        elif guid is None:
            problem = f"the guid {written[:40]!r} is no whole number"
        elif guid in seen:
            problem = f"guid {guid} is listed already in line {seen[guid]}"
        elif labelled and tag not in LABEL_INDEX:
            problem = f"unknown label {tag[:40]!r}; known are {', '.join(LABELS)}"
        elif not labelled and tag not in NO_LABEL:
            problem = f"a post without label has the tag {tag[:40]!r} instead of null"
        else:
            seen[guid] = line
            rows.append((guid, written, LABEL_INDEX[tag] if labelled else UNLABELLED, line))
            continue
        problems.append((guid or written[:40], file, f"line {line}: {problem}"))
    return rows, problems


def count_listed(path: Path) -> int:
    """Number of rows of a label file that list something, the unusable ones included."""
    text = decode(path.read_bytes()).text
    return sum(bool(line.strip(" ,\t")) for line in text.strip().splitlines()[1:])
