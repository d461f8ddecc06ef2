"""Scores of the experiments of a table: weighted F1, and F1 of each class."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mmsent.figures.style import (
    ALERT,
    MARK,
    MUTED,
    PALETTE,
    label_look,
    legend_below,
    new_figure,
    plain_text,
    text_width,
    wrapped_name,
)
from mmsent.labels import LABELS

#: Width of a figure of a table in inches, and that of the names beside its rows.
WIDTH, NAMES = 8.0, 2.6

#: Fill of a bar: among the best, and not.
_DARK, _LIGHT = PALETTE[0], "#B7D4EA"

#: Hatch of the bars of experiments of a single modality.
_HATCHES = {"text": "////", "image": "...."}

_LINE: Any = {"ecolor": MARK, "elinewidth": 1.3, "capsize": 3}
_HOLLOW: Any = {"markerfacecolor": "none", "markeredgecolor": ALERT, "markersize": 5.5}

#: Column of a score that was not measured on the test posts, its marker, its offset, what it is.
_OTHERS = (
    ("reported_weighted_f1", "D", 0.27, "reported in the study"),
    ("paper_weighted_f1", "o", -0.27, "paper protocol (optimistic)"),
)

#: Height of the bar of a class and of the space between two experiments, in inches.
_BAR, _SPACE = 0.1566, 0.1102

#: Dashes of the lines of baselines, in their order.
_DASHES = ("-", "--", "-.", ":")


def scores_figure(
    scores: pd.DataFrame,
    title: str,
    level: float,
    baselines: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Figure, dict[str, Any]]:
    """Draw weighted F1 of each experiment, in the order of the table.

    On the left bars from 0, on the right the same with a cropped axis, and the study's scores.

    Parameters
    ----------
    scores
        A row for each experiment: ``experiment``, ``modality`` (text, image or both),
        ``weighted_f1``, ``weighted_f1_low``, ``weighted_f1_high``, ``best_set`` (statistically tied
        with the best), ``reported_weighted_f1`` (the study's) and, if it was run,
        ``paper_weighted_f1`` (ours under the study's protocol). Numbers may be NaN.
    level
        Coverage of the intervals.
    baselines
        Weighted F1 of baselines by title: thin lines, in the cropped axis those that at most
        double it.

    Returns
    -------
    figure, numbers
        ``level``; ``rows``: of each experiment these columns, ``None`` where there is no number;
        ``baselines``.
    """
    columns = ["experiment", "modality", "best_set", "weighted_f1", "weighted_f1_low",
               "weighted_f1_high", *(column for column, *_ in _OTHERS)]  # fmt: skip
    table = scores.reindex(columns=columns).astype(object)
    rows = table.where(table.notna(), None).to_dict("records")
    figure = new_figure(WIDTH, 1.75 + 0.4 * len(rows), title)
    bars, dots = figure.subplots(1, 2, sharey=True)
    bars.set(title="Full scale", xlim=(0, 1), xlabel="weighted F1")
    dots.set(title="Enlarged", xlabel="weighted F1")
    for place, row in enumerate(rows):
        _draw_score(bars, dots, place, row)
    dots.margins(x=0.08)
    lines = _draw_baselines(bars, dots, baselines)
    dots.tick_params(axis="y", labelleft=False, length=0)
    dots.locator_params(axis="x", nbins=5)
    name_rows(bars, list(scores["experiment"]), list(scores["best_set"]))
    legend_below(figure, [*_handles(rows, level), *lines])
    return figure, {"level": level, "rows": rows, "baselines": dict(baselines)}


def classes_figure(scores: pd.DataFrame, title: str, level: float) -> tuple[Figure, dict[str, Any]]:
    """Draw F1 of each class as bars from 0, in the order of the table.

    Parameters
    ----------
    scores
        A row for each experiment: ``experiment``, ``best_set``, and of each class ``f1_{label}``,
        ``f1_{label}_low`` and ``f1_{label}_high``.
    level
        Coverage of the intervals.

    Returns
    -------
    figure, numbers
        ``level``; ``rows``: of each experiment ``experiment`` and each class's ``value``, ``low``
        and ``high``.
    """
    ends = {"value": "", "low": "_low", "high": "_high"}
    rows = [
        {"experiment": row["experiment"]}
        | {label: {end: row[f"f1_{label}{ends[end]}"] for end in ends} for label in LABELS}
        for row in scores.to_dict("records")
    ]
    inches = _BAR * len(LABELS) + _SPACE
    look: Any = {}
    for label in LABELS:
        colour, hatch = label_look(label)
        look[label] = {"facecolor": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.5}
    names = {label: plain_text(label) for label in LABELS}
    widest = max(text_width(name, 8.5) for name in names.values()) / 72
    columns = max(1, min(4, int(WIDTH / (widest + 0.7))))
    figure = new_figure(WIDTH, 1.3 + inches * len(rows) + 0.17 * (len(LABELS) // columns), title)
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        if place % 2:
            axes.axhspan(place - 0.5, place + 0.5, color="#F3F3F3", linewidth=0, zorder=0)
        for offset, label in enumerate(LABELS):
            height, shown = place + (offset - (len(LABELS) - 1) / 2) * _BAR / inches, row[label]
            axes.barh(height, shown["value"], height=_BAR / inches, **look[label])
            draw_interval(axes, height, shown, ecolor=MARK, elinewidth=1.1, capsize=2)
            axes.annotate(
                f"{shown['value']:.3f}",
                (max(shown["value"], shown["high"]), height),
                xytext=(5, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=7.5,
            )
    name_rows(axes, list(scores["experiment"]), list(scores["best_set"]))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.14)  # room for a value beside a bar that ends at 1
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_xlabel(f"F1 of the class (lines: {level:.0%} confidence intervals)")
    handles = [Patch(label=names[label], **look[label]) for label in LABELS]
    if scores["best_set"].any():
        note = "bold: weighted F1 statistically tied with the best"
        handles.append(Patch(alpha=0, label=note))
    legend_below(figure, handles, columns, columnspacing=1.4)
    return figure, {"level": level, "rows": rows}


def short_name(experiment: str) -> str:
    """Return the name of an experiment as figures show it, in at most two lines."""
    return wrapped_name(experiment, NAMES, 8.5, 2)


def draw_interval(axes: Axes, place: float, ends: dict[str, float], **look: Any) -> None:
    """Draw a line with caps from ``low`` to ``high``.

    It is not centred on the value: a percentile interval need not contain it.
    """
    low, high = ends["low"], ends["high"]
    axes.errorbar((low + high) / 2, place, xerr=(high - low) / 2, fmt="none", **look)


def name_rows(axes: Axes, names: list[str], bold: list[bool]) -> None:
    """Name the rows 0, 1, ... of axes from top to bottom."""
    axes.set_yticks(range(len(names)), [short_name(name) for name in names])
    for label, heavy in zip(axes.get_yticklabels(), bold, strict=True):
        label.set_fontweight("bold" if heavy else "normal")
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def write_beside(axes: Axes, place: float, text: str, right: float = 4, **look: Any) -> None:
    """Write a text right of axes, beside the row ``place``, at a distance in points."""
    axes.annotate(
        text,
        (1, place),
        xycoords=("axes fraction", "data"),
        xytext=(right, 0),
        textcoords="offset points",
        va="center",
        **look,
    )


def _draw_score(bars: Axes, dots: Axes, place: int, row: dict[str, Any]) -> None:
    value, fill = row["weighted_f1"], _DARK if row["best_set"] else _LIGHT
    ends = {end: row[f"weighted_f1_{end}"] for end in ("low", "high")}
    bars.barh(
        place,
        value,
        height=0.62,
        color=fill,
        hatch=_HATCHES.get(row["modality"]),
        edgecolor="white" if row["best_set"] else MUTED,
        linewidth=0.6,
    )
    dots.plot(value, place, "s", color=MARK, markerfacecolor=fill, markersize=6, zorder=3)
    for axes in (bars, dots):
        draw_interval(axes, place, ends, **_LINE)
    weight = "bold" if row["best_set"] else "normal"
    write_beside(bars, place, f"{value:.3f}", fontweight=weight)
    for column, marker, offset, _ in _OTHERS:
        if row[column] is not None:
            dots.plot(row[column], place + offset, marker, **_HOLLOW)


def _draw_baselines(bars: Axes, dots: Axes, baselines: Mapping[str, float]) -> list[Artist]:
    """Draw a line for each baseline, and return what the legend explains."""
    low, high = dots.get_xlim()
    low, high = low - (high - low) / 2, high + (high - low) / 2
    handles: list[Artist] = []
    for number, (title, value) in enumerate(baselines.items()):
        look: Any = {
            "color": PALETTE[2],
            "linewidth": 1.1,
            "linestyle": _DASHES[number % len(_DASHES)],
        }
        for axes in (bars, dots) if low <= value <= high else (bars,):
            axes.axvline(value, **look)
        handles.append(Line2D([], [], label=f"{title}: {value:.3f}", **look))
    return handles


def _handles(rows: list[dict[str, Any]], level: float) -> list[Artist]:
    """Explain what is drawn, and nothing else."""
    dot: Any = {"color": MARK, "linewidth": 1.3, "marker": "s", "markerfacecolor": "white"}
    modalities, tied = {row["modality"] for row in rows}, {bool(row["best_set"]) for row in rows}
    handles: list[Artist] = [Line2D([], [], label=f"{level:.0%} confidence interval", **dot)]
    handles += [
        Patch(facecolor=fill, edgecolor=MUTED, label=label)
        for best, fill, label in (
            (True, _DARK, "dark, bold: statistically tied with the best"),
            (False, _LIGHT, "light: significantly worse than the best"),
        )
        if best in tied
    ]
    handles += [
        Patch(facecolor="white", edgecolor=MUTED, hatch=hatch, label=f"{modality} only")
        for modality, hatch in _HATCHES.items()
        if modality in modalities
    ]
    handles += [
        Line2D([], [], linestyle="", marker=marker, label=label, **_HOLLOW)
        for column, marker, _, label in _OTHERS
        if any(row[column] is not None for row in rows)
    ]
    return handles
