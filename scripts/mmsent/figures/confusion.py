"""Which classes a model confuses: counts, and fractions of the true class."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmsent.evaluation.metrics import confusion_counts
from mmsent.figures.style import new_figure, note_below, plain_text, text_width
from mmsent.labels import LABELS

_COLOURS = colormaps["Blues"]

#: Inches of a matrix of few classes, of a cell of many, and beside and above a matrix.
_SIDE, _CELL, _BESIDE, _ABOVE = 3.0, 0.46, 1.3, 1.1

#: Above this luminance of a cell (0 to 1), its print is black.
_BRIGHT = 0.5


def confusion_figure(name: str, table: pd.DataFrame) -> tuple[Figure, dict[str, Any]]:
    """Draw two matrices of an experiment, true class by predicted class.

    Parameters
    ----------
    table
        Pooled out-of-fold predictions, from :func:`mmsent.evaluation.pooling.pooled`.

    Returns
    -------
    figure, numbers
        ``counts`` and ``shares`` (of the posts of the true class, 0 to 1; the diagonal is recall):
        true class to predicted class to value, by name; ``posts``, ``right``; ``predicted``: posts
        by predicted class.
    """
    counts = confusion_counts(table["label"], table["predicted"])
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    numbers = {
        "counts": pd.DataFrame(counts, LABELS, LABELS).to_dict("index"),
        "shares": pd.DataFrame(shares.round(6), LABELS, LABELS).to_dict("index"),
        "posts": len(table),
        "right": int(np.trace(counts)),
        "predicted": dict(zip(LABELS, counts.sum(0).tolist(), strict=True)),
    }
    return _draw(name, counts, shares), numbers


def _draw(name: str, counts: np.ndarray, shares: np.ndarray) -> Figure:
    right = np.trace(counts) / max(counts.sum(), 1)
    title = f"{plain_text(name)}: {right:.1%} of {counts.sum():,} posts are correct"
    names = [plain_text(label) for label in LABELS]
    side = max(_SIDE, _CELL * len(names))
    widest = max(text_width(name, 8.5) for name in names) / 72
    turned = widest > side / len(names)
    beside = max(_BESIDE, 0.6 + widest)
    figure = new_figure(2 * (side + beside), side + (beside if turned else _ABOVE), title)
    left, other = figure.subplots(1, 2)
    _draw_matrix(left, counts, [[f"{value:,}" for value in row] for row in counts], counts.max())
    left.set(title="Posts", ylabel="true class (posts)")
    left.set(xlabel="predicted class (posts)")
    for axis, totals in ((left.yaxis, counts.sum(1)), (left.xaxis, counts.sum(0))):
        axis.set_ticks(
            range(len(names)),
            [f"{name}\n{total:,}" for name, total in zip(names, totals, strict=True)],
        )
    # A class that does not occur has no fractions.
    texts = [
        [f"{value:.1%}" if row.sum() else "\N{EN DASH}" for value in part]
        for row, part in zip(counts, shares, strict=True)
    ]
    _draw_matrix(other, shares, texts, 1.0)
    other.set(title="Per cent of the true class", xlabel="predicted class")
    for axis in (other.yaxis, other.xaxis):
        axis.set_ticks(range(len(names)), names)
    if turned:
        for axes in (left, other):
            axes.tick_params(axis="x", labelrotation=90)
    note_below(
        figure, "Out-of-fold predictions: each labelled post once, by the run that tested its fold."
    )
    return figure


def _draw_matrix(axes: Axes, values: np.ndarray, texts: list[list[str]], highest: float) -> None:
    drawn = axes.imshow(values, cmap=_COLOURS, vmin=0, vmax=max(highest, 1e-9))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    # "100.0%" fits into a cell.
    fontsize = min(11, 14.4 * max(_SIDE / len(values), _CELL))
    for row, column in np.ndindex(*values.shape):
        luminance = np.dot(drawn.to_rgba(values)[row, column, :3], (0.2126, 0.7152, 0.0722))
        axes.text(
            column,
            row,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=fontsize,
            fontweight="bold" if row == column else "normal",
            color="black" if luminance > _BRIGHT else "white",
        )
