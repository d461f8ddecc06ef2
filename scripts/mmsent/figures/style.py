"""The style of all figures, what several of them draw, and their files.

Importing this module sets the style. Figures come from :func:`new_figure`, not from pyplot, which
keeps every figure in memory until it is closed. The same figure always gives the same bytes.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from mmsent.figures.fonts import FAMILIES, MAIN, font_of
from mmsent.files import written_whole
from mmsent.labels import LABELS, folded
from mmsent.paths import short_name

matplotlib.use("Agg")

#: A figure and the numbers that it shows.
Drawn = tuple[Figure, Any]

#: Colours that people with any colour vision can tell apart (Okabe and Ito), best for charts first.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")

#: Colour and hatch of the study's labels, and of others by position: so that no pair repeats before
#: the 21st, the numbers of colours and hatches have no common factor. White print on each colour is
#: legible.
_LOOKS = {"negative": ("#C75000", "////"), "neutral": ("#737373", ""),
          "positive": ("#0072B2", "....")}  # fmt: skip
_COLOURS = ("#0072B2", "#C75000", "#00785A", "#A0447F", "#737373", "#6B5200", "#222222")
_HATCHES = ("", "////", "....")

#: Colour of posts without a label.
UNLABELLED_COLOUR = "#D0D0D0"

#: Colour of what should catch the eye, of secondary print, and of marks over bars.
ALERT, MUTED, MARK = "#B00020", "#595959", "#222222"

#: A dashed line.
DASHED = (0, (4, 2))

#: Dots per inch of a chart, and of a sheet of photographs, whose files would otherwise be large.
CHART_DPI, SHEET_DPI = 150, 110

matplotlib.rcdefaults()  # whatever the user's matplotlibrc sets
matplotlib.rcParams.update(
    {
        "font.family": MAIN,
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
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
        "text.parse_math": False,  # a dollar sign in a text opens no formula
        "svg.hashsalt": "mmsent",  # otherwise the identifiers in an SVG file are drawn at random
    }
)

#: Letters are measured in print of so many points. Hinting widens them on screen by up to a factor.
_MEASURED, _HINTED = 100, 1.06

#: Characters without a form that shape others: zero width non-joiner and joiner, and isolates.
_SHAPING = "\u200c\u200d\u2066\u2067\u2068\u2069"

#: Characters at the end of a name that remain when it is shortened: variants differ there.
_TAIL = 10


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """Return an empty figure of ``width`` x ``height`` inches whose axes arrange themselves."""
    figure = Figure(figsize=(width, height), layout="constrained")
    if title:
        figure.suptitle(wrapped(title, 0.88 * width, 11, 3), x=0.01, ha="left")
    return figure


def label_look(label: str) -> tuple[str, str]:
    """Return the colour and the hatch of a class, those of a post without a label included."""
    if label not in LABELS:
        return UNLABELLED_COLOUR, ""
    if all(folded(name) in _LOOKS for name in LABELS):
        return _LOOKS[folded(label)]
    place = LABELS.index(label)
    return _COLOURS[place % len(_COLOURS)], _HATCHES[place % len(_HATCHES)]


def legend_below(figure: Figure, handles: Sequence[Artist], columns: int = 2, **look: Any) -> None:
    """Draw a legend below the axes."""
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, **look)


def note_below(figure: Any, text: str) -> None:
    """Write a note in small print below the axes."""
    figure.supxlabel(text, fontsize=8, color=MUTED)


def whole_numbers(*axes: Axis) -> None:
    """Place ticks of each axis at integers, with commas between the thousands."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))
        axis.set_major_formatter("{x:,.0f}")


def mark_values(axes: Axes, marks: Iterable[tuple[float, str, str]]) -> None:
    """Draw a dashed vertical line at each mark (value, text, colour), its text right of its top.

    Each line is lower than those left of it, so that none runs through a text.
    """
    for place, (value, text, colour) in enumerate(sorted(marks, key=lambda mark: mark[0])):
        height = 0.95 - 0.08 * place  # as a fraction of the axes' height
        axes.axvline(value, 0, height + 0.03, color=colour, linewidth=1.1, linestyle=DASHED)
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


