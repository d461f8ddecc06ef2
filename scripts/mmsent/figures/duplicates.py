"""Groups of near-duplicate posts: how many there are, and a sheet of the most telling."""

import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps

from mmsent.data.duplicates import duplicate_summary
from mmsent.data.images import read_picture
from mmsent.data.layout import guid_order
from mmsent.figures.style import (
    ALERT,
    LABEL_COLOURS,
    MUTED,
    UNLABELLED_COLOUR,
    bare_axes,
    plain_text,
)
from mmsent.labels import LABELLED, LABELS

#: Groups on the sheet, and pictures of each.
GROUPS_SHOWN, POSTS_SHOWN = 8, 6

#: Characters of a text on the sheet, and of a line of it.
_TEXT_LENGTH, _LINE_LENGTH = 60, 22

# Inches: a row is a band with guid and label, a picture, and the text, beside a column of notes.
_NOTES, _CELL, _GAP, _BAND, _TEXT, _HEAD = 1.15, 1.15, 0.1, 0.17, 0.4, 0.55
_ROW = _BAND + _CELL + _TEXT + 0.08
_WIDTH = 0.1 + _NOTES + POSTS_SHOWN * (_CELL + _GAP)

_THUMBNAIL = 160  # pixels


def duplicate_sheet(
    posts: pd.DataFrame, groups: pd.DataFrame, images: Path
) -> tuple[Figure, dict[str, Any]]:
    """A sheet of near-duplicate groups, a row each; groups whose labels conflict come first.

    Parameters
    ----------
    posts
        Columns ``guid``, ``label``, ``subset``, ``text``, ``image_file`` and ``width`` (0: the
        post has no picture).
    groups
        Columns ``guid`` and ``group``; posts that are not in ``posts`` do not count.
    images
        Folder of the pictures.

    Returns
    -------
    figure, numbers
        Those of :func:`mmsent.data.duplicates.duplicate_summary`, and ``shown`` (the groups on the
        sheet).

    Raises
    ------
    ValueError
        If a post has no group.
    """
    table = posts.merge(groups[["guid", "group"]], on="guid", how="left", validate="one_to_one")
    if table["group"].isna().any():
        raise ValueError(f"{int(table['group'].isna().sum())} posts have no group")
    table = table[table.groupby("group")["guid"].transform("size") > 1]
    # The label of an unlabelled post says nothing: it agrees and conflicts with none.
    table["known"] = table["label"].where(table["subset"] == LABELLED)
    summary = table.groupby("group").agg(
        size=("guid", "size"), labelled=("known", "count"), labels=("known", "nunique")
    )
    number = [int(group) for group in summary.index]
    order = summary.assign(conflict=summary["labels"] > 1, number=number).sort_values(
        ["conflict", "size", "number"], ascending=[False, False, True]
    )
    shown = [str(group) for group in order.index[:GROUPS_SHOWN]]
    numbers = duplicate_summary(posts, groups) | {"shown": shown}
    members = [table[table["group"] == group] for group in shown]
    return _draw(members, numbers, images), numbers


def _draw(members: list[pd.DataFrame], numbers: dict[str, Any], images: Path) -> Figure:
    if not members:
        figure = Figure(figsize=(_WIDTH, _HEAD))
        figure.text(0.1 / _WIDTH, 0.4, "No two posts are near-duplicates.", fontsize=11)
        return figure
    height = _HEAD + _ROW * len(members)
    # Places are counted in inches from the top left: every row is alike, whatever it holds.
    figure = Figure(figsize=(_WIDTH, height))
    figure.text(
        0.1 / _WIDTH,
        1 - 0.12 / height,
        f"Groups of near-duplicates: {numbers['groups']:,} (posts in them: "
        f"{numbers['posts_in_groups']:,}; labels conflict in: {numbers['conflicting_groups']:,})",
        fontsize=11,
        fontweight="bold",
        va="top",
    )
    figure.text(
        0.1 / _WIDTH,
        1 - 0.33 / height,
        "Over each picture: guid and label. Conflicting groups come first, then large ones.",
        fontsize=8,
        color=MUTED,
        va="top",
    )
    for row, group in enumerate(members):
        top = height - _HEAD - row * _ROW
        chosen = _choose(group)
        figure.text(0.1 / _WIDTH, top / height, _notes(group, len(chosen)), fontsize=7.5, va="top")
        if group["known"].nunique() > 1:
            figure.text(
                0.1 / _WIDTH,
                (top - _BAND - _CELL) / height,
                "labels conflict",
                fontsize=8,
                fontweight="bold",
                color=ALERT,
            )
        for column, post in enumerate(chosen.to_dict("records")):
            left = 0.1 + _NOTES + column * (_CELL + _GAP)
            _draw_post(figure, post, left, top, images)
    return figure


def _choose(group: pd.DataFrame) -> pd.DataFrame:
    """Up to :data:`POSTS_SHOWN` posts by guid, in which every label of the group occurs."""
    group = group.assign(number=group["guid"].map(guid_order)).sort_values("number")
    first_of_label = ~group["known"].duplicated()
    order = group.assign(later=~first_of_label).sort_values(["later", "number"])
    return order.head(POSTS_SHOWN).sort_values("number")


def _notes(group: pd.DataFrame, shown: int) -> str:
    lines = [f"group {group['group'].iloc[0]}", f"{len(group)} posts:"]
    counts = [(name, int((group["known"] == index).sum())) for index, name in enumerate(LABELS)]
    counts.append(("no label", int(group["known"].isna().sum())))
    lines += [f"  {count} {name}" for name, count in counts if count]
    if shown < len(group):
        lines.append(f"({shown} are shown)")
    return "\n".join(lines)


def _draw_post(figure: Figure, post: dict[Any, Any], left: float, top: float, images: Path) -> None:
    known = post["subset"] == LABELLED
    label = LABELS[int(post["label"])] if known else "no label"
    band = bare_axes(figure, left, top, _CELL, _BAND)
    colour = LABEL_COLOURS.get(label, UNLABELLED_COLOUR)
    band.add_patch(Rectangle((0, 0), 1, 1, color=colour))
    band.text(
        0.5,
        0.45,
        f"{post['guid']} {label}",
        ha="center",
        va="center",
        fontsize=7.5,
        fontweight="bold",
        color="white" if known else "black",
    )
    picture = bare_axes(figure, left, top - _BAND, _CELL, _CELL)
    if post["width"]:
        image = read_picture(images / post["image_file"]).rgb
        image = ImageOps.pad(image, (_THUMBNAIL,) * 2, Image.Resampling.LANCZOS, color="#F2F2F2")
        picture.imshow(image, extent=(0, 1, 0, 1))
    else:
        picture.text(0.5, 0.5, "no picture", ha="center", va="center", fontsize=8, color=MUTED)
    text = bare_axes(figure, left, top - _BAND - _CELL, _CELL + 0.8 * _GAP, _TEXT)
    text.text(0, 0.9, _short(str(post["text"])), fontsize=6.5, va="top", clip_on=True)


def _short(text: str) -> str:
    """The beginning of a text in three lines."""
    words = " ".join(text.split())
    cut = words if len(words) <= _TEXT_LENGTH else words[: _TEXT_LENGTH - 1] + "…"
    lines = textwrap.wrap(cut, _LINE_LENGTH, max_lines=3, placeholder="…")
    return "\n".join(plain_text(line) for line in lines)
