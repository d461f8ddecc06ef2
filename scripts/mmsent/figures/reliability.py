"""Whether a model is right as often as it is sure: reliability diagrams."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from statsmodels.stats.proportion import proportion_confint

from mmsent.figures.style import MARK, MUTED, PALETTE, new_figure
from mmsent.figures.wrapping import wrapped

_COLUMNS = 3

#: Before and after temperature scaling: colour, marker, face, and what it is called.
_STATES = {
    "before": (PALETTE[0], "o", PALETTE[0], "as trained"),
    "after": (PALETTE[5], "s", "white", "after temperature scaling (T: mean over folds)"),
}

#: Coverage of the intervals of the bins' accuracy.
_LEVEL = 0.95


def reliability_figure(
    calibration: dict[str, dict[str, Any]], title: str
) -> tuple[Figure, dict[str, Any]]:
    """Accuracy over confidence, a panel for each experiment with the shares of posts below it.

    Reliability diagrams with equal bins and temperature scaling are those of Guo et al. 2017 ("On
    calibration of modern neural networks"), sections 2 and 4.2; the bins' intervals are Wilson's
    (1927), which take posts for independent.

    Parameters
    ----------
    calibration
        Name of each experiment to ``temperatures`` (of each fold), ``before`` and ``after``, each
        with ``ece``, and ``bins``: ``low``, ``high``, ``posts``, ``confidence`` and ``accuracy``
        (means over the bin's posts; of a bin without posts they do not matter).

    Returns
    -------
    figure, numbers
        Of each experiment ``temperature`` (mean over folds), ``ece_before``, ``ece_after``, and
        ``points``: ``before`` and ``after``, each the ``confidence``, ``accuracy``, ``low``,
        ``high`` (of the accuracy) and ``share`` (of the posts) of each bin that has posts.
    """
    columns = min(_COLUMNS, max(len(calibration), 1))
    rows = -(-len(calibration) // columns)
    figure = new_figure(3.6 + 2.2 * (columns - 1), 1.1 + 3.0 * rows)
    width = figure.get_size_inches()[0]
    figure.suptitle(wrapped(title, 0.85 * width, 11, 3), x=0.01, ha="left")
    numbers: dict[str, Any] = {}
    grid = figure.subplots(
        2 * rows, columns, squeeze=False, sharex=True, height_ratios=[4, 1] * rows
    )
    for axes in grid.flat:
        axes.set_visible(False)
    for place, (name, own) in enumerate(calibration.items()):
        row, column = divmod(place, columns)
        numbers[name] = {
            "temperature": float(np.mean(own["temperatures"])),
            "ece_before": own["before"]["ece"],
            "ece_after": own["after"]["ece"],
            "points": {state: bin_points(own[state]["bins"]) for state in _STATES},
        }
        panel, strip = grid[2 * row, column], grid[2 * row + 1, column]
        _draw_panel(panel, name, numbers[name], first=column == 0)
        _draw_strip(strip, {state: own[state]["bins"] for state in _STATES}, first=column == 0)
        if place + columns >= len(calibration):
            strip.set_xlabel("confidence")
            strip.tick_params(labelbottom=True)
    _share_limits(grid, [own["points"] for own in numbers.values()])
    figure.legend(handles=_handles(), loc="outside lower left", ncols=1 if columns == 1 else 2)
    return figure, numbers


def bin_points(bins: list[dict[str, Any]]) -> list[dict[str, float]]:
    """The bins that have posts: ``confidence``, ``accuracy``, its interval, ``share`` of posts."""
    total = sum(one["posts"] for one in bins)
    points = []
    for one in bins:
        if one["posts"]:
            right = round(one["accuracy"] * one["posts"])
            low, high = proportion_confint(right, one["posts"], 1 - _LEVEL, method="wilson")
            points.append(
                {
                    "confidence": one["confidence"],
                    "accuracy": one["accuracy"],
                    "low": float(low),
                    "high": float(high),
                    "share": one["posts"] / total,
                }
            )
    return points


def _draw_panel(axes: Axes, name: str, numbers: dict[str, Any], first: bool) -> None:
    axes.set_visible(True)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 2)))
    for state, (colour, marker, face, _) in _STATES.items():
        points = numbers["points"][state]
        x = [point["confidence"] for point in points]
        y = [point["accuracy"] for point in points]
        axes.vlines(
            x,
            [point["low"] for point in points],
            [point["high"] for point in points],
            color=colour,
            linewidth=0.9,
        )
        axes.plot(
            x, y, marker, color=colour, markerfacecolor=face, markersize=4.8, markeredgewidth=1.2
        )
    shown = wrapped(name.removeprefix("ablation/"), 1.85, 8.5, 2)
    axes.set_title(shown, fontsize=8.5, pad=15)
    axes.annotate(
        f"ECE {numbers['ece_before']:.3f} \N{RIGHTWARDS ARROW} {numbers['ece_after']:.3f}, "
        f"T = {numbers['temperature']:.2f}",
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8,
    )
    axes.set_ylim(-0.02, 1.02)
    if first:
        axes.set_ylabel("accuracy")
    else:
        axes.tick_params(labelleft=False)
    axes.tick_params(labelbottom=False)


def _draw_strip(axes: Axes, bins: dict[str, list[dict[str, Any]]], first: bool) -> None:
    axes.set_visible(True)
    for state, (colour, _, face, _) in _STATES.items():
        total = max(sum(one["posts"] for one in bins[state]), 1)
        for one in bins[state]:
            # Both states side by side, each over its half of the bin.
            half = (one["high"] - one["low"]) / 2
            left = one["low"] + (0 if state == "before" else half)
            axes.bar(
                left + 0.05 * half,
                one["posts"] / total,
                width=0.9 * half,
                align="edge",
                facecolor=face,
                edgecolor=colour,
                linewidth=0.8,
            )
    axes.grid(visible=False, axis="x")
    axes.tick_params(labelbottom=False, labelleft=first)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    if first:
        axes.set_ylabel("posts")


def _share_limits(grid: np.ndarray, points: list[dict[str, list[dict[str, float]]]]) -> None:
    """One scale for all panels, so that they can be compared."""
    every = [point for own in points for state in own.values() for point in state]
    left = min([0.3, *(point["confidence"] - 0.03 for point in every)])
    highest = max((point["share"] for point in every), default=1.0)
    for panel, strip in zip(grid[::2].flat, grid[1::2].flat, strict=True):
        panel.set_xlim(left, 1.02)
        panel.set_xticks([tick for tick in (0, 0.2, 0.4, 0.6, 0.8, 1.0) if tick >= left])
        strip.set_ylim(0, highest * 1.08)
        strip.locator_params(axis="y", nbins=2)


def _handles() -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=face, markersize=4.8,
               linewidth=0.9, label=label)
        for colour, marker, face, label in _STATES.values()
    ]  # fmt: skip
    return [
        *handles,
        Line2D([], [], color=MUTED, linewidth=1, linestyle=(0, (4, 2)),
               label="right as often as sure"),
        Line2D([], [], color=MARK, marker="|", markersize=9, linestyle="",
               label=f"{_LEVEL:.0%} interval of a bin (Wilson)"),
    ]  # fmt: skip
