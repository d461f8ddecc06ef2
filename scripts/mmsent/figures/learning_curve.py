"""Scores against the number of training posts."""

from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from mmsent.figures.scores import WIDTH, short_name
from mmsent.figures.style import DASHED, MUTED, PALETTE, legend_below, new_figure

_MARKERS = "osD^v"


def learning_curve_figure(numbers: dict[str, Any]) -> Figure:
    """Draw weighted F1 with its interval against training posts, on a logarithmic axis.

    ``numbers`` are those of :func:`mmsent.evaluation.learning_curve.learning_curve`. A dotted line
    continues each curve to twice the posts, a dashed one is the best version.
    """
    figure = new_figure(WIDTH, 4.6, "Weighted F1 by number of training posts")
    axes = figure.add_subplot()
    axes.set_xscale("log", base=2)
    handles: list[Artist] = []
    for place, doubling in enumerate(numbers["doublings"]):
        name, look = doubling["experiment"], _look(place)
        rows = [row for row in numbers["rows"] if row["experiment"] == name]
        x = [row["train_posts"] for row in rows]
        y = [row["weighted_f1"] for row in rows]
        marker = _MARKERS[place % len(_MARKERS)]
        (line,) = axes.plot(x, y, marker=marker, label=short_name(name), **look)
        for row in rows:
            low, high = row["weighted_f1_low"], row["weighted_f1_high"]
            axes.vlines(row["train_posts"], low, high, linewidth=1.1, alpha=0.6, **look)
        axes.plot([x[-1], 2 * x[-1]], [y[-1], y[-1] + doubling["slope"]], linestyle=":", **look)
        handles.append(line)
    axes.axhline(numbers["best_f1"], color=MUTED, linewidth=1, linestyle=DASHED)
    first = numbers["doublings"][0]
    rows = [row for row in numbers["rows"] if row["experiment"] == first["experiment"]]
    ticks = {row["train_posts"]: f"{row['train_posts']:,.0f}\n{row['fraction']:g}" for row in rows}
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.xaxis.set_minor_locator(NullLocator())
    name = short_name(first["experiment"])
    axes.set_xlabel(f"training posts of a fold, and their fraction ({name})")
    axes.set_ylabel("weighted F1")
    level = f"vertical lines: {numbers['level']:.0%} confidence intervals"
    handles += [
        Line2D([], [], color=MUTED, linewidth=1, linestyle=DASHED,
               label=f"best version: {numbers['best']}"),
        Line2D([], [], color=MUTED, linestyle=":", label="extrapolated: twice the posts"),
        Line2D([], [], linestyle="", label=level),
    ]  # fmt: skip
    legend_below(figure, handles)
    return figure


def _look(place: int) -> dict[str, Any]:
    return {"color": PALETTE[place % len(PALETTE)]}