def save_figure(figure: Figure, path: Path, photographs: bool = False) -> None:
    """Write a figure as the PNG file ``path``, and a chart as an SVG file beside it."""
    choose_fonts(figure)
    options: Any = {"dpi": CHART_DPI}
    if photographs:
        options = {"dpi": SHEET_DPI, "pil_kwargs": {"optimize": True}}
    with written_whole(path) as png:
        figure.savefig(png, metadata={"Software": None}, **options)
    if not photographs:
        with written_whole(path.with_suffix(".svg")) as svg:
            figure.savefig(svg, metadata={"Date": None})


def choose_fonts(figure: Figure) -> None:
    """Set the fonts of all texts, some of which are older than the first that needs more fonts."""
    for text in figure.findobj(Text):
        text.set_fontfamily(matplotlib.rcParams["font.family"])


def save_figures(drawn: Mapping[str, Drawn], paths: Sequence[Path]) -> dict[str, Any]:
    """Write charts by the names of their files, and return their numbers."""
    for path in paths:
        figure, _ = drawn[path.stem]
        save_figure(figure, path)
    return {name: numbers for name, (_, numbers) in drawn.items()}


def plain_text(text: str) -> str:
    """Return ``text`` as matplotlib can show it, whatever characters a post contains.

    White space is collapsed, and control characters are removed. A character that no font has is
    written as its code point, ``<U+13000>``. A text with letters of a right-to-left script is
    isolated, so that numbers and signs beside it stay where they are.
    """
    shown = []
    for character in unicodedata.normalize("NFC", " ".join(text.split())):
        if character in _SHAPING:
            shown.append(character)
        elif unicodedata.category(character) in {"Cc", "Cf"}:
            continue
        elif font_of(character):
            shown.append(character)
        elif not unicodedata.name(character, "").startswith("VARIATION SELECTOR"):
            shown.append(f"<U+{ord(character):04X}>")
    plain = "".join(shown)
    if any(font_of(character) is not font_of("?") for character in plain):
        # Not from the beginning: looking up so many fonts takes a fifth of the time of drawing.
        matplotlib.rcParams["font.family"] = FAMILIES
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in plain):
        return f"\N{FIRST STRONG ISOLATE}{plain}\N{POP DIRECTIONAL ISOLATE}"
    return plain


def wrapped(text: str, width: float, size: float, lines: int, tail: int = 0) -> str:
    """Return :func:`plain_text` in at most ``lines`` lines, broken by the width of the characters.

    A word that is wider than a line is broken; a text that is longer is shortened to an ellipsis.

    Parameters
    ----------
    width
        Of the lines, in inches.
    size
        Of the print, in points.
    tail
        Characters at the end of the text that are shown after the ellipsis.
    """

    def fits(line: str) -> bool:
        return text_width(line, size) <= 72 * width

    plain = plain_text(text)
    made: list[str] = []
    for word in plain.split(" "):
        if made and fits(f"{made[-1]} {word}"):
            made[-1] += f" {word}"
            continue
        rest = word
        while len(made) <= lines and len(rest) > 1 and not fits(rest):
            fitting = next(n for n in range(1, len(rest)) if not fits(rest[: n + 1]))
            cut = next((n for n in range(fitting, 0, -1) if not _is_joined(rest, n)), fitting)
            made.append(rest[:cut])
            rest = rest[cut:]
        made.append(rest)
        if len(made) > lines:
            break
    if len(made) > lines:
        last, end = made[lines - 1], f"…{plain[len(plain) - tail :]}"
        while last and not fits(last + end):
            last = last[:-1]
        made = [*made[: lines - 1], last + end]
    return "\n".join(made)


def wrapped_name(experiment: str, width: float, size: float, lines: int) -> str:
    """Return the name of an experiment as figures show it: its end remains if it is shortened."""
    return wrapped(short_name(experiment), width, size, lines, _TAIL)


def text_width(line: str, size: float) -> float:
    """Return the width in points of a line in print of ``size`` points."""
    return sum(map(_advance, line)) * size * _HINTED / _MEASURED


def _is_joined(text: str, place: int) -> bool:
    """Whether the characters before and after a place are drawn as one."""
    before, after = text[place - 1], text[place]
    mark = unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff"
    return mark or before in _SHAPING or after in _SHAPING


@cache
def _advance(character: str) -> float:
    font = None if character in _SHAPING else font_of(character)
    if font is None:
        return 0.0
    font.set_size(_MEASURED, 72)
    return font.load_char(ord(character)).linearHoriAdvance / 65536
