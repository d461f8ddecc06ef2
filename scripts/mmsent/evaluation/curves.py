"""Training histories over folds, of which each stops when it has stopped gaining."""

from typing import Any

import numpy as np
import pandas as pd


def over_folds(histories: list[pd.DataFrame], column: str) -> pd.DataFrame:
    """A column of the histories, epoch by epoch, over the folds that ran that epoch.

    Parameters
    ----------
    histories
        One for each fold, each with ``epoch`` and ``column``; they may differ in length.

    Returns
    -------
    pandas.DataFrame
        Index ``epoch``; ``mean``, ``min``, ``max`` and ``folds`` (how many ran it). A fold that has
        stopped counts no longer: its last value is not carried on.
    """
    table = pd.concat([history[["epoch", column]] for history in histories])
    summary = table.groupby("epoch")[column].agg(["mean", "min", "max", "size"])
    return summary.rename(columns={"size": "folds"})


def curve_numbers(histories: list[pd.DataFrame], best_epochs: list[int]) -> dict[str, Any]:
    """What training came to, in numbers.

    Parameters
    ----------
    histories
        One for each fold, with ``epoch``, ``train_f1`` and ``validation_f1`` (weighted).
    best_epochs
        The epoch of each fold whose weights were kept.

    Returns
    -------
    dict
        ``folds``; ``epochs`` and ``best_epochs`` of each fold; ``mean_best_epoch``; ``at_best`` and
        ``at_last``, each with the means over folds of ``train_f1``, ``validation_f1`` and ``gap``
        (train less validation) at the fold's own best or last epoch.

    Raises
    ------
    ValueError
        If a history lacks the best epoch of its fold.
    """
    best, last = [], []
    for history, epoch in zip(histories, best_epochs, strict=True):
        by_epoch = history.set_index("epoch")[["train_f1", "validation_f1"]]
        if epoch not in by_epoch.index:
            raise ValueError(f"the best epoch {epoch} is not in the history of its run")
        best.append(by_epoch.loc[epoch].to_numpy(dtype=np.float64))
        last.append(by_epoch.loc[by_epoch.index.max()].to_numpy(dtype=np.float64))
    return {
        "folds": len(histories),
        "epochs": [int(history["epoch"].max()) for history in histories],
        "best_epochs": [int(epoch) for epoch in best_epochs],
        "mean_best_epoch": round(float(np.mean(best_epochs)), 6),
        "at_best": _means(best),
        "at_last": _means(last),
    }


def _means(pairs: list[np.ndarray]) -> dict[str, float]:
    train, validation = np.mean(pairs, axis=0)
    return {
        "train_f1": round(float(train), 6),
        "validation_f1": round(float(validation), 6),
        "gap": round(float(train - validation), 6),
    }
