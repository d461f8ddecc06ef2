"""What a weighted F1 costs: scores against the seconds of training."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mmsent.figures.scores import WIDTH
from mmsent.figures.style import MUTED, PALETTE, new_figure
from mmsent.figures.wrapping import wrapped

#: Colour, marker and words of the versions and of the rows of the ablation.
_KINDS = ((PALETTE[0], "o", "version"), (PALETTE[5], "s", "row of the ablation"))

#: Names beside the axes: their print, and the least distance between two in inches.
_PRINT, _LINE_HEIGHT, _HEIGHT, _NAMES = 8.0, 0.165, 4.6, 1.7


def efficiency_rows(scores: pd.DataFrame, seconds: pd.DataFrame) -> list[dict[str, Any]]:
    """What is drawn, the cheapest experiment first.

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
        These columns, ``seconds`` (training and search), ``f1_per_minute``, and ``efficient``: no
        other experiment has at least its weighted F1 in no more time.
    """
    table = scores.merge(seconds, on="experiment", how="left", validate="one_to_one")
    if table["train"].isna().any():
        unknown = table.loc[table["train"].isna(), "experiment"].tolist()
        raise ValueError(f"no seconds of {', '.join(unknown)}")
    table["seconds"] = (table["train"] + table["search"]).round(1)
    table = table.sort_values(["seconds", "weighted_f1"], ascending=[True, False], kind="stable")
    columns = ["experiment", "weighted_f1", "weighted_f1_low", "weighted_f1_high",
               "trained_parameters", "seconds", "memory"]  # fmt: skip
    rows: list[dict[str, Any]] = table[columns].to_dict("records")
    best = -1.0
    for row in rows:
        row["efficient"] = row["weighted_f1"] > best
        best = max(best, row["weighted_f1"])
        # A job that was too short to be measured took a tenth of a second at most.
        row["f1_per_minute"] = 60 * row["weighted_f1"] / max(row["seconds"], 0.1)
    return rows


def efficiency_figure(rows: list[dict[str, Any]], level: float) -> tuple[Figure, dict[str, Any]]:
    """Weighted F1 with its interval against seconds of training, on a logarithmic axis.

    Experiments that no other beats in both are connected and bold. Names stand right of the axes in
    the order of the scores, each with a line to its point, so that they never overlap.

    Parameters
    ----------
    rows
        From :func:`efficiency_rows`.
    level
        Coverage of the intervals.

    Returns
    -------
    figure, numbers
        ``level`` and ``rows``, as drawn.
    """
    height = max(_HEIGHT, 1.6 + 1.15 * _LINE_HEIGHT * len(rows))
    figure = new_figure(WIDTH, height)
    figure.suptitle("What a weighted F1 costs", x=0.01, ha="left")
    axes = figure.add_subplot()
    for row in rows:
        _draw_point(axes, row)
    front = [row for row in rows if row["efficient"]]
    axes.plot(
        [max(row["seconds"], 0.1) for row in front],
        [row["weighted_f1"] for row in front],
        color=MUTED,
        linewidth=1.2,
        linestyle=(0, (5, 2)),
        zorder=1,
    )
    axes.set_xscale("log")
    axes.margins(x=0.06, y=0.08)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("seconds of training over all folds, searches included")
    axes.set_ylabel("weighted F1")
    figure.legend(handles=_handles(rows, level), loc="outside lower left", ncols=2)
    _name_points(figure, axes, rows)
    return figure, {"level": level, "rows": rows}


def _kind(row: dict[str, Any]) -> tuple[str, str, str]:
    return _KINDS[row["experiment"].startswith("ablation/")]


def _draw_point(axes: Axes, row: dict[str, Any]) -> None:
    colour, marker, _ = _kind(row)
    seconds = max(row["seconds"], 0.1)
    low, high = row["weighted_f1_low"], row["weighted_f1_high"]
    axes.vlines(seconds, low, high, color=colour, linewidth=1.1, alpha=0.55)
    axes.plot(
        seconds,
        row["weighted_f1"],
        marker,
        color=colour,
        markerfacecolor=colour if row["efficient"] else "white",
        markersize=6.5,
        zorder=3,
    )


def _name_points(figure: Figure, axes: Axes, rows: list[dict[str, Any]]) -> None:
    """Put the names beside the axes, the highest score on top, in places that keep apart."""
    ordered = sorted(rows, key=lambda row: (-row["weighted_f1"], row["seconds"]))
    # A name that is as wide as names may be keeps the room beside the axes.
    axes.annotate(
        " ",
        (1, 0.5),
        xycoords="axes fraction",
        xytext=(22 + 72 * _NAMES, 0),
        textcoords="offset points",
        fontsize=_PRINT,
    )
    figure.draw_without_rendering()  # settles where the axes are
    box = axes.get_position()
    inches = box.height * figure.get_size_inches()[1]
    low, high = axes.get_ylim()
    wanted = [(row["weighted_f1"] - low) / (high - low) for row in ordered]
    places = _apart(wanted, _LINE_HEIGHT / inches)
    for row, place in zip(ordered, places, strict=True):
        colour = _kind(row)[0]
        axes.annotate(
            wrapped(row["experiment"].removeprefix("ablation/"), _NAMES, _PRINT, 1),
            (max(row["seconds"], 0.1), row["weighted_f1"]),
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
    """Places, falling, that are ``distance`` apart at least and as near to those wanted as a pass
    from the top and one from the bottom find.
    """
    places: list[float] = []
    for place in wanted:
        places.append(min(place, places[-1] - distance) if places else min(place, 1.0))
    lowest = 0.0
    for number in range(len(places) - 1, -1, -1):
        places[number] = max(places[number], lowest)
        lowest = places[number] + distance
    return places


def _handles(rows: list[dict[str, Any]], level: float) -> list[Line2D]:
    handles = [
        Line2D([], [], linestyle="", color=colour, marker=marker, markersize=6.5, label=words)
        for colour, marker, words in _KINDS
        if any(_kind(row)[2] == words for row in rows)
    ]
    handles.append(
        Line2D([], [], color=MUTED, linewidth=1.2, linestyle=(0, (5, 2)),
               label="filled, bold: none is as good in less time")
    )  # fmt: skip
    note = f"vertical lines: {level:.0%} intervals"
    return [*handles, Line2D([], [], linestyle="", label=note)]
