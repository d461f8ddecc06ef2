"""How far scores of repeated runs, which differ in their seed alone, lie apart."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mmsent.evaluation.seeds import ALL_FOLDS
from mmsent.figures.scores import WIDTH, name_rows, write_beside
from mmsent.figures.style import MARK, PALETTE, legend_below, new_figure
from mmsent.labels import TEST, VALIDATION

#: Half the height of the dots of an experiment, in rows.
_REACH = 0.26

#: Title of a kind of score, whether it is of pooled folds, its subset, marker and colour.
_PANELS = (
    ("All folds pooled, test", True, TEST, "D", PALETTE[0]),
    ("Single folds, test", False, TEST, "o", PALETTE[0]),
    ("Single folds, validation", False, VALIDATION, "s", PALETTE[5]),
)

_MARKER: Any = {"linestyle": "", "markerfacecolor": "none", "markersize": 4.2}
_BAND: Any = {"facecolor": "#E2E2E2", "edgecolor": "#9A9A9A", "linewidth": 0.8, "zorder": 0}


def seed_figure(scores: dict[str, pd.DataFrame], reported: float | None) -> Figure:
    """Draw weighted F1 of repeated runs, less its mean over seeds.

    Parameters
    ----------
    scores
        Scores of each experiment, from :func:`mmsent.evaluation.seeds.seed_scores`.
    reported
        Difference between two runs of the study with the same settings; drawn as a band of that
        width. ``None`` draws no band.
    """
    figure = new_figure(WIDTH, 1.6 + 0.62 * len(scores), "Weighted F1 of repeated runs (seeds)")
    panels = figure.subplots(1, len(_PANELS), sharex=True, sharey=True)
    reach = (reported or 0.0) / 2
    for axes, (title, pooled, subset, marker, colour) in zip(panels, _PANELS, strict=True):
        axes.set_title(title, fontsize=9)
        axes.axvline(0, color=MARK, linewidth=0.8)
        if reported is not None:
            axes.axvspan(-reported / 2, reported / 2, **_BAND)
        for place, table in enumerate(scores.values()):
            rows = (table["subset"] == subset) & ((table["fold"] == ALL_FOLDS) == pooled)
            wide = table[rows].pivot(index="seed", columns="fold", values="weighted_f1")
            centred = wide - wide.mean()
            folds = centred.shape[1]
            heights = np.linspace(-_REACH, _REACH, folds) if folds > 1 else np.zeros(1)
            look = {"marker": marker, "color": colour, "markeredgewidth": 0.9}
            axes.plot(centred, np.broadcast_to(place + heights, centred.shape), **look, **_MARKER)
            largest = (centred.max() - centred.min()).max()
            write_beside(axes, place, f"{largest:.4f}", fontsize=7.5)
            reach = max(reach, centred.abs().max(axis=None))
        axes.tick_params(axis="y", labelleft=axes is panels[0], length=0)
        axes.grid(visible=False, axis="y")
    reach = 1.1 * reach or 0.01  # of a single seed there is nothing but zeros
    panels[0].set_xlim(-reach, reach)
    panels[0].xaxis.set_major_locator(MaxNLocator(nbins=2, symmetric=True))
    name_rows(panels[0], list(scores), [False] * len(scores))
    panels[1].set_xlabel("weighted F1 - mean over seeds of the same fold")
    legend_below(figure, _handles(reported), 1)
    return figure


def _handles(reported: float | None) -> list[Artist]:
    handles: list[Artist] = [
        Line2D([], [], color=MARK, marker="D", **_MARKER,
               label="one marker per seed; single folds: one line per fold"),
        Line2D([], [], linestyle="",
               label="numbers: largest difference between two seeds of a fold"),
    ]  # fmt: skip
    if reported is not None:
        label = f"width: difference between two repeated runs in the study ({reported:.4f})"
        handles.append(Patch(label=label, **_BAND))
    return handles
