"""Which classes a model takes for which: counts, and shares of the true class."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmsent.figures.style import MUTED, new_figure
from mmsent.labels import LABELS

_COLOURS = colormaps["Blues"]

#: Above this luminance of a cell (0 to 1), its print is black.
_BRIGHT = 0.5


def confusion_figure(name: str, table: pd.DataFrame) -> tuple[Figure, dict[str, Any]]:
    """Two matrices of an experiment, true class by predicted class.

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
    counts = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(counts, (table["label"].to_numpy(), table["predicted"].to_numpy()), 1)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    numbers = {
        "counts": _named(counts),
        "shares": _named(shares.round(6)),
        "posts": len(table),
        "right": int(np.trace(counts)),
        "predicted": dict(zip(LABELS, counts.sum(0).tolist(), strict=True)),
    }
    return _draw(name, counts, shares, numbers), numbers


def _named(matrix: np.ndarray) -> dict[str, dict[str, Any]]:
    rows = [dict(zip(LABELS, row, strict=True)) for row in matrix.tolist()]
    return dict(zip(LABELS, rows, strict=True))


def _draw(name: str, counts: np.ndarray, shares: np.ndarray, numbers: dict[str, Any]) -> Figure:
    figure = new_figure(8.6, 4.1)
    right = numbers["right"] / max(numbers["posts"], 1)
    figure.suptitle(
        f"{name}: {right:.1%} of {numbers['posts']:,} posts are right", x=0.01, ha="left"
    )
    left, other = figure.subplots(1, 2)
    _matrix(left, counts, [[f"{value:,}" for value in row] for row in counts], counts.max())
    left.set_title("Posts")
    left.set_ylabel("true class (posts of it)")
    left.set_yticks(
        range(len(LABELS)),
        [f"{label}\n{total:,}" for label, total in zip(LABELS, counts.sum(1), strict=True)],
    )
    left.set_xticks(
        range(len(LABELS)),
        [f"{label}\n{total:,}" for label, total in zip(LABELS, counts.sum(0), strict=True)],
    )
    left.set_xlabel("predicted class (posts of it)")
    # A class that does not occur has no shares.
    texts = [
        [f"{value:.1%}" if row.sum() else "\N{EN DASH}" for value in part]
        for row, part in zip(counts, shares, strict=True)
    ]
    _matrix(other, shares, texts, 1.0)
    other.set_title("Shares of the true class (diagonal: recall)")
    other.set_yticks(range(len(LABELS)), LABELS)
    other.set_xticks(range(len(LABELS)), LABELS)
    other.set_xlabel("predicted class")
    figure.supxlabel(
        "Each labelled post once, predicted by the run that had it in its test fold.",
        fontsize=8,
        color=MUTED,
    )
    return figure


def _matrix(axes: Axes, values: np.ndarray, texts: list[list[str]], highest: float) -> None:
    axes.imshow(values, cmap=_COLOURS, vmin=0, vmax=max(float(highest), 1e-9))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for row, column in np.ndindex(*values.shape):
        red, green, blue, _ = _COLOURS(values[row, column] / max(float(highest), 1e-9))
        bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > _BRIGHT
        axes.text(
            column,
            row,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=11,
            fontweight="bold" if row == column else "normal",
            color="black" if bright else "white",
        )
