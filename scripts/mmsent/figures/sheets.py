"""Sheets of photographs: near-duplicate groups, misclassified posts, and doubtful labels."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps

from mmsent.data.duplicates import duplicate_summary
from mmsent.data.images import read_image
from mmsent.data.layout import guid_order
from mmsent.evaluation.bad_cases import worst
from mmsent.figures.style import ALERT, MUTED, label_look, plain_text, wrapped
from mmsent.files import written_whole
from mmsent.labels import LABELLED, LABELS

#: Groups on the sheet of near-duplicates, and images of each.
GROUPS_SHOWN, POSTS_SHOWN = 8, 6

#: Posts on the sheet of misclassified posts, and how many are beside each other.
SHOWN, _COLUMNS = 8, 2

#: Titles of the sheets of doubtful labels.
_LABEL_SHEETS = {
    "conflicts": "Near-duplicates with different labels",
    "doubtful": "Other labels in doubt",
}

#: Longest side of a thumbnail, and side of a photograph on a sheet, in pixels.
LONGEST, _PIXELS = 320, 220

# Inches from here on: margin of a sheet, and height of its title.
_MARGIN, _HEAD = 0.12, 0.6

# A row of near-duplicates: a column of notes, then of each post a strip, an image and a text.
_NOTES, _CELL, _GAP, _STRIP = 1.13, 1.15, 0.1, 0.17
_ROW = _STRIP + _CELL + 0.48
#: Lines of a group's labels for which there is room.
_NOTED = 6

# The card of a post: an image with two bands and the text beside it.
_IMAGE, _BESIDE, _BAND, _SPACE = 1.7, 2.85, 0.21, 0.24
_CARD = _IMAGE + 0.12 + _BESIDE


def duplicate_sheet(
    posts: pd.DataFrame, groups: pd.DataFrame, images: Path
) -> tuple[Figure, dict[str, Any]]:
    """Draw near-duplicate groups, a row each; groups with conflicting labels come first.

    Parameters
    ----------
    posts
        Columns ``guid``, ``label``, ``subset``, ``text``, ``image_file`` and ``width`` (0: the
        post has no image).
    groups
        Columns ``guid`` and ``group``; posts that are not in ``posts`` do not count.

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
    # An unlabelled post agrees and conflicts with none.
    table["known"] = table["label"].where(table["subset"] == LABELLED)
    summary = table.groupby("group").agg(size=("guid", "size"), labels=("known", "nunique"))
    number = summary.index.map(guid_order)
    order = summary.assign(conflict=summary["labels"] > 1, number=number).sort_values(
        ["conflict", "size", "number"], ascending=[False, False, True]
    )
    shown = [str(group) for group in order.index[:GROUPS_SHOWN]]
    numbers = duplicate_summary(posts, groups) | {"shown": shown}
    height = _HEAD + _ROW * len(shown)
    figure, axes = _new_sheet(
        _MARGIN + _NOTES + POSTS_SHOWN * (_CELL + _GAP),
        height,
        f"Near-duplicate groups: {numbers['groups']:,} ({numbers['posts_in_groups']:,} posts); "
        f"groups with conflicting labels: {numbers['conflicting_groups']:,}",
        "Above each image: guid and label. Conflicting groups come first, then large ones.",
    )
    for row, group in enumerate(shown):
        top = height - _HEAD - row * _ROW
        _draw_row(axes, table[table["group"] == group], top, images)
    return figure, numbers


def chosen_posts(group: pd.DataFrame) -> pd.DataFrame:
    """Return up to :data:`POSTS_SHOWN` posts by guid, in which every label of the group occurs."""
    group = group.assign(number=group["guid"].map(guid_order)).sort_values("number")
    later = group["known"].duplicated()
    first = group.assign(later=later).sort_values(["later", "number"]).head(POSTS_SHOWN)
    return first.sort_values("number")


