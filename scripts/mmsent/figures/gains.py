"""Differences between experiments, pair by pair: a forest plot."""

import itertools
from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mmsent.evaluation.paired import SAME
from mmsent.figures.scores import NAMES, WIDTH, draw_interval, short_name
from mmsent.figures.style import ALERT, MARK, MUTED, PALETTE, new_figure
from mmsent.figures.wrapping import wrapped

_COLOUR = PALETTE[0]

#: Places of the printed columns right of the axes, in points.
_DIFFERENCE, _P = 8, 52


def figure_pairs(
    families: dict[str, list[dict[str, Any]]],
    headings: dict[str, str],
    printed: Callable[[str], float | None],
) -> list[dict[str, Any]]:
    """The pairs that :func:`gains_figure` draws.

    Parameters
    ----------
    families
        Rows of :func:`mmsent.evaluation.paired.compared` by family.
    headings
        The families that are drawn, in order, each with its heading.
    printed
        Gives the weighted F1 that the study prints of an experiment, or ``None``; a pair's
        ``reported`` is the difference of two such.

    Raises
    ------
    ValueError
        If there is no such family.
    """
    unknown = [family for family in headings if family not in families]
    if unknown:
        raise ValueError(f"no family {', '.join(unknown)}; there are {', '.join(families)}")
    keys = ("difference", "low", "high", "p_holm", "verdict")
    pairs = []
    for family, heading in headings.items():
        for row in families[family]:
            first, second = printed(row["first"]), printed(row["second"])
            gain = None if first is None or second is None else round(first - second, 6)
            pairs.append(
                {"first": row["first"], "second": row["second"], "family_label": heading}
                | {key: row["weighted_f1"][key] for key in keys}
                | {"reported": gain}
            )
    return pairs


def gains_figure(
    pairs: list[dict[str, Any]], title: str, level: float = 0.95
) -> tuple[Figure, dict[str, Any]]:
    """Differences in weighted F1 with their intervals, under a heading for each family.

    Parameters
    ----------
    pairs
        Each with ``first``, ``second``, ``family_label``, ``difference`` (first less second),
        ``low``, ``high``, ``p_holm``, ``verdict`` and ``reported`` (the study's, or ``None``);
        those of a family follow each other. There may be none.
    level
        Coverage of the intervals.

    Returns
    -------
    figure, numbers
        ``level`` and ``pairs``, as drawn.
    """
    groups = [
        (heading, list(group))
        for heading, group in itertools.groupby(pairs, key=lambda pair: pair["family_label"])
    ]
    labels = [_label(pair) for pair in pairs]
    # Names that need more lines than one each need higher rows.
    row = 0.42 * max([1.0, *((label.count("\n") + 1) / 2 for label in labels)])
    figure = new_figure(WIDTH, 1.6 + row * max(len(pairs), 1) + row * 0.95 * len(groups))
    figure.suptitle(wrapped(title, 0.88 * WIDTH, 11, 2), x=0.01, ha="left")
    axes = figure.add_subplot()
    if not pairs:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "There is no pair to compare.", ha="center", color=MUTED)
        return figure, {"level": level, "pairs": []}
    axes.axvline(0, color=MARK, linewidth=1.1)
    place = 0.0
    ticks: list[tuple[float, str, bool]] = []
    for heading, group in groups:
        ticks.append((place, wrapped(heading, NAMES, 9, 2), True))
        place += 0.95
        for pair in group:
            ticks.append((place, labels.pop(0), False))
            _draw_pair(axes, pair, place)
            place += 1.0
    _name_rows(axes, ticks)
    axes.set_ylim(place - 0.4, -0.5)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.set_xlabel("difference in weighted F1, first less second")
    figure.legend(handles=_handles(pairs, level), loc="outside lower left", ncols=2)
    return figure, {"level": level, "pairs": [dict(pair) for pair in pairs]}


def p_text(p: float) -> str:
    """A p value in print: never as 0, with three decimal places where two would say little."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _label(pair: dict[str, Any]) -> str:
    return f"{short_name(pair['first'])}\nagainst {short_name(pair['second'])}"


def _signed(number: str) -> str:
    """A number in print with the minus sign that axes have; 0 has no sign."""
    return number.lstrip("+-") if not float(number) else number.replace("-", "\N{MINUS SIGN}")


def _draw_pair(axes: Axes, pair: dict[str, Any], place: float) -> None:
    told_apart = pair["verdict"] != SAME
    line: Any = {"ecolor": _COLOUR, "elinewidth": 1.4, "capsize": 3}
    draw_interval(axes, place, pair["low"], pair["high"], **line)
    axes.plot(
        pair["difference"],
        place,
        "o",
        color=_COLOUR,
        markerfacecolor=_COLOUR if told_apart else "white",
        markersize=6.5,
        zorder=3,
    )
    if pair["reported"] is not None:
        axes.plot(pair["reported"], place + 0.3, **_study())
    weight = "bold" if told_apart else "normal"
    for text, right in (
        (_signed(f"{pair['difference']:+.3f}"), _DIFFERENCE),
        (p_text(pair["p_holm"]), _P),
    ):
        axes.annotate(
            text,
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(right, 0),
            textcoords="offset points",
            va="center",
            fontweight=weight,
        )


def _name_rows(axes: Axes, ticks: list[tuple[float, str, bool]]) -> None:
    axes.set_yticks([tick[0] for tick in ticks], [tick[1] for tick in ticks])
    for label, (_, _, is_heading) in zip(axes.get_yticklabels(), ticks, strict=True):
        if is_heading:
            label.set(fontweight="bold", fontsize=9)
        else:
            label.set(fontsize=8, linespacing=1.05)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _study() -> dict[str, Any]:
    return {
        "marker": "D",
        "linestyle": "",
        "markerfacecolor": "none",
        "markeredgecolor": ALERT,
        "markersize": 5.5,
    }


def _handles(pairs: list[dict[str, Any]], level: float) -> list[Line2D]:
    line: Any = {"color": _COLOUR, "marker": "o", "markersize": 6.5, "linewidth": 1.4}
    handles = []
    if any(pair["verdict"] != SAME for pair in pairs):
        handles.append(Line2D([], [], label="filled, bold: better or worse", **line))
    if any(pair["verdict"] == SAME for pair in pairs):
        handles.append(Line2D([], [], markerfacecolor="white", label=f"hollow: {SAME}", **line))
    if any(pair["reported"] is not None for pair in pairs):
        handles.append(Line2D([], [], label="difference printed in the study", **_study()))
    note = f"lines: {level:.0%} intervals; p: corrected (Holm)"
    return [*handles, Line2D([], [], linestyle="", label=note)]
