"""Posts: label files and indexes joined, their problems, and the policy about them."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

import pandas as pd

from mmsent.data.layout import NOTE_SEPARATOR, DatasetError, guid_order
from mmsent.data.readers import read_lists
from mmsent.data.text import is_empty_after_cleaning
from mmsent.labels import LABELLED, LABELS, UNLABELLED
from mmsent.tables import as_cell

#: ``kind`` of a problem: a note is about something already solved; the policy decides the others.
NOTE, BAD_LIST, BAD_TEXT, BAD_IMAGE = "note", "bad list", "bad text", "bad image"
#: An image of which most rows can be decoded.
DAMAGED_IMAGE = "damaged image"

_OF_IMAGES = ["image_file", "image_sha256", "width", "height", "mode", "format"]

#: Action on a post that its label file leaves out, such as one of contradictory labels.
LEFT_OUT = "left out"


class Problem(NamedTuple):
    """One row of problems.tsv; :func:`judge` fills in ``action``."""

    guid: str
    file: str
    problem: str
    kind: str
    action: str = ""


def gather(
    lists: Sequence[Path],
    columns: Mapping[str, str],
    text_index: pd.DataFrame,
    image_index: pd.DataFrame,
) -> tuple[pd.DataFrame, list[Problem]]:
    """Join label files and indexes.

    Parameters
    ----------
    lists, columns
        Those of :func:`mmsent.data.readers.read_lists`.

    Returns
    -------
    posts
        A row for each listed post, in the order of the lists: guid, written (the guid as in the
        list), label, subset, tag, text, encoding, empty, file names, hashes, image size, mode and
        format. A test post has no label here, whatever its list says, so that nothing that reads
        this table can train on it.
    problems
        All problems, not yet judged.

    Raises
    ------
    DatasetError
        If a label file cannot be read at all.
    """
    tables, problems = [], []
    for listing in read_lists(lists, columns):
        file = listing.file
        tables.append(listing.rows.assign(subset=listing.subset, list=file))
        problems += [Problem(*problem, kind=BAD_LIST) for problem in listing.problems]
        problems += [Problem(*left_out, NOTE, LEFT_OUT) for left_out in listing.left_out]
        problems += [Problem("", file, note, NOTE, "used as it then was") for note in listing.notes]
    posts = pd.concat(tables, ignore_index=True)
    posts.loc[posts["subset"] != LABELLED, "label"] = UNLABELLED
    # By its name too: a renamed class is another posts table, and all that reads it is made again.
    posts["tag"] = posts["label"].map(dict(enumerate(LABELS))).fillna("")
    problems += [
        Problem(row.guid, row.list, f"guid written {row.written}", NOTE, f"read as {row.guid}")
        for row in posts[posts["written"] != posts["guid"]].itertuples()
    ]
    in_both = posts["guid"].duplicated()
    first = posts.groupby("guid")["list"].transform("first")
    problems += [
        Problem(row.guid, row.list, f"guid {row.guid} is in {row.first} as well", BAD_LIST)
        for row in posts.assign(first=first)[in_both].itertuples()
    ]
    posts = posts[~in_both].drop(columns="list")
    posts = _joined(posts, text_index[text_index["problem"] == ""], ["text", "encoding"], "text")
    with_image = image_index[image_index["width"] > 0]
    posts = _joined(posts, with_image, ["width", "height", "mode", "format"], "image")
    posts["empty"] = posts["text"].fillna("").map(is_empty_after_cleaning)
    problems += _file_problems(posts["guid"], text_index, BAD_TEXT, "text", ".txt")
    problems += _file_problems(posts["guid"], image_index, BAD_IMAGE, "image", ".jpg")
    return posts.reset_index(drop=True), problems


def _joined(
    posts: pd.DataFrame, index: pd.DataFrame, columns: list[str], name: str
) -> pd.DataFrame:
    usable = index[["guid", "file", "sha256", *columns]]
    renamed = usable.rename(columns={"file": f"{name}_file", "sha256": f"{name}_sha256"})
    return posts.merge(renamed, on="guid", how="left", validate="one_to_one")


def _file_problems(
    guids: pd.Series, index: pd.DataFrame, kind: str, name: str, suffix: str
) -> list[Problem]:
    rows = {row.guid: row for row in index.itertuples()}
    folder = PurePath(index["file"].iloc[0]).parent if len(index) else PurePath()
    problems = []
    for guid in guids:
        row = rows.get(guid)
        if row is None:
            problems.append(
                Problem(guid, f"{folder / guid}{suffix}", f"{name} file is missing", kind)
            )
            continue
        if row.problem:
            damaged = kind == BAD_IMAGE and row.width > 0
            kind_of_row = DAMAGED_IMAGE if damaged else kind
            problems.append(Problem(guid, row.file, row.problem, kind_of_row))
        problems += [
            Problem(guid, row.file, note, NOTE, "used as it then was")
            for note in row.note.split(NOTE_SEPARATOR)
            if note
        ]
    return problems


def judge(problems: list[Problem], policy: str) -> pd.DataFrame:
    """Fill in the action on each problem.

    Parameters
    ----------
    policy
        ``error`` refuses, ``drop`` leaves the post out, ``blank`` replaces the bad file by an empty
        text or a plain image; ``use`` is ``error`` but for damaged images, of which it uses the
        rows that can be decoded. A row of a label file cannot be blanked: it is left out.

    Returns
    -------
    pandas.DataFrame
        The fields of :class:`Problem`, sorted, notes last.
    """
    refused = dict.fromkeys((BAD_LIST, BAD_TEXT, BAD_IMAGE, DAMAGED_IMAGE), "refused")
    actions = {
        "error": refused,
        "drop": dict.fromkeys(refused, "dropped"),
        "blank": {
            BAD_LIST: "dropped",
            BAD_TEXT: "text blanked",
            BAD_IMAGE: "image blanked",
            DAMAGED_IMAGE: "image blanked",
        },
        "use": refused | {DAMAGED_IMAGE: "used as far as it can be decoded"},
    }[policy]
    judged = [
        problem._replace(
            action=actions.get(problem.kind, problem.action),
            # What cannot be used may be any text of a label file, and people open the table.
            guid=as_cell(problem.guid),
            file=as_cell(problem.file),
        )
        for problem in sorted(problems, key=_order)
    ]
    return pd.DataFrame(judged, columns=list(Problem._fields))


def _order(problem: Problem) -> tuple[object, ...]:
    # Without a valid guid, the column contains the cell of the label file.
    guid = (not problem.guid.isdigit(), *guid_order(problem.guid))
    return problem.kind == NOTE, guid, problem.file, problem.problem


def apply_policy(posts: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """Return the posts that remain after the actions on the judged problems.

    The columns ``text_blanked`` and ``image_blanked`` mark modalities that are stand-ins.

    Raises
    ------
    DatasetError
        If a problem is refused, with all of them; or if no labelled post remains.
    """
    refused = problems[problems["action"] == "refused"]
    if len(refused):
        lines = [f"  {row.file}: guid {row.guid}: {row.problem}" for row in refused.itertuples()]
        raise DatasetError(
            f"{len(refused)} {'problem' if len(refused) == 1 else 'problems'} in the data set:\n"
            + "\n".join(lines)
            + "\nFix the files, or set on_bad_post: drop (leave these posts out) or "
            "on_bad_post: blank (keep them with an empty text or a plain image), or "
            "on_bad_post: use (use damaged images of which most rows can be decoded)."
        )
    of_files = problems[problems["kind"].isin([BAD_TEXT, BAD_IMAGE, DAMAGED_IMAGE])]
    guids = of_files.groupby("action")["guid"].agg(set)
    posts = posts[~posts["guid"].isin(guids.get("dropped", set()))].drop(columns="written")
    for modality in ("text", "image"):
        posts[f"{modality}_blanked"] = posts["guid"].isin(guids.get(f"{modality} blanked", set()))
    # A damaged image has been measured.
    posts.loc[posts["image_blanked"], _OF_IMAGES] = None
    posts[["width", "height"]] = posts[["width", "height"]].fillna(0).astype(int)
    posts = posts.fillna("").reset_index(drop=True)
    if not (posts["subset"] == LABELLED).any():
        raise DatasetError("no labelled post is left")
    return posts