def _draw_row(axes: Axes, group: pd.DataFrame, top: float, images: Path) -> None:
    chosen = chosen_posts(group)
    names = group["known"].map(dict(enumerate(LABELS))).fillna("no label")
    counts = names.value_counts().reindex([*LABELS, "no label"]).dropna().astype(int)
    notes = [f"group {plain_text(_short(group['group'].iloc[0]))}", f"{len(group)} posts:"]
    lines = [f"{count} {plain_text(name)}" for name, count in counts.items()]
    if len(lines) > _NOTED:
        lines[_NOTED - 1 :] = [f"{counts.iloc[_NOTED - 1 :].sum()} others"]
    notes += [f"  {wrapped(line, _NOTES - 0.15, 7.5, 1)}" for line in lines]
    if len(chosen) < len(group):
        notes.append(f"({len(chosen)} shown)")
    axes.text(_MARGIN, top, "\n".join(notes), fontsize=7.5, va="top")
    below = top - _STRIP - _CELL
    if group["known"].nunique() > 1:
        look: Any = {"fontsize": 8, "fontweight": "bold", "color": ALERT}
        axes.text(_MARGIN, below, "labels conflict", **look)
    for column, post in enumerate(chosen.to_dict("records")):
        left = _MARGIN + _NOTES + column * (_CELL + _GAP)
        label = names[chosen.index[column]]
        text = f"{plain_text(_short(post['guid']))} {plain_text(label)}"
        _draw_band(axes, (left, top), (_CELL, _STRIP), label, text, 7.5, 0.5)
        path = images / post["image_file"] if post["width"] else None
        _draw_photograph(axes, (left, top - _STRIP), _CELL, path)
        text = wrapped(post["text"], _CELL, 6.5, 3)
        axes.text(left, below - 0.04, text, fontsize=6.5, va="top")


def _short(guid: str) -> str:
    return guid if len(guid) <= 10 else f"{guid[:9]}…"


def bad_case_sheet(
    name: str, wrong: pd.DataFrame, total: int, posts: pd.DataFrame, images: Path
) -> Figure:
    """Draw a card for each of the worst posts: image, text, label and predicted class.

    Parameters
    ----------
    wrong
        The misclassified posts of the experiment ``name``, from
        :func:`mmsent.evaluation.bad_cases.bad_cases`.
    total
        Posts that were predicted.
    posts
        Columns ``guid``, ``image_file`` and ``image_blanked``.
    images
        Folder of the images. A blanked image is shown as a grey tile.

    Raises
    ------
    UnreadableImageError
        If an image cannot be read.
    """
    return _case_sheet(
        worst(wrong, SHOWN),
        f"{plain_text(name)}: {len(wrong):,} of {total:,} posts are misclassified",
        "The most confident mistakes, one of each near-duplicate group. Per cent: out-of-fold "
        "probability of the predicted class.",
        posts,
        images,
    )


def label_sheet(kind: str, shown: pd.DataFrame, posts: pd.DataFrame, images: Path) -> Figure:
    """Draw a card for each doubtful label of a kind of :func:`.label_noise.shown_labels`.

    ``posts`` and ``images`` are those of :func:`bad_case_sheet`.
    """
    probable = shown[LABELS.probability_columns].max(axis=1)
    return _case_sheet(
        shown.assign(predicted=shown["suggested"], confidence=probable),
        _LABEL_SHEETS[kind],
        "The most doubtful first, one of each near-duplicate group. Per cent: averaged "
        "out-of-fold probability of the most probable class.",
        posts,
        images,
    )


