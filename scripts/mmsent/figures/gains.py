"""Differences between experiments, pair by pair: a forest plot."""

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from mmsent.evaluation.paired import SAME
from mmsent.figures.scores import NAMES, WIDTH, draw_interval, short_name, write_beside
from mmsent.figures.style import ALERT, MARK, MUTED, PALETTE, legend_below, new_figure, wrapped

_OURS: Any = {"color": PALETTE[0], "marker": "o", "markersize": 6.5}
_STUDY: Any = {"marker": "D", "linestyle": "", "markerfacecolor": "none",
               "markeredgecolor": ALERT, "markersize": 5.5}  # fmt: skip

#: Offsets of the printed columns from the axes, in points.
_DIFFERENCE, _P = 8, 52


def gains_figure(
    families: Mapping[str, list[dict[str, Any]]],
    reported: Callable[[str], float | None],
    title: str,
    level: float,
) -> tuple[Figure, dict[str, Any]]:
    """Draw differences in weighted F1 with their intervals, under a heading for each family.

    Parameters
    ----------
    families
        Rows of :func:`mmsent.evaluation.paired.compared` by heading. There may be none.
    reported
        Returns the weighted F1 that the study prints of an experiment, or None.
    level
        Coverage of the intervals.

    Returns
    -------
    figure, numbers
        ``level``; ``pairs``: of each row drawn ``family_label``, ``first``, ``second``,
        ``difference``, ``low``, ``high``, ``p_holm``, ``verdict``, and ``reported``: the difference
        of the study's figures, or ``None``.
    """
    pairs = [_pair(row, heading, reported) for heading, rows in families.items() for row in rows]
    numbers = {"level": level, "pairs": pairs}
    labels = [f"{short_name(pair['first'])}\nvs. {short_name(pair['second'])}" for pair in pairs]
    # Names that need more than a line each need higher rows.
    row = 0.42 * max([1.0, *((label.count("\n") + 1) / 2 for label in labels)])
    height = 1.6 + row * max(len(pairs), 1) + row * 0.95 * len(families)
    figure = new_figure(WIDTH, height, title)
    axes = figure.add_subplot()
    if not pairs:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "No pairs to compare.", ha="center", color=MUTED)
        return figure, numbers
    axes.axvline(0, color=MARK, linewidth=1.1)
    place = 0.0
    ticks: dict[float, tuple[str, dict[str, Any]]] = {}
    before = None
    for pair, label in zip(pairs, labels, strict=True):
        if pair["family_label"] != before:
            before = pair["family_label"]
            ticks[place] = wrapped(before, NAMES, 9, 2), {"fontweight": "bold", "fontsize": 9}
            place += 0.95
        ticks[place] = label, {"fontsize": 8, "linespacing": 1.05}
        _draw_pair(axes, pair, place)
        place += 1.0
    axes.set_yticks(list(ticks), [text for text, _ in ticks.values()])
    for tick, (_, look) in zip(axes.get_yticklabels(), ticks.values(), strict=True):
        tick.set(**look)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(place - 0.4, -0.5)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.set_xlabel("difference in weighted F1 (first - second)")
    legend_below(figure, _handles(pairs, level))
    return figure, numbers


def p_text(p: float) -> str:
    """Return a p value in print: never 0, and three decimal places where two are too few."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def _pair(
    row: dict[str, Any], heading: str, reported: Callable[[str], float | None]
) -> dict[str, Any]:
    first, second = reported(row["first"]), reported(row["second"])
    gain = None if first is None or second is None else round(first - second, 6)
    keys = ("difference", "low", "high", "p_holm", "verdict")
    pair = {"first": row["first"], "second": row["second"], "family_label": heading}
    return pair | {key: row["weighted_f1"][key] for key in keys} | {"reported": gain}


def _draw_pair(axes: Axes, pair: dict[str, Any], place: float) -> None:
    significant = pair["verdict"] != SAME
    draw_interval(axes, place, pair, ecolor=PALETTE[0], elinewidth=1.4, capsize=3)
    face = PALETTE[0] if significant else "white"
    axes.plot(pair["difference"], place, markerfacecolor=face, zorder=3, linestyle="", **_OURS)
    if pair["reported"] is not None:
        axes.plot(pair["reported"], place + 0.3, **_STUDY)
    gain = f"{pair['difference']:+.3f}"
    gain = gain if float(gain) else gain[1:]
    weight = "bold" if significant else "normal"
    write_beside(axes, place, ScalarFormatter.fix_minus(gain), _DIFFERENCE, fontweight=weight)
    write_beside(axes, place, p_text(pair["p_holm"]), _P, fontweight=weight)


def _handles(pairs: list[dict[str, Any]], level: float) -> list[Artist]:
    line: Any = {"xdata": [], "ydata": [], "linewidth": 1.4, **_OURS}
    handles: list[Artist] = []
    if any(pair["verdict"] != SAME for pair in pairs):
        handles.append(Line2D(label="filled, bold: significantly different", **line))
    if any(pair["verdict"] == SAME for pair in pairs):
        handles.append(
            Line2D(markerfacecolor="white", label="hollow: not significantly different", **line)
        )
    if any(pair["reported"] is not None for pair in pairs):
        handles.append(Line2D([], [], label="difference reported in the study", **_STUDY))
    note = f"lines: {level:.0%} confidence intervals; p: Holm-corrected"
    return [*handles, Line2D([], [], linestyle="", label=note)]
