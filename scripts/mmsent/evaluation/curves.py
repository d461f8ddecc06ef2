"""Training histories over folds, which stop at different epochs."""

from typing import Any

import numpy as np
import pandas as pd


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
    """Summarise the training of an experiment.

    Parameters
    ----------
    histories
        One for each fold, with ``epoch``, ``train_f1`` and ``validation_f1`` (weighted).
    best_epochs
        The selected epoch of each fold.

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
