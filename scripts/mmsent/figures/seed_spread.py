"""How far scores move when nothing but the seed of training changes."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mmsent.evaluation.seeds import ALL_FOLDS
from mmsent.figures.scores import WIDTH, row_names
from mmsent.figures.style import MARK, PALETTE, new_figure
from mmsent.figures.wrapping import wrapped
from mmsent.labels import TEST, VALIDATION

#: Half the height of the dots of an experiment, in rows.
_REACH = 0.26

#: Round numbers for the marks of the axis.
_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8)


class _Panel(NamedTuple):
    """A kind of score, and how it is drawn."""

    key: str
    title: str
    subset: str
    marker: str
    colour: str


_PANELS = (
    _Panel("pooled", "All folds pooled, test", TEST, "D", PALETTE[0]),
    _Panel(TEST, "Single folds, test", TEST, "o", PALETTE[0]),
    _Panel(VALIDATION, "Single folds, validation", VALIDATION, "s", PALETTE[5]),
)


def seed_figure(
    scores: dict[str, pd.DataFrame],
    reported: float | None,
    title: str = "What the seed of training alone changes",
) -> tuple[Figure, dict[str, Any]]:
    """Weighted F1 of training runs that differ in their seed alone, less its mean over seeds.

    Parameters
    ----------
    scores
        Of each experiment a row for each score: ``seed``, ``fold`` (a number, or "all" if pooled),
        ``subset`` (test or validation) and ``weighted_f1``; from
        :func:`mmsent.evaluation.seeds.seed_scores`.
    reported
        Difference between two runs of the study with the same settings; drawn as a band of that
        width. ``None`` draws no band.

    Returns
    -------
    figure, numbers
        ``reported``; ``experiments``: of each experiment ``pooled``, ``test`` and ``validation``,
        with ``seeds``, ``folds`` (1 if pooled) and ``largest``: the largest difference between two
        seeds within a fold. A kind of score that is not there is ``None``.

    Raises
    ------
    ValueError
        If a seed has two scores of a fold.
    """
    figure = new_figure(WIDTH, 1.6 + 0.62 * len(scores))
    figure.suptitle(wrapped(title, 0.88 * WIDTH, 11, 2), x=0.01, ha="left")
    panels = figure.subplots(1, len(_PANELS), sharex=True, sharey=True)
    numbers: dict[str, Any] = {name: {} for name in scores}
    for axes, panel in zip(panels, _PANELS, strict=True):
        axes.set_title(panel.title, fontsize=9)
        axes.axvline(0, color=MARK, linewidth=0.8)
        if reported is not None:
            axes.axvspan(-reported / 2, reported / 2, **_band())
        for place, (name, table) in enumerate(scores.items()):
            centred = centred_scores(table, panel.subset, panel.key == "pooled")
            numbers[name][panel.key] = _draw_row(axes, centred, place, panel)
        axes.tick_params(axis="y", labelleft=axes is panels[0], length=0)
        axes.grid(visible=False, axis="y")
    _limit(panels[0], [line.get_xdata() for axes in panels for line in axes.lines], reported)
    row_names(panels[0], list(scores), [False] * len(scores))
    panels[1].set_xlabel("weighted F1 less its mean over seeds, fold by fold")
    figure.legend(handles=_handles(reported), loc="outside lower left", ncols=1)
    return figure, {"reported": reported, "experiments": numbers}


def centred_scores(table: pd.DataFrame, subset: str, pooled: bool) -> pd.DataFrame:
    """Weighted F1 of a subset, less its mean over seeds.

    Returns
    -------
    pandas.DataFrame
        A row for each seed, a column for each fold.

    Raises
    ------
    ValueError
        If a seed has two scores of a fold.
    """
    table = table.assign(fold=table["fold"].astype(str))
    own = table[(table["subset"] == subset) & ((table["fold"] == ALL_FOLDS) == pooled)]
    wide = own.pivot(index="seed", columns="fold", values="weighted_f1")
    return wide - wide.mean()


def _draw_row(
    axes: Axes, centred: pd.DataFrame, place: int, panel: _Panel
) -> dict[str, Any] | None:
    if centred.empty:
        return None
    folds = centred.shape[1]
    heights = np.linspace(-_REACH, _REACH, folds) if folds > 1 else np.zeros(1)
    for height, (_, values) in zip(heights, centred.items(), strict=True):
        axes.plot(
            values,
            np.full(len(values), place + height),
            panel.marker,
            color=panel.colour,
            markerfacecolor="none",
            markersize=4.2,
            markeredgewidth=0.9,
        )
    largest = float((centred.max() - centred.min()).max())
    axes.annotate(
        f"{largest:.4f}",
        (1, place),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
    )
    return {"seeds": len(centred), "folds": folds, "largest": largest}


def _limit(axes: Axes, drawn: list[Any], reported: float | None) -> None:
    """Show all that is drawn, with 0 in the middle and a round number marked on either side."""
    reach = 1.1 * max(float(np.abs(np.concatenate(drawn)).max()), (reported or 0.0) / 2)
    reach = reach or 0.01  # of a single seed there is nothing but zeros
    unit = 10.0 ** np.floor(np.log10(reach))
    mark = max(step * unit for step in _STEPS if step * unit <= reach)
    axes.set_xlim(-reach, reach)
    axes.set_xticks([-mark, 0, mark], [f"\N{MINUS SIGN}{mark:.3g}", "0", f"{mark:.3g}"])


def _band() -> dict[str, Any]:
    return {"facecolor": "#E2E2E2", "edgecolor": "#9A9A9A", "linewidth": 0.8, "zorder": 0}


def _handles(reported: float | None) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Line2D([], [], linestyle="", color=MARK, marker="D", markerfacecolor="none",
               markersize=4.2, label="a mark is a seed; of single folds, each fold has its line"),
        Line2D([], [], linestyle="",
               label="numbers: largest difference between two seeds within a fold"),
    ]  # fmt: skip
    if reported is not None:
        label = f"difference between two identical runs in the study, {reported:.4f} wide"
        handles.append(Patch(label=label, **_band()))
    return handles