def _case_sheet(
    shown: pd.DataFrame, title: str, note: str, posts: pd.DataFrame, images: Path
) -> Figure:
    height = _HEAD + -(-len(shown) // _COLUMNS) * (_IMAGE + _SPACE)
    width = 2 * _MARGIN + _COLUMNS * _CARD + (_COLUMNS - 1) * _SPACE
    figure, axes = _new_sheet(width, height, title, note)
    files = posts.set_index("guid")
    for number, post in enumerate(shown.to_dict("records")):
        row, column = divmod(number, _COLUMNS)
        left = _MARGIN + column * (_CARD + _SPACE)
        top = height - _HEAD - row * (_IMAGE + _SPACE)
        stored = files.loc[post["guid"]]
        path = None if stored["image_blanked"] else images / stored["image_file"]
        _draw_photograph(axes, (left, top), _IMAGE, path)
        _describe(axes, post, left + _IMAGE + 0.12, top)
    return figure


def _describe(axes: Axes, post: dict[Any, Any], left: float, top: float) -> None:
    share = post["confidence"]
    # What is not quite 1 is not shown as 100%.
    confidence = f"{share:.1%}" if share < 0.9995 or share == 1 else "over 99.9%"
    labelled = f"labelled {plain_text(post['label'])}"
    predicted = f"predicted {plain_text(post['predicted'])}: {confidence}"
    size = _BESIDE, _BAND
    _draw_band(axes, (left, top), size, post["label"], labelled, 8.5, 0.02)
    second = top - _BAND - 0.03
    _draw_band(axes, (left, second), size, post["predicted"], predicted, 8.5, 0.02)
    text = wrapped(post["text"], _BESIDE, 9, 5)
    axes.text(left, second - _BAND - 0.07, text, fontsize=9, va="top", linespacing=1.25)
    bottom = top - _IMAGE
    axes.text(left, bottom, f"guid {plain_text(post['guid'])}", fontsize=7.5, color=MUTED)
    if post["conflict"]:
        text = "near-duplicates have another label"
        axes.text(left + _BESIDE, bottom, text, fontsize=7.5, color=ALERT, ha="right")


def write_thumbnails(
    cases: Iterable[dict[str, Any]], posts: pd.DataFrame, images: Path, folder: Path
) -> None:
    """Write a thumbnail of each case, ``{guid}.jpg``, and set ``picture``: if it has an image."""
    files = posts.set_index("guid")
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        post = files.loc[case["guid"]]
        case["picture"] = not bool(post["image_blanked"])
        if case["picture"]:
            write_thumbnail(images / post["image_file"], folder / f"{case['guid']}.jpg")


def write_thumbnail(image: Path, thumbnail: Path) -> None:
    """Write an image as a JPEG of at most :data:`LONGEST` pixels a side, always the same bytes.

    Raises
    ------
    UnreadableImageError
        If the image cannot be read.
    """
    small = read_image(image).rgb
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    with written_whole(thumbnail) as temporary:
        # No metadata of the image is copied: where it was taken is private.
        Image.frombytes("RGB", small.size, small.tobytes()).save(
            temporary, "JPEG", quality=80, optimize=True
        )


def _new_sheet(width: float, height: float, title: str, note: str) -> tuple[Figure, Axes]:
    """Return a figure of photographs, and axes over all of it in inches from its bottom left."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1), autoscale_on=False, xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    axes.text(_MARGIN, height - 0.1, title, fontsize=11, fontweight="bold", va="top")
    axes.text(_MARGIN, height - 0.33, note, fontsize=8, color=MUTED, va="top")
    return figure, axes


def _draw_band(
    axes: Axes,
    place: tuple[float, float],
    size: tuple[float, float],
    label: str,
    text: str,
    fontsize: float,
    x: float,
) -> None:
    """Draw a band in the colour of a label, with a text in it.

    Parameters
    ----------
    place, size
        Its left top corner, and its width and height.
    x
        Where the text begins or, if it is 0.5, has its middle, as a fraction of the width.
    """
    (left, top), (width, height) = place, size
    colour, _ = label_look(label)
    axes.add_patch(Rectangle((left, top - height), width, height, color=colour, linewidth=0))
    axes.text(
        left + x * width,
        top - 0.54 * height,
        wrapped(text, width, fontsize, 1),
        ha="center" if x == 0.5 else "left",
        va="center",
        fontsize=fontsize,
        fontweight="bold",
        color="white" if label in LABELS else "black",
    )


def _draw_photograph(
    axes: Axes, place: tuple[float, float], side: float, path: Path | None
) -> None:
    """Draw an image into a square of a sheet, or a grey tile where there is none.

    Raises
    ------
    UnreadableImageError
        If the image cannot be read.
    """
    left, top = place
    if path is None:
        axes.add_patch(Rectangle((left, top - side), side, side, color="#BDBDBD", linewidth=0))
        middle = (left + side / 2, top - side / 2)
        axes.text(*middle, "no image", ha="center", va="center", fontsize=8)
        return
    image = ImageOps.pad(
        read_image(path).rgb, (_PIXELS, _PIXELS), Image.Resampling.LANCZOS, color="#F2F2F2"
    )
    axes.imshow(image, extent=(left, left + side, top - side, top), aspect="auto")
