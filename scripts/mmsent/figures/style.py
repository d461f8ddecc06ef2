"""The one style of all figures, and their saving: the same figure always gives the same bytes.

Importing this module sets the style up. Figures come from :func:`new_figure` and not from pyplot,
which would keep every figure in memory until it is closed.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmsent.files import written_whole

matplotlib.use("Agg")

#: A figure and the numbers that it shows.
Drawn = tuple[Figure, Any]

#: Colours that people with any colour vision can tell apart (Okabe and Ito), best for charts first.
PALETTE: tuple[str, ...] = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#009E73",  # green
    "#CC79A7",  # purple
    "#56B4E9",  # sky blue
    "#D55E00",  # vermilion
    "#000000",
)

#: Colour of each label; white print on them can be read.
LABEL_COLOURS: dict[str, str] = {
    "negative": "#C75000",
    "neutral": "#737373",
    "positive": "#0072B2",
}

#: Colour of posts without a label.
UNLABELLED_COLOUR = "#D0D0D0"

#: Colour of what should catch the eye, of secondary print, and of marks over bars.
ALERT, MUTED, MARK = "#B00020", "#595959", "#222222"

#: Dots per inch of a chart, and of a sheet of photos, whose files would else be large.
CHART_DPI, SHEET_DPI = 150, 110

STYLE: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": f"cycler('color', {list(PALETTE)})",
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 100,
    "svg.hashsalt": "mmsent",  # else the identifiers in an SVG file are drawn at random
    "svg.fonttype": "path",
}

matplotlib.rcParams.update(STYLE)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of ``width`` x ``height`` inches whose axes arrange themselves."""
    return Figure(figsize=(width, height), layout="constrained")


def whole_numbers(*axes: Axis) -> None:
    """Mark each axis at whole numbers alone, with commas between the thousands."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))
        axis.set_major_formatter("{x:,.0f}")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a chart as the PNG file ``path`` and as an SVG file beside it, both whole.

    Raises
    ------
    ValueError
        If ``path`` does not end in ``.png``.
    """
    path = _png(path)
    vector = path.with_suffix(".svg")
    with (
        matplotlib.rc_context(STYLE),
        written_whole(path) as png,
        written_whole(vector) as svg,
    ):
        figure.savefig(png, dpi=CHART_DPI, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None})


def save_figures(drawn: Mapping[str, Drawn], paths: Sequence[Path]) -> dict[str, Any]:
    """Write figures as :func:`save_figure` does, one path each, and return their numbers."""
    for (figure, _), path in zip(drawn.values(), paths, strict=True):
        save_figure(figure, path)
    return {name: numbers for name, (_, numbers) in drawn.items()}


def save_sheet(figure: Figure, path: str | Path) -> None:
    """Write a sheet of photos as the PNG file ``path`` alone, whole.

    Raises
    ------
    ValueError
        If ``path`` does not end in ``.png``.
    """
    with matplotlib.rc_context(STYLE), written_whole(_png(path)) as png:
        figure.savefig(
            png, dpi=SHEET_DPI, metadata={"Software": None}, pil_kwargs={"optimize": True}
        )


def plain_text(text: str) -> str:
    """``text`` as matplotlib can show it, whatever characters a post holds.

    White space is collapsed, invisible characters go, other characters that the font lacks become
    ``?``, and a dollar sign opens no formula.
    """
    shown = []
    for character in unicodedata.normalize("NFC", " ".join(text.split())):
        category = unicodedata.category(character)
        if category in {"Cc", "Cf"}:
            continue
        if ord(character) in _known_characters():
            shown.append(character)
        elif category not in {"Mn", "Me"}:  # marks upon another character
            shown.append("?")
    return "".join(shown).replace("$", r"\$")


def mark_value(axes: Axes, value: float, text: str, height: float, colour: str = MARK) -> None:
    """Draw a vertical line at ``value`` up to the text to the right of its top.

    ``height`` is that of the text, as a share of the axes' height. Where of several marks each is
    lower than the ones left of it, no line runs through a text.
    """
    axes.axvline(value, 0, height + 0.03, color=colour, linewidth=1.1, linestyle=(0, (4, 2)))
    axes.annotate(
        text,
        (value, height),
        xycoords=("data", "axes fraction"),
        xytext=(3, 0),
        textcoords="offset points",
        color=colour,
        fontsize=8,
        va="center",
        bbox={
            "boxstyle": "square,pad=0.1",
            "facecolor": "white",
            "edgecolor": "none",
            "alpha": 0.85,
        },
    )


@cache
def _known_characters() -> frozenset[int]:
    path = font_manager.findfont(str(STYLE["font.family"]))
    return frozenset(font_manager.get_font(path).get_charmap())


def _png(path: str | Path) -> Path:
    path = Path(path)
    if path.suffix != ".png":
        raise ValueError(f"{path}: a figure is written as .png")
    return path


def bare_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """An empty pair of axes without frame; all in inches, ``top`` from the figure's bottom."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, (top - height) / up, width / across, height / up))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_axis_off()
    return axes
