"""Reliability diagrams: accuracy over confidence."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from statsmodels.stats.proportion import proportion_confint

from mmsent.figures.style import (
    DASHED,
    MARK,
    MUTED,
    PALETTE,
    legend_below,
    new_figure,
    wrapped_name,
)

_COLUMNS = 3

#: Before and after temperature scaling: colour, marker, face, and what it is called.
_STATES = {
    "before": (PALETTE[0], "o", PALETTE[0], "before temperature scaling"),
    "after": (PALETTE[5], "s", "white", "after temperature scaling (T: mean over folds)"),
}

#: Coverage of the intervals of the bins' accuracy.
_LEVEL = 0.95


def reliability_figure(
    calibration: dict[str, dict[str, Any]], title: str
) -> tuple[Figure, dict[str, Any]]:
    """Draw accuracy over confidence, a panel for each experiment, above the fractions of posts.

    Reliability diagrams with equal bins and temperature scaling are those of Guo et al. 2017 ("On
    calibration of modern neural networks"), sections 2 and 4.2; the bins' intervals are Wilson's
    (1927), which take posts for independent.

    Parameters
    ----------
    calibration
        From :func:`mmsent.evaluation.calibration.calibration_numbers`, by name of the experiment.

    Returns
    -------
    figure, numbers
        Of each experiment ``temperature`` (mean over folds), ``ece_before``, ``ece_after``, and
        ``points``: ``before`` and ``after``, each the ``confidence``, ``accuracy``, ``low``,
        ``high`` (of the accuracy) and ``share`` (of the posts) of each bin.
    """
    numbers = {
        name: {
            "temperature": float(np.mean(measured["temperatures"])),
            "ece_before": measured["before"]["ece"],
            "ece_after": measured["after"]["ece"],
            "points": {state: bin_points(measured[state]["bins"]) for state in _STATES},
        }
        for name, measured in calibration.items()
    }
    columns = min(_COLUMNS, len(calibration))
    rows = -(-len(calibration) // columns)
    figure = new_figure(3.6 + 2.2 * (columns - 1), 1.1 + 3.0 * rows, title)
    grid = figure.subplots(
        2 * rows, columns, squeeze=False, sharex=True, height_ratios=[4, 1] * rows
    )
    panels, strips = grid[::2].ravel(), grid[1::2].ravel()
    for axes in (*panels[len(numbers) :], *strips[len(numbers) :]):
        axes.set_visible(False)
    # One scale for all panels, so that they can be compared.
    points = [p for panel in numbers.values() for state in panel["points"].values() for p in state]
    left = min([0.3, *(point["confidence"] - 0.03 for point in points)])
    highest = max(point["share"] for point in points)
    for place, (name, shown) in enumerate(numbers.items()):
        panel, strip = panels[place], strips[place]
        _draw_panel(panel, name, shown)
        _draw_strip(strip, {state: calibration[name][state]["bins"] for state in _STATES})
        panel.set_xlim(left, 1.02)
        panel.set_xticks([tick for tick in (0, 0.2, 0.4, 0.6, 0.8, 1.0) if tick >= left])
        strip.set_ylim(0, highest * 1.08)
        strip.locator_params(axis="y", nbins=2)
        below = place + columns >= len(numbers)
        panel.tick_params(labelbottom=False, labelleft=place % columns == 0)
        strip.tick_params(labelbottom=below, labelleft=place % columns == 0)
        if below:
            strip.set_xlabel("confidence")
        if place % columns == 0:
            panel.set_ylabel("accuracy")
            strip.set_ylabel("posts")
    legend_below(figure, _handles(), 2 if columns == _COLUMNS else 1)
    return figure, numbers


def bin_points(bins: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Return ``confidence``, ``accuracy``, its interval and ``share`` of the posts of each bin."""
    table = pd.DataFrame(bins)
    posts, accuracy = table["posts"].to_numpy(), table["accuracy"].to_numpy()
    low, high = proportion_confint(np.round(accuracy * posts), posts, 1 - _LEVEL, method="wilson")
    points = table[["confidence", "accuracy"]].assign(low=low, high=high, share=posts / posts.sum())
    return points.to_dict("records")


def _draw_panel(axes: Axes, name: str, numbers: dict[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=DASHED)
    for state, (colour, marker, face, _) in _STATES.items():
        x, y, low, high = (
            [point[key] for point in numbers["points"][state]]
            for key in ("confidence", "accuracy", "low", "high")
        )
        axes.vlines(x, low, high, color=colour, linewidth=0.9)
        axes.plot(
            x, y, marker, color=colour, markerfacecolor=face, markersize=4.8, markeredgewidth=1.2
        )
    axes.set_title(wrapped_name(name, 1.85, 8.5, 2), fontsize=8.5, pad=15)
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


def _draw_strip(axes: Axes, bins: dict[str, list[dict[str, Any]]]) -> None:
    for state, (colour, _, face, _) in _STATES.items():
        total = sum(bar["posts"] for bar in bins[state])
        for bar in bins[state]:
            # Both states side by side, each over its half of the bin.
            half = (bar["high"] - bar["low"]) / 2
            left = bar["low"] + (0 if state == "before" else half)
            axes.bar(
                left + 0.05 * half,
                bar["posts"] / total,
                width=0.9 * half,
                align="edge",
                facecolor=face,
                edgecolor=colour,
                linewidth=0.8,
            )
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _handles() -> list[Artist]:
    handles: list[Artist] = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=face, markersize=4.8,
               linewidth=0.9, label=label)
        for colour, marker, face, label in _STATES.values()
    ]  # fmt: skip
    return [
        *handles,
        Line2D([], [], color=MUTED, linewidth=1, linestyle=DASHED, label="perfect calibration"),
        Line2D([], [], color=MARK, marker="|", markersize=9, linestyle="",
               label=f"{_LEVEL:.0%} confidence interval of a bin (Wilson)"),
    ]  # fmt: skip
