"""Scores of experiments beside each other: bars from zero, and their intervals enlarged."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mmsent.figures.style import ALERT, MARK, MUTED, PALETTE, new_figure
from mmsent.figures.wrapping import wrapped

#: Width of a figure of a table in inches, and that of the names beside its rows.
WIDTH, NAMES = 8.0, 2.6

#: Fill of a bar: among the best, and not.
_DARK, _LIGHT = PALETTE[0], "#B7D4EA"

#: Hatch of the bars of experiments that see one modality alone.
_HATCHES = {"text": "////", "image": "...."}

_LINE: Any = {"ecolor": MARK, "elinewidth": 1.3, "capsize": 3}

#: Column of a figure that is not ours, its marker, its place beside the row, what it is.
_OTHERS = (
    ("reported_weighted_f1", "D", 0.27, "printed in the study"),
    ("paper_weighted_f1", "o", -0.27, "paper protocol (optimistic)"),
)


def scores_figure(
    scores: pd.DataFrame, title: str, level: float = 0.95
) -> tuple[Figure, dict[str, Any]]:
    """Weighted F1 of each experiment, in the order of the table.

    On the left bars from 0, on the right the same with a cropped axis, where the study's figures
    are too.

    Parameters
    ----------
    scores
        A row for each experiment: ``experiment``, ``weighted_f1``; where known
        ``weighted_f1_low`` and ``weighted_f1_high``, ``modality`` (text, image or both),
        ``best_set`` (not worse than the best), ``reported_weighted_f1`` (printed in the study) and
        ``paper_weighted_f1`` (ours under the study's protocol). Cells may be empty text.
    level
        Coverage of the intervals.

    Returns
    -------
    figure, numbers
        ``level``; ``rows``: for each experiment what is drawn, ``None`` where it is unknown.
    """
    columns = ["weighted_f1", "weighted_f1_low", "weighted_f1_high", *(o[0] for o in _OTHERS)]
    values = {column: numeric(scores, column) for column in columns}
    modality = scores.get("modality", pd.Series("", scores.index)).fillna("").tolist()
    best = best_rows(scores)
    rows = [
        {"experiment": name, "modality": modality[place], "best_set": best[place]}
        | {column: values[column][place] for column in columns}
        for place, name in enumerate(scores["experiment"])
    ]
    figure = new_figure(WIDTH, 1.75 + 0.4 * len(rows))
    figure.suptitle(wrapped(title, 0.88 * WIDTH, 11, 2), x=0.01, ha="left")
    bars, dots = figure.subplots(1, 2, sharey=True)
    _draw_bars(bars, rows)
    _draw_dots(dots, rows)
    row_names(bars, [row["experiment"] for row in rows], best)
    figure.legend(handles=_handles(rows, level), loc="outside lower left", ncols=2)
    return figure, {"level": level, "rows": rows}


def short_name(experiment: str) -> str:
    """The name of an experiment as figures show it, at most two lines."""
    return wrapped(experiment.removeprefix("ablation/"), NAMES, 8.5, 2)


def numeric(scores: pd.DataFrame, column: str) -> list[float | None]:
    """A column of a table as numbers; ``None`` where a cell is empty, or without the column."""
    if column not in scores:
        return [None] * len(scores)
    values = pd.to_numeric(scores[column], errors="coerce")
    return [None if pd.isna(value) else float(value) for value in values]


def best_rows(scores: pd.DataFrame) -> list[bool]:
    """Which rows of a table are in the set of the best."""
    if "best_set" not in scores:
        return [False] * len(scores)
    # A column with an empty cell is read as text.
    return [str(value) == "True" for value in scores["best_set"]]


def draw_interval(
    axes: Axes, place: float, low: float | None, high: float | None, **look: Any
) -> None:
    """Draw a line with caps from ``low`` to ``high``, if they are known.

    It does not hang on the value: a percentile interval need not hold it.
    """
    if low is not None and high is not None:
        middle, reach = (low + high) / 2, (high - low) / 2
        axes.errorbar(middle, place, xerr=reach, fmt="none", **look)


def row_names(axes: Axes, names: list[str], bold: list[bool]) -> None:
    """Name the rows 0, 1, ... of axes from top to bottom."""
    axes.set_yticks(range(len(names)), [short_name(name) for name in names])
    for label, heavy in zip(axes.get_yticklabels(), bold, strict=True):
        label.set_fontweight("bold" if heavy else "normal")
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _fill(row: dict[str, Any]) -> str:
    return _DARK if row["best_set"] else _LIGHT


def _draw_bars(axes: Axes, rows: list[dict[str, Any]]) -> None:
    axes.set_title("From zero")
    for place, row in enumerate(rows):
        value = row["weighted_f1"]
        if value is not None:
            axes.barh(
                place,
                value,
                height=0.62,
                color=_fill(row),
                hatch=_HATCHES.get(row["modality"]),
                edgecolor="white" if row["best_set"] else MUTED,
                linewidth=0.6,
            )
            draw_interval(axes, place, row["weighted_f1_low"], row["weighted_f1_high"], **_LINE)
        axes.annotate(
            "\N{EN DASH}" if value is None else f"{value:.3f}",
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold" if row["best_set"] else "normal",
        )
    axes.set_xlim(0, 1)
    axes.set_xlabel("weighted F1")


def _draw_dots(axes: Axes, rows: list[dict[str, Any]]) -> None:
    axes.set_title("Enlarged, not from zero")
    for place, row in enumerate(rows):
        value = row["weighted_f1"]
        if value is not None:
            draw_interval(axes, place, row["weighted_f1_low"], row["weighted_f1_high"], **_LINE)
            axes.plot(
                value, place, "s", color=MARK, markerfacecolor=_fill(row), markersize=6, zorder=3
            )
        for column, marker, beside, _ in _OTHERS:
            if row[column] is not None:
                axes.plot(row[column], place + beside, marker, **_hollow())
    axes.margins(x=0.08)
    axes.set_xlabel("weighted F1")
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.locator_params(axis="x", nbins=5)


def _hollow() -> dict[str, Any]:
    return {"markerfacecolor": "none", "markeredgecolor": ALERT, "markersize": 5.5}


def _handles(rows: list[dict[str, Any]], level: float) -> list[Patch | Line2D]:
    """Explanations of what is there, and of nothing else."""
    dot: Any = {"color": MARK, "linewidth": 1.3, "marker": "s", "markerfacecolor": "white"}
    handles: list[Patch | Line2D] = [Line2D([], [], label=f"value, {level:.0%} interval", **dot)]
    if any(row["best_set"] for row in rows):
        label = "dark, bold: not worse than the best (paired test)"
        handles.append(Patch(facecolor=_DARK, edgecolor=MUTED, label=label))
        if not all(row["best_set"] for row in rows):
            label = "light: worse than the best"
            handles.append(Patch(facecolor=_LIGHT, edgecolor=MUTED, label=label))
    handles += [
        Patch(facecolor="white", edgecolor=MUTED, hatch=hatch, label=f"{modality} alone")
        for modality, hatch in _HATCHES.items()
        if any(row["modality"] == modality for row in rows)
    ]
    handles += [
        Line2D([], [], linestyle="", marker=marker, label=label, **_hollow())
        for column, marker, _, label in _OTHERS
        if any(row[column] is not None for row in rows)
    ]
    return handles
