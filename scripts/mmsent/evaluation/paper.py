"""Metrics under the paper protocol: of the posts that selected the epoch."""

from typing import Any

import pandas as pd

from mmsent.evaluation.experiment import measured
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.labels import TRAIN, VALIDATION


def paper_metrics(
    run: pd.DataFrame, split: pd.DataFrame, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Return metrics of the validation posts of the study's split, at the best epoch on them.

    They are optimistic: the posts selected the epoch, and some have a near-duplicate among the
    training posts.

    Parameters
    ----------
    run
        Predictions of the run.
    split
        From :func:`mmsent.data.paper_split.paper_table`.

    Returns
    -------
    dict
        ``validation``: metrics, with :func:`measured` (intervals account for neither model
        selection nor leakage); ``train_posts``, ``with_twin_in_training`` (posts).

    Raises
    ------
    ValueError
        If the run does not predict each validation post of the split once.
    """
    held_out = split[split["split_0"] == VALIDATION]
    trained = split[split["split_0"] == TRAIN]
    table = run[run["subset"] == VALIDATION].merge(held_out[["guid", "group"]], on="guid")
    if sorted(table["guid"]) != sorted(held_out["guid"]):
        raise ValueError("the run does not predict the posts of this split")
    return measured(table, resamples, level, seed) | {
        "validation": prediction_metrics(table),
        "train_posts": len(trained),
        "with_twin_in_training": int(table["group"].isin(trained["group"]).sum()),
    }
