"""The posts table: label lists and indexes put together, checked, and judged by the policy."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mmsent.data.layout import DATA_FOLDER, TRAIN_FILE, UNLABELLED_FILE, DatasetError, guid_order
from mmsent.data.problems import (
    BAD_IMAGE,
    BAD_LIST,
    BAD_TEXT,
    NOTE,
    NOTE_SEPARATOR,
    PROBLEM_COLUMNS,
    Problem,
)
from mmsent.data.readers import read_listing
from mmsent.data.text import is_empty_after_cleaning
from mmsent.labels import LABELLED, UNLABELLED_SUBSET


class BadPostsError(DatasetError):
    """Posts cannot be used and the policy is ``error``; the message lists them all."""


def gather(
    lists: Sequence[Path], text_index: pd.DataFrame, image_index: pd.DataFrame
) -> tuple[pd.DataFrame, list[Problem]]:
    """Join label files and indexes.

    Parameters
    ----------
    lists
        Label files: that of the labelled posts, and that of the others if there is one.

    Returns
    -------
    posts
        A row for each listed post, in the order of the lists: guid, subset, label, text, encoding,
        empty, file names, hashes, picture size, mode and format.
    problems
        Everything noticed, not yet judged.

    Raises
    ------
    DatasetError
        If a label file cannot be read at all.
    """
    names = ((TRAIN_FILE, LABELLED), (UNLABELLED_FILE, UNLABELLED_SUBSET))
    listings = [
        (file, subset, read_listing(path, labelled=subset == LABELLED))
        for path, (file, subset) in zip(lists, names, strict=False)
    ]
    problems = [Problem(*item, kind=BAD_LIST) for _, _, one in listings for item in one.problems]
    posts = pd.concat([one.rows.assign(subset=subset) for _, subset, one in listings])
    posts = posts.reset_index(drop=True)
    problems += _list_problems(posts)
    posts = posts[~posts["guid"].duplicated()].drop(columns=["written", "line"])
    posts = _joined(posts, text_index, ["text", "encoding"], "text")
    posts = _joined(posts, image_index, ["width", "height", "mode", "format"], "image")
    posts["empty"] = posts["text"].fillna("").map(is_empty_after_cleaning)
    for kind, index in ((BAD_TEXT, text_index), (BAD_IMAGE, image_index)):
        problems += _file_problems(posts["guid"], index, kind)
    return posts.reset_index(drop=True), problems


def _list_problems(posts: pd.DataFrame) -> list[Problem]:
    problems = [
        Problem(row.guid, file, f"guid written {row.written}", NOTE, f"read as {row.guid}")
        for file, subset in ((TRAIN_FILE, LABELLED), (UNLABELLED_FILE, UNLABELLED_SUBSET))
        for row in posts[posts["subset"] == subset].itertuples()
        if row.written != row.guid
    ]
    in_both = posts[posts["guid"].duplicated()]
    problems += [
        Problem(row.guid, UNLABELLED_FILE, f"guid {row.guid} is in {TRAIN_FILE} as well", BAD_LIST)
        for row in in_both.itertuples()
    ]
    return problems


def _joined(
    posts: pd.DataFrame, index: pd.DataFrame, columns: list[str], name: str
) -> pd.DataFrame:
    known = index.loc[index["problem"] == "", ["guid", "file", "sha256", *columns]]
    renamed = known.rename(columns={"file": f"{name}_file", "sha256": f"{name}_sha256"})
    return posts.merge(renamed, on="guid", how="left", validate="one_to_one")


def _file_problems(guids: pd.Series, index: pd.DataFrame, kind: str) -> list[Problem]:
    suffix, name = (".txt", "text") if kind == BAD_TEXT else (".jpg", "image")
    rows = {row.guid: row for row in index.itertuples()}
    problems = []
    for guid in guids:
        row = rows.get(guid)
        if row is None:
            missing = f"{name} file is missing"
            problems.append(Problem(guid, f"{DATA_FOLDER}/{guid}{suffix}", missing, kind))
        elif row.problem:
            problems.append(Problem(guid, f"{DATA_FOLDER}/{row.file}", row.problem, kind))
        elif row.note:
            problems += [
                Problem(guid, f"{DATA_FOLDER}/{row.file}", note, NOTE, "used as it then was")
                for note in row.note.split(NOTE_SEPARATOR)
            ]
    return problems


def judge(problems: list[Problem], policy: str) -> pd.DataFrame:
    """Fill in what is done about each problem.

    ``error`` refuses, ``drop`` leaves the post out, ``blank`` puts an empty text or a plain picture
    in the place of the bad one. A row of a label list cannot be blanked: it is left out.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`PROBLEM_COLUMNS`, sorted, the posts that cannot be used first.
    """
    actions = {
        "error": dict.fromkeys((BAD_LIST, BAD_TEXT, BAD_IMAGE), "refused"),
        "drop": dict.fromkeys((BAD_LIST, BAD_TEXT, BAD_IMAGE), "dropped"),
        "blank": {BAD_LIST: "dropped", BAD_TEXT: "text blanked", BAD_IMAGE: "image blanked"},
    }[policy]
    table = pd.DataFrame(problems, columns=PROBLEM_COLUMNS)
    judged = table["kind"].isin(list(actions))
    table.loc[judged, "action"] = table.loc[judged, "kind"].map(actions)
    # A guid that could not be read is shown as it was written.
    table["order"] = [(not guid.isdigit(), *guid_order(guid)) for guid in table["guid"]]
    table["is_note"] = table["kind"] == NOTE
    return table.sort_values(["is_note", "order", "file", "problem"])[PROBLEM_COLUMNS]


def apply_policy(posts: pd.DataFrame, problems: pd.DataFrame) -> pd.DataFrame:
    """The posts that remain once the judged problems have been acted upon.

    The columns ``text_blanked`` and ``image_blanked`` say which modality of a post is a stand-in.

    Raises
    ------
    BadPostsError
        If a problem was refused; lists them all.
    """
    refused = problems[problems["action"] == "refused"]
    if len(refused):
        lines = [f"  {row.file}: guid {row.guid}: {row.problem}" for row in refused.itertuples()]
        raise BadPostsError(
            f"{len(refused)} problems in the data set:\n"
            + "\n".join(lines)
            + "\nMend the files, or set on_bad_post: drop (leave these posts out) or "
            "on_bad_post: blank (keep them with an empty text or a plain picture)."
        )
    acted = problems.groupby("action")["guid"].agg(set)
    bad_file = problems[problems["kind"].isin([BAD_TEXT, BAD_IMAGE])]
    dropped = set(bad_file.loc[bad_file["action"] == "dropped", "guid"])
    posts = posts[~posts["guid"].isin(dropped)].copy()
    for modality in ("text", "image"):
        posts[f"{modality}_blanked"] = posts["guid"].isin(acted.get(f"{modality} blanked", set()))
    for column in ("text", "encoding", "text_file", "text_sha256", "image_file", "image_sha256",
                   "mode", "format"):  # fmt: skip
        posts[column] = posts[column].fillna("")
    posts[["width", "height"]] = posts[["width", "height"]].fillna(0).astype(int)
    if not (posts["subset"] == LABELLED).any():
        raise DatasetError("no labelled post is left")
    return posts.reset_index(drop=True)
