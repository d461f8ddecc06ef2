"""Label lists: which posts there are, and which label they have."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from mmsent.config.validation import nearest
from mmsent.data.decoding import UndecodableTextError, decode
from mmsent.data.layout import MVSA_FILE, DatasetError, normalise_guid
from mmsent.data.mvsa import post_label, split_line
from mmsent.data.post_table import Row, is_table, read_post_table
from mmsent.data.tags import check_tags
from mmsent.labels import LABELLED, LABELS, NO_LABEL, UNLABELLED, UNLABELLED_SUBSET, folded


@dataclass(frozen=True)
class Listing:
    """The posts of one subset in a label file.

    Attributes
    ----------
    file
        Name of the label file.
    subset
        Whether the posts have a label.
    rows
        Columns ``guid``, ``written`` (the guid as in the file), ``label`` (-1: none).
    problems
        ``(guid, file, problem)`` of the rows that cannot be used.
    left_out
        The same of posts that are left out although nothing is wrong with their row.
    notes
        About the decoding of the file.
    """

    file: str
    subset: str
    rows: pd.DataFrame
    problems: list[tuple[str, str, str]]
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def without(self, guids: Collection[str]) -> "Listing":
        """The listing but for the rows of some posts."""
        return replace(self, rows=self.rows[~self.rows["guid"].isin(guids)])


def read_lists(lists: Sequence[Path], columns: Mapping[str, str]) -> list[Listing]:
    """Read the labels of a data set: of the labelled posts, and of the test posts if there are any.

    A row of a table whose post is in a list of test posts is a test post, with the label of that
    list.

    Parameters
    ----------
    lists
        The label file, or a table of posts or MVSA's label file; then the lists of test posts.
    columns
        Names of the columns of a table.

    Raises
    ------
    DatasetError
        If one cannot be read, lists no usable post, or was made for other labels.
    """
    first, *others = lists
    tests = [read_listing(path, labelled=False) for path in others]
    if is_table(first):
        held_out = {guid for listing in tests for guid in listing.rows["guid"]}
        listings = [listing.without(held_out) for listing in _of_table(first, columns)]
    else:
        of_mvsa = first.name == MVSA_FILE
        listings = [_of_mvsa(first) if of_mvsa else read_listing(first, labelled=True)]
    return [*listings, *tests]


def read_listing(path: Path, labelled: bool) -> Listing:
    """Read a label file (``guid,tag`` with a header; any line ends, BOM and quotes allowed).

    Each post of a ``labelled`` file has a label; in a list of test posts, some, all or none have.

    Raises
    ------
    DatasetError
        If the file is missing, is not text, has no ``guid,tag`` header, lists no post (a list of
        test posts may list none), or was made for other labels.
    """
    lines = _lines(path)
    first, header = lines[0]
    delimiter = "\t" if "\t" in header else ","
    # Line by line, so that a stray quote spoils one line and not the rest of the file.
    table = [(n, next(csv.reader([line], delimiter=delimiter), [])) for n, line in lines]
    if [cell.strip().lower() for cell in table[0][1]] != ["guid", "tag"]:
        raise DatasetError(
            f"{path}: line {first} must be the header 'guid,tag', got {header[:60]!r}"
        )
    rows = []
    for number, cells in table[1:]:
        problem = "" if len(cells) == 2 else f"{len(cells)} cells instead of guid,tag"
        written, tag = [*cells, "", ""][:2]
        rows.append(Row(number, written, label=tag, problem=problem))
    (listing,) = _listings(path, rows, "line", [LABELLED if labelled else UNLABELLED_SUBSET])
    return listing


def _of_table(path: Path, columns: Mapping[str, str]) -> list[Listing]:
    table = read_post_table(path, columns)
    labelled, unlabelled = _listings(path, table.rows, "row", [LABELLED, UNLABELLED_SUBSET])
    labelled.notes.extend(table.notes)
    return [labelled, unlabelled] if len(unlabelled.rows) else [labelled]


def _of_mvsa(path: Path) -> Listing:
    rows, left_out = [], []
    for number, line in _lines(path):
        written, pairs = split_line(line)
        if written.lower() == "id":
            continue
        if not pairs:
            rows.append(Row(number, written, problem="no pair of labels text,image"))
            continue
        unknown = [tag for pair in pairs for tag in pair if LABELS.place(tag) is None]
        tag, reason = (unknown[0], "") if unknown else post_label(pairs)
        guid = normalise_guid(written)
        if reason and guid:
            left_out.append((guid, path.name, reason))
        else:
            rows.append(Row(number, written, label=tag))
    (listing,) = _listings(path, rows, "line", [LABELLED])
    listing.left_out.extend(left_out)
    return listing


def _listings(
    path: Path, rows: Collection[Row], kind: str, subsets: Sequence[str]
) -> list[Listing]:
    """The posts of each subset; all rows that cannot be used are problems of the first.

    ``kind``: what a row is called, line or row.
    """
    if LABELLED in subsets:
        check_tags(path, (row.label for row in rows if not row.problem))
    listed: dict[str, list[tuple[str, str, int]]] = {subset: [] for subset in subsets}
    problems: list[tuple[str, str, str]] = []
    place_of: dict[str, str] = {}
    for row in rows:
        # A cell of a table may contain line ends, which would end a row of problems.tsv.
        written, tag = " ".join(row.id.split()), folded(row.label)
        place, guid, label = f"{kind} {row.number}", normalise_guid(written), LABELS.place(tag)
        if row.problem:
            problem = row.problem
        elif guid is None:
            problem = f"the guid {written[:40]!r} is no name of letters, digits, _, . and -"
        elif guid in place_of:
            problem = f"guid {guid} is listed already in {place_of[guid]}"
        elif UNLABELLED_SUBSET in subsets and tag in NO_LABEL:
            place_of[guid] = place
            listed[UNLABELLED_SUBSET].append((guid, written, UNLABELLED))
            continue
        elif label is None:
            more = "" if LABELLED in subsets else " and null"
            near = nearest(tag, [*LABELS])
            problem = f"unknown label {tag[:40]!r}{near}; known are {', '.join(LABELS)}{more}"
        else:
            place_of[guid] = place
            listed[subsets[0]].append((guid, written, label))
            continue
        problems.append((guid or written[:40], path.name, f"{place}: {problem}"))
    # A list of test posts may contain only its header: then there are none.
    if not listed[subsets[0]] and (subsets[0] == LABELLED or problems):
        reasons = "".join(f"\n  {problem}" for _, _, problem in problems)
        way_out = "list some" if subsets[0] == LABELLED else "list some, or remove the file"
        raise DatasetError(f"{path}: no usable post in the file; {way_out}{reasons}")
    columns = ["guid", "written", "label"]
    return [
        Listing(path.name, name, pd.DataFrame(posts, columns=columns), [] if number else problems)
        for number, (name, posts) in enumerate(listed.items())
    ]


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a label file but those of white space and commas alone, the header first."""
    try:
        text = decode(path.read_bytes()).text
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file; it lists the posts as guid,tag") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from None
    except UndecodableTextError as error:
        raise DatasetError(f"{path}: {error}; save it as UTF-8") from None
    lines = enumerate(text.splitlines(), start=1)
    numbered = [(number, line) for number, line in lines if line.replace(",", "").strip()]
    if not numbered:
        raise DatasetError(f"{path}: the file is empty; it lists the posts as guid,tag")
    return numbered
