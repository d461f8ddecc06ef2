"""A sheet of the posts that a model is most confidently wrong about."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageOps

from mmsent.data.images import read_picture
from mmsent.evaluation.bad_cases import worst
from mmsent.figures.style import ALERT, LABEL_COLOURS, MUTED, bare_axes
from mmsent.figures.wrapping import wrapped
from mmsent.files import written_whole

#: Posts on the sheet, and how many stand beside each other.
SHOWN, _COLUMNS = 8, 2

# Inches: a card is a picture with two bands and the text beside it.
_PICTURE, _BESIDE, _BAND, _SPACE, _MARGIN, _HEAD = 1.7, 2.85, 0.21, 0.24, 0.12, 0.6
_WIDTH = 2 * _MARGIN + _COLUMNS * (_PICTURE + 0.12 + _BESIDE) + (_COLUMNS - 1) * _SPACE

_PRINT, _LINES = 9.0, 5

_THUMBNAIL = 220  # pixels

#: Longest side of a thumbnail in pixels.
LONGEST = 320

_GREY = "#BDBDBD"


def bad_case_sheet(
    name: str, wrong: pd.DataFrame, total: int, posts: pd.DataFrame, images: Path
) -> Figure:
    """A card for each of the worst posts: picture, text, what it is and what it was taken for.

    Parameters
    ----------
    wrong
        The wrong posts of the experiment ``name``, from
        :func:`mmsent.evaluation.bad_cases.bad_cases`.
    total
        Posts that were predicted.
    posts
        Columns ``guid``, ``image_file`` and ``image_blanked``.
    images
        Folder of the pictures. A blanked picture is shown as a grey tile.

    Raises
    ------
    UnreadableImageError
        If a picture cannot be read.
    """
    shown = worst(wrong, SHOWN)
    rows = -(-len(shown) // _COLUMNS)
    height = _HEAD + rows * (_PICTURE + _SPACE)
    figure = Figure(figsize=(_WIDTH, height))
    _head(figure, name, wrong, total)
    files = posts.set_index("guid")
    for place, post in enumerate(shown.to_dict("records")):
        row, column = divmod(place, _COLUMNS)
        left = _MARGIN + column * (_PICTURE + 0.12 + _BESIDE + _SPACE)
        top = height - _HEAD - row * (_PICTURE + _SPACE)
        stored = files.loc[post["guid"]]
        file = None if stored["image_blanked"] else images / stored["image_file"]
        _card(figure, post, file, left, top)
    return figure


def write_thumbnails(
    cases: Iterable[dict[str, Any]], posts: pd.DataFrame, images: Path, folder: Path
) -> None:
    """Write a thumbnail of each case, ``{guid}.jpg``; ``picture`` of a case says if there is one.

    Parameters
    ----------
    posts, images
        As in :func:`bad_case_sheet`.
    """
    files = posts.set_index("guid")
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        post = files.loc[case["guid"]]
        case["picture"] = not bool(post["image_blanked"])
        if case["picture"]:
            write_thumbnail(images / post["image_file"], folder / f"{case['guid']}.jpg")


def write_thumbnail(picture: Path, thumbnail: Path) -> None:
    """Write a picture as a JPEG of at most :data:`LONGEST` pixels a side, always the same bytes.

    Raises
    ------
    UnreadableImageError
        If the picture cannot be read.
    """
    small = read_picture(picture).rgb
    small.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    with written_whole(thumbnail) as temporary:
        # No metadata of the picture goes with it: where it was taken is nobody's business.
        Image.frombytes("RGB", small.size, small.tobytes()).save(
            temporary, "JPEG", quality=80, optimize=True
        )


def _head(figure: Figure, name: str, wrong: pd.DataFrame, total: int) -> None:
    lines = [
        (0.1, f"{name}: wrong about {len(wrong):,} of {total:,} posts", 11.0, "bold", "black"),
        (
            0.33,
            "Most confident mistakes first; of near-duplicates one. Per cent: probability of the "
            "predicted class, from the run that had the post in its test fold.",
            8.0,
            "normal",
            MUTED,
        ),
    ]
    for down, text, size, weight, colour in lines:
        across, up = figure.get_size_inches()
        figure.text(
            _MARGIN / across,
            1 - down / up,
            text,
            fontsize=size,
            fontweight=weight,
            color=colour,
            va="top",
        )


def _card(figure: Figure, post: dict[Any, Any], file: Path | None, left: float, top: float) -> None:
    picture = bare_axes(figure, left, top, _PICTURE, _PICTURE)
    if file is None:
        picture.add_patch(Rectangle((0, 0), 1, 1, color=_GREY))
        picture.text(0.5, 0.5, "picture\nblanked", ha="center", va="center", fontsize=8)
    else:
        image = ImageOps.pad(
            read_picture(file).rgb, (_THUMBNAIL,) * 2, Image.Resampling.LANCZOS, color="#F2F2F2"
        )
        picture.imshow(image, extent=(0, 1, 0, 1))
    left += _PICTURE + 0.12
    _band(figure, left, top, post["label"], f"labelled {post['label']}")
    predicted = f"predicted {post['predicted']}: {_per_cent(post['confidence'])}"
    _band(figure, left, top - _BAND - 0.03, post["predicted"], predicted)
    beside = bare_axes(figure, left, top - 2 * _BAND - 0.1, _BESIDE, _PICTURE - 2 * _BAND - 0.1)
    beside.text(
        0,
        1,
        wrapped(post["text"], _BESIDE, _PRINT, _LINES),
        fontsize=_PRINT,
        va="top",
        linespacing=1.25,
    )
    beside.text(0, 0, f"guid {post['guid']}", fontsize=7.5, color=MUTED)
    if post["conflict"]:
        beside.text(
            1, 0, "near-duplicates labelled otherwise", fontsize=7.5, color=ALERT, ha="right"
        )


def _band(figure: Figure, left: float, top: float, label: str, text: str) -> None:
    band = bare_axes(figure, left, top, _BESIDE, _BAND)
    band.add_patch(Rectangle((0, 0), 1, 1, color=LABEL_COLOURS[label]))
    band.text(0.02, 0.46, text, va="center", fontsize=8.5, fontweight="bold", color="white")


def _per_cent(share: float) -> str:
    """A probability in per cent; one that is not quite 1 is not shown as 100%."""
    return f"{share:.1%}" if share < 0.9995 or share == 1 else "over 99.9%"
