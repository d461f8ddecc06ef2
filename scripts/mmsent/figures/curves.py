"""Loss, scores and learning rate over epochs, with their range over folds."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mmsent.figures.style import MARK, MUTED, PALETTE, new_figure, note_below, plain_text

#: Panels with a line for train and one for validation: column of the history, title.
_PANELS = {"loss": "Loss", "f1": "Weighted F1", "precision": "Weighted precision",
           "recall": "Weighted recall"}  # fmt: skip

#: Parts of the data, each with colour and marker: the marker distinguishes them in grey print.
_PARTS = {"train": (PALETTE[0], "o"), "validation": (PALETTE[5], "s")}

_RAN, _LINE = "#DCDCDC", {"linewidth": 1.5, "markersize": 4}

#: A line where some folds have stopped, and the mark of the best epoch.
_DASHED, _DOTTED = (0, (2.5, 1.5)), (0, (1, 1.5))


def curves_figure(
    name: str, histories: list[pd.DataFrame], best_epochs: list[int]
) -> tuple[Figure, dict[str, Any]]:
    """Draw the curves of an experiment: mean over folds, and a band from lowest to highest fold.

    The mean of an epoch is over the folds that ran it; the last panel shows how many those are, and
    lines are dashed where it is not all of them.

    Parameters
    ----------
    histories
        One for each fold: ``epoch``, ``learning_rate``, and ``loss``, ``f1``, ``precision`` and
        ``recall``, each with ``train_`` and ``validation_`` before it.
    best_epochs
        The selected epoch of each fold.

    Returns
    -------
    figure, numbers
        Those of :func:`curve_numbers`, whose errors are raised.
    """
    numbers = curve_numbers(histories, best_epochs)
    figure = new_figure(10.5, 6.6)
    panels, foot = figure.subfigures(2, 1, height_ratios=[12, 1], squeeze=False)[:, 0]
    f1, gap = numbers["at_best"]["validation_f1"], numbers["at_best"]["gap"]
    title = f"{plain_text(name)}: at each fold's best epoch, validation F1 is {f1:.3f}, "
    title += f"{abs(gap):.3f} {'below' if gap >= 0 else 'above'} training"
    panels.suptitle(title, x=0.005, ha="left")
    loss, f1, rate, precision, recall, folds = panels.subplots(2, 3, sharex=True).flat
    for axes in (precision, recall):
        axes.sharey(f1)
    for axes, (quantity, title) in zip((loss, f1, precision, recall), _PANELS.items(), strict=True):
        axes.set_title(title)
        for part, (colour, marker) in _PARTS.items():
            _draw_curve(axes, over_folds(histories, f"{part}_{quantity}"), colour, marker)
    rates = over_folds(histories, "learning_rate")
    _draw_curve(rate, rates, PALETTE[2], ".")
    highest = rates["max"].max()
    exponent = math.floor(math.log10(highest)) if highest > 0 else 0
    rate.set_title(f"Learning rate / 1e{exponent}, start of epoch")
    rate.yaxis.set_major_formatter(lambda value, _: f"{value / 10.0**exponent:g}")
    for axes in (loss, f1, rate, precision, recall):
        axes.axvline(numbers["mean_best_epoch"], color=MARK, linewidth=1.2, linestyle=_DOTTED)
    for axes in (loss, rate):
        axes.set_ylim(bottom=0)
    _draw_folds(folds, rates["folds"], numbers)
    for axes in (precision, recall, folds):
        axes.set_xlabel("epoch")
    loss.set_xlim(0.4, max(numbers["epochs"]) + 0.6)
    # At least one tick, not at least two: of a single epoch there is no second.
    loss.xaxis.set_major_locator(
        MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    )
    _explain(foot, numbers["mean_best_epoch"])
    return figure, numbers


def _draw_curve(axes: Axes, spread: pd.DataFrame, colour: str, marker: str) -> None:
    look: Any = {"color": colour, "marker": marker, **_LINE}
    axes.fill_between(
        spread.index, spread["min"], spread["max"], color=colour, alpha=0.18, linewidth=0
    )
    # Folds only ever stop, so those epochs that all of them ran come first.
    complete = spread[spread["folds"] == spread["folds"].max()]
    axes.plot(complete.index, complete["mean"], **look)
    rest = spread.iloc[len(complete) - 1 :]
    if len(rest) > 1:
        axes.plot(rest.index, rest["mean"], linestyle=_DASHED, **look)


def _draw_folds(axes: Axes, folds: pd.Series, numbers: dict[str, Any]) -> None:
    """Draw how many folds ran each epoch, and of how many it was the best."""
    axes.set_title("Folds")
    axes.bar(folds.index, folds, width=0.9, color=_RAN)
    best = pd.Series(numbers["best_epochs"]).value_counts()
    bars = axes.bar(best.index, best, width=0.9, color=MUTED)
    axes.bar_label(bars, fontsize=8, padding=1)
    axes.set_ylim(0, numbers["folds"] * 1.35)
    axes.set_yticks(range(0, numbers["folds"] + 1, 1 + numbers["folds"] // 10))
    axes.grid(visible=False, axis="x")
    axes.legend(
        handles=[Patch(color=_RAN, label="trained"), Patch(color=MUTED, label="best epoch")],
        loc="upper right",
        ncols=2,
        title="number of folds",
        title_fontsize=8.5,
        borderaxespad=0.1,
        columnspacing=1.0,
    )


def _explain(foot: SubFigure, mean_best: float) -> None:
    line: Any = {"xdata": [], "ydata": [], **_LINE}
    handles: list[Artist] = [
        Line2D(color=colour, marker=marker, label=part, **line)
        for part, (colour, marker) in _PARTS.items()
    ]
    handles += [
        Line2D(color=MUTED, linestyle=_DASHED, label="some folds stopped earlier", **line),
        Patch(color=MUTED, alpha=0.25, linewidth=0, label="range over folds"),
        Line2D([], [], color=MARK, linestyle=_DOTTED, label=f"mean best epoch: {mean_best:.1f}"),
    ]
    foot.legend(handles=handles, loc="upper center", ncols=len(handles), borderaxespad=0)
    note_below(
        foot,
        "Lines: means over the folds that ran the epoch. Training values are measured during the "
        "epoch, with dropout; validation values after it.",
    )


def over_folds(histories: list[pd.DataFrame], column: str) -> pd.DataFrame:
    """Summarise a column of the histories, epoch by epoch, over the folds that ran that epoch.

    The last value of a fold that has stopped is not carried on.

    Returns
    -------
    pandas.DataFrame
        Index ``epoch``; ``mean``, ``min``, ``max`` and ``folds`` (how many ran it).
    """
    table = pd.concat([history[["epoch", column]] for history in histories])
    summary = table.groupby("epoch")[column].agg(["mean", "min", "max", "size"])
    return summary.rename(columns={"size": "folds"})


def curve_numbers(histories: list[pd.DataFrame], best_epochs: list[int]) -> dict[str, Any]:
    """Summarise the training of an experiment; parameters as of :func:`curves_figure`.

    Returns
    -------
    dict
        ``folds``; ``epochs`` and ``best_epochs`` of each fold; ``mean_best_epoch``; ``at_best`` and
        ``at_last``, each with the means over folds of ``train_f1``, ``validation_f1`` and ``gap``
        (train - validation) at the fold's best or last epoch.

    Raises
    ------
    ValueError
        If a history lacks the best epoch of its fold.
    """
    last_epochs = [int(history["epoch"].max()) for history in histories]
    return {
        "folds": len(histories),
        "epochs": last_epochs,
        "best_epochs": [int(epoch) for epoch in best_epochs],
        "mean_best_epoch": round(float(np.mean(best_epochs)), 6),
        "at_best": _scores_at(histories, best_epochs),
        "at_last": _scores_at(histories, last_epochs),
    }


def _scores_at(histories: list[pd.DataFrame], epochs: list[int]) -> dict[str, float]:
    rows = []
    for history, epoch in zip(histories, epochs, strict=True):
        row = history.loc[history["epoch"] == epoch, ["train_f1", "validation_f1"]]
        if row.empty:
            raise ValueError(f"the best epoch {epoch} is not in the history of its run")
        rows.append(row.iloc[0])
    train, validation = np.mean(rows, axis=0)
    scores = {"train_f1": train, "validation_f1": validation, "gap": train - validation}
    return {name: round(float(value), 6) for name, value in scores.items()}
