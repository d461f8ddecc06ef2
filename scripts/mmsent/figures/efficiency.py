"""Scores against the seconds of training."""

from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mmsent.figures.scores import WIDTH
from mmsent.figures.style import MUTED, PALETTE, legend_below, new_figure, wrapped_name

#: Colour, marker and name of the versions and of the experiments of the ablation.
_KINDS = ((PALETTE[0], "o", "version"), (PALETTE[5], "s", "ablation"))

_FRONT: Any = {"color": MUTED, "linewidth": 1.2, "linestyle": (0, (5, 2))}

#: Names beside the axes: print in points, the least distance of two and their width in inches.
_PRINT, _DISTANCE, _NAMES = 8.0, 0.165, 1.7


def efficiency_rows(scores: pd.DataFrame, seconds: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what is drawn, the cheapest experiment first.

    Parameters
    ----------
    scores
        Columns ``experiment``, ``weighted_f1``, ``weighted_f1_low``, ``weighted_f1_high``,
        ``trained_parameters``; each experiment once.
    seconds
        Columns ``experiment``, ``train``, ``search`` (seconds over all folds) and ``memory`` (MiB).

    Returns
    -------
    list of dict
        These columns, ``seconds`` (training and search), ``f1_per_minute``, and ``efficient``:
        Pareto-optimal, that is no other experiment has at least its weighted F1 in no more time.

    Raises
    ------
    ValueError
        If an experiment has no seconds.
    """
    table = scores.merge(seconds, on="experiment", how="left", validate="one_to_one")
    if table["train"].isna().any():
        unknown = table.loc[table["train"].isna(), "experiment"].tolist()
        raise ValueError(f"no seconds of {', '.join(unknown)}")
    table["seconds"] = (table["train"] + table["search"]).round(1)
    table = table.sort_values(["seconds", "weighted_f1"], ascending=[True, False], kind="stable")
    f1 = table["weighted_f1"]
    table["efficient"] = f1 > f1.cummax().shift(fill_value=-1.0)
    # A job that was too short to be measured took a tenth of a second at most.
    table["f1_per_minute"] = 60 * f1 / table["seconds"].clip(lower=0.1)
    columns = ["experiment", "weighted_f1", "weighted_f1_low", "weighted_f1_high", "seconds",
               "trained_parameters", "memory", "efficient", "f1_per_minute"]  # fmt: skip
    return table[columns].to_dict("records")


def efficiency_figure(rows: list[dict[str, Any]], level: float) -> tuple[Figure, dict[str, Any]]:
    """Draw weighted F1 with its interval against seconds of training, on a logarithmic axis.

    Pareto-optimal experiments are connected and bold. Names are right of the axes in the order of
    the scores, each with a line to its point, so that they never overlap.

    Returns
    -------
    figure, numbers
        ``level`` (coverage of the intervals) and ``rows``, of :func:`efficiency_rows`.
    """
    figure = new_figure(
        WIDTH, max(4.6, 1.6 + 1.15 * _DISTANCE * len(rows)), "Weighted F1 and training time"
    )
    axes = figure.add_subplot()
    axes.set_xscale("log")
    for row in rows:
        (x, y), (colour, marker, _) = _point(row), _kind(row)
        low, high = row["weighted_f1_low"], row["weighted_f1_high"]
        axes.vlines(x, low, high, color=colour, linewidth=1.1, alpha=0.55)
        face = colour if row["efficient"] else "white"
        axes.plot(x, y, marker, color=colour, markerfacecolor=face, markersize=6.5, zorder=3)
    axes.plot(*zip(*(_point(row) for row in rows if row["efficient"]), strict=True), zorder=1,
              **_FRONT)  # fmt: skip
    axes.margins(x=0.06, y=0.08)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("training time over all folds, including searches (seconds)")
    axes.set_ylabel("weighted F1")
    legend_below(figure, _handles(rows, level))
    _name_points(figure, axes, rows)
    return figure, {"level": level, "rows": rows}


def _kind(row: dict[str, Any]) -> tuple[str, str, str]:
    return _KINDS[row["experiment"].startswith("ablation/")]


def _point(row: dict[str, Any]) -> tuple[float, float]:
    return max(row["seconds"], 0.1), row["weighted_f1"]


def _name_points(figure: Figure, axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Write the names beside the axes, the highest score on top, at places that keep apart."""
    ordered = sorted(rows, key=lambda row: (-row["weighted_f1"], row["seconds"]))
    # A text that is as wide as names may be reserves the room beside the axes.
    axes.annotate(
        " ",
        (1, 0.5),
        xycoords="axes fraction",
        xytext=(22 + 72 * _NAMES, 0),
        textcoords="offset points",
        fontsize=_PRINT,
    )
    figure.draw_without_rendering()  # settles where the axes are
    inches = axes.get_position().height * figure.get_size_inches()[1]
    low, high = axes.get_ylim()
    wanted = [(row["weighted_f1"] - low) / (high - low) for row in ordered]
    for row, place in zip(ordered, _apart(wanted, _DISTANCE / inches), strict=True):
        colour = _kind(row)[0]
        axes.annotate(
            wrapped_name(row["experiment"], _NAMES, _PRINT, 1),
            _point(row),
            xytext=(1.035, place),
            textcoords="axes fraction",
            annotation_clip=False,
            fontsize=_PRINT,
            fontweight="bold" if row["efficient"] else "normal",
            color=colour,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "alpha": 0.45,
                        "shrinkA": 1, "shrinkB": 4, "relpos": (0, 0.5)},
        )  # fmt: skip


def _apart(wanted: list[float], distance: float) -> list[float]:
    """Move falling places, first down and then up, until they are ``distance`` apart."""
    places: list[float] = []
    for place in wanted:
        places.append(min(place, places[-1] - distance if places else 1.0))
    lowest = 0.0
    for number in reversed(range(len(places))):
        places[number] = max(places[number], lowest)
        lowest = places[number] + distance
    return places


def _handles(rows: list[dict[str, Any]], level: float) -> list[Artist]:
    kinds = {_kind(row) for row in rows}
    handles: list[Artist] = [
        Line2D([], [], linestyle="", color=colour, marker=marker, markersize=6.5, label=name)
        for colour, marker, name in _KINDS
        if (colour, marker, name) in kinds
    ]
    handles.append(Line2D([], [], label="filled, bold: Pareto-optimal", **_FRONT))
    note = f"vertical lines: {level:.0%} confidence intervals"
    return [*handles, Line2D([], [], linestyle="", label=note)]
