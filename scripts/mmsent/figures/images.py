"""Sizes and shapes of the pictures."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from mmsent.figures.style import MUTED, PALETTE, mark_value, new_figure, whole_numbers

#: Aspect ratios at which the axis is marked.
_RATIOS = {0.1: "1:10", 0.25: "1:4", 0.5: "1:2", 1: "1:1", 2: "2:1", 4: "4:1", 10: "10:1"}
_FINER_RATIOS = {2 / 3: "2:3", 3 / 2: "3:2"}

_BINS = 40


def image_figure(posts: pd.DataFrame) -> tuple[Figure, dict[str, Any]]:
    """Histograms of the pictures' width, height and aspect ratio, each above its box plot.

    Parameters
    ----------
    posts
        Columns ``width`` and ``height`` (pixels; 0: the post has no picture), ``format``, ``mode``.

    Returns
    -------
    figure, numbers
        ``width``, ``height`` (pixels) and ``aspect_ratio`` (width/height), each with ``mean``,
        ``median``, ``min``, ``max``, ``p5`` and ``p95``; counts of ``formats`` and ``modes``;
        ``pictures`` and ``without_picture``.

    Raises
    ------
    ValueError
        If no post has a picture.
    """
    pictures = posts[(posts["width"] > 0) & (posts["height"] > 0)]
    if pictures.empty:
        raise ValueError("no post has a picture")
    values = {
        "width": pictures["width"].to_numpy(dtype=np.float64),
        "height": pictures["height"].to_numpy(dtype=np.float64),
    }
    values["aspect_ratio"] = values["width"] / values["height"]
    numbers: dict[str, Any] = {name: _summary(value) for name, value in values.items()}
    for name, column in (("formats", "format"), ("modes", "mode")):
        counts = pictures[column].value_counts()
        numbers[name] = {str(key): int(counts[key]) for key in sorted(counts.index)}
    numbers["pictures"] = len(pictures)
    numbers["without_picture"] = len(posts) - len(pictures)
    return _draw(values, numbers), numbers


def _summary(values: np.ndarray) -> dict[str, float]:
    p5, median, p95 = np.quantile(values, [0.05, 0.5, 0.95])
    summary = {
        "mean": values.mean(),
        "median": median,
        "min": values.min(),
        "max": values.max(),
        "p5": p5,
        "p95": p95,
    }
    return {name: round(float(value), 4) for name, value in summary.items()}


def _draw(values: dict[str, np.ndarray], numbers: dict[str, Any]) -> Figure:
    figure = new_figure(10.5, 4.2)
    rows = figure.subplots(2, 3, height_ratios=[5, 1], sharex="col")
    titles = {
        "width": ("Width", "width (pixels)", "{:.0f}"),
        "height": ("Height", "height (pixels)", "{:.0f}"),
        "aspect_ratio": ("Aspect ratio", "width : height (log scale)", "{:.2f}"),
    }
    for column, (name, (title, label, pattern)) in enumerate(titles.items()):
        upper, lower = rows[0, column], rows[1, column]
        logarithmic = name == "aspect_ratio"
        if logarithmic:
            upper.set_xscale("log")
        upper.hist(values[name], bins=_edges(values[name], logarithmic), color=PALETTE[0])
        p5, p95 = (pattern.format(numbers[name][mark]) for mark in ("p5", "p95"))
        upper.set_title(f"{title}: 90% from {p5} to {p95}")
        whole_numbers(upper.yaxis)
        upper.margins(y=0.22)
        marks = [(numbers[name][mark], mark) for mark in ("median", "mean")]
        for place, (value, mark) in enumerate(sorted(marks)):
            mark_value(upper, value, f"{mark} {pattern.format(value)}", 0.95 - 0.08 * place)
        _box(lower, values[name], PALETTE[0])
        lower.set_xlabel(label)
        if logarithmic:
            _ratio_ticks(lower, values[name])
        else:
            whole_numbers(lower.xaxis)
    rows[0, 0].set_ylabel("pictures")
    kinds = "; ".join(_listed(numbers[name]) for name in ("formats", "modes"))
    figure.supxlabel(
        f"{numbers['pictures']:,} pictures ({kinds}). Box: quartiles and median; "
        "whiskers: 5% and 95%; dots: the pictures beyond them.",
        fontsize=8,
        color=MUTED,
    )
    return figure


def _listed(counts: dict[str, int]) -> str:
    if len(counts) == 1:
        return f"all {next(iter(counts))}"
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _edges(values: np.ndarray, logarithmic: bool) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        # A spread of at least a tenth, so that equal shapes give bars and not one hairline.
        return np.geomspace(min(low, high / 1.1), max(high, low * 1.1), _BINS + 1)
    step = max(1.0, np.ceil((high - low) / _BINS))
    return np.arange(low - 0.5, high + step, step)


def _box(axes: Axes, values: np.ndarray, colour: str) -> None:
    axes.boxplot(
        values,
        orientation="horizontal",
        whis=(5, 95),
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.45},
        medianprops={"color": "black", "linewidth": 1.5},
        flierprops={"marker": ".", "markersize": 2.5, "markeredgecolor": MUTED, "alpha": 0.4},
    )
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _ratio_ticks(axes: Axes, values: np.ndarray) -> None:
    low, high = float(values.min()) / 1.2, float(values.max()) * 1.2
    ratios = _RATIOS | _FINER_RATIOS if high / low < 30 else _RATIOS
    shown = {ratio: text for ratio, text in ratios.items() if low <= ratio <= high}
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(list(shown), list(shown.values()))
