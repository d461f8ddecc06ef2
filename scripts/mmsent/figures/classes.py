"""How well each class is recognised, experiment by experiment."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmsent.figures.scores import WIDTH, best_rows, draw_interval, numeric, row_names
from mmsent.figures.style import LABEL_COLOURS, MARK, new_figure
from mmsent.figures.wrapping import wrapped
from mmsent.labels import LABELS

#: Hatches tell the classes apart in grey print.
_HATCHES = {"negative": "////", "neutral": "", "positive": "...."}

#: Thickness of a bar, in rows.
_BAR = 0.27


def classes_figure(
    scores: pd.DataFrame, title: str, level: float = 0.95
) -> tuple[Figure, dict[str, Any]]:
    """F1 of the three classes as bars from 0, in the order of the table.

    Parameters
    ----------
    scores
        A row for each experiment: ``experiment``; of each class ``f1_{label}``, and where known
        ``f1_{label}_low`` and ``f1_{label}_high``; ``best_set`` makes names bold. Cells may be
        empty text.
    level
        Coverage of the intervals.

    Returns
    -------
    figure, numbers
        ``level``; ``rows``: of each experiment ``experiment`` and each class's ``value``, ``low``
        and ``high``, ``None`` where it is unknown.
    """
    ends = {"value": "", "low": "_low", "high": "_high"}
    values = {
        (label, end): numeric(scores, f"f1_{label}{suffix}")
        for label in LABELS
        for end, suffix in ends.items()
    }
    rows: list[dict[str, Any]] = [
        {"experiment": name}
        | {label: {end: values[label, end][place] for end in ends} for label in LABELS}
        for place, name in enumerate(scores["experiment"])
    ]
    figure = new_figure(WIDTH, 1.3 + 0.58 * len(rows))
    figure.suptitle(wrapped(title, 0.88 * WIDTH, 11, 2), x=0.01, ha="left")
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        if place % 2:
            axes.axhspan(place - 0.5, place + 0.5, color="#F3F3F3", linewidth=0, zorder=0)
        for offset, label in enumerate(LABELS):
            _draw_bar(axes, place + (offset - 1) * _BAR, label, row[label])
    best = best_rows(scores)
    row_names(axes, [row["experiment"] for row in rows], best)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.14)  # room for a value beside a bar that ends at 1
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.set_xlabel(f"F1 of the class; lines: {level:.0%} intervals")
    handles = [Patch(label=label, **_look(label)) for label in LABELS]
    note = "bold: weighted F1 not worse than the best (paired test)"
    if any(best):
        handles.append(Patch(alpha=0, label=note))
    figure.legend(handles=handles, loc="outside lower left", ncols=4, columnspacing=1.4)
    return figure, {"level": level, "rows": rows}


def _look(label: str) -> dict[str, Any]:
    return {
        "facecolor": LABEL_COLOURS[label],
        "hatch": _HATCHES[label],
        "edgecolor": "white",
        "linewidth": 0.5,
    }


def _draw_bar(axes: Axes, place: float, label: str, shown: dict[str, float | None]) -> None:
    value = shown["value"]
    if value is None:
        axes.text(0.008, place, "\N{EN DASH}", va="center", fontsize=7.5)
        return
    axes.barh(place, value, height=_BAR, **_look(label))
    line: Any = {"ecolor": MARK, "elinewidth": 1.1, "capsize": 2}
    draw_interval(axes, place, shown["low"], shown["high"], **line)
    end = max(value, shown["high"] if shown["high"] is not None else value)
    axes.annotate(
        f"{value:.3f}",
        (end, place),
        xytext=(5, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=7.5,
    )
