"""What problems.tsv is made of."""

from typing import NamedTuple

#: Separates several notes on one file.
NOTE_SEPARATOR = "; "

#: ``kind`` of a problem: a note was dealt with; of the others the policy decides.
NOTE, BAD_LIST, BAD_TEXT, BAD_IMAGE = "note", "bad list", "bad text", "bad image"

PROBLEM_COLUMNS = ["guid", "file", "problem", "kind", "action"]


class Problem(NamedTuple):
    """One row of problems.tsv; ``action`` is filled in by mmsent.data.posts.judge."""

    guid: str
    file: str
    problem: str
    kind: str
    action: str = ""
