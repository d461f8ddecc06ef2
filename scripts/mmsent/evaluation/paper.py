"""The paper protocol's figures: of the posts that chose the epoch."""

from typing import Any

import pandas as pd

from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.labels import TRAIN, VALIDATION


def paper_metrics(
    run: pd.DataFrame, split: pd.DataFrame, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Metrics of the validation posts of the study's own split, at the best epoch on them.

    They are optimistic: the posts chose the epoch, and some have a near-duplicate among those
    trained on.

    Parameters
    ----------
    run
        Predictions of the run.
    split
        From :func:`mmsent.data.paper_split.paper_table`.

    Returns
    -------
    dict
        ``validation``: metrics; ``interval``: their ends, which heed neither choice nor leak;
        ``posts``, ``groups``, ``train_posts``, ``with_twin_in_training`` (posts), ``resamples``,
        ``level``.

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
    confusions = table_confusions(table)
    return {
        "validation": prediction_metrics(table),
        "interval": group_bootstrap(confusions, resamples, level, seed),
        "posts": len(table),
        "groups": len(confusions),
        "train_posts": len(trained),
        "with_twin_in_training": int(table["group"].isin(trained["group"]).sum()),
        "resamples": resamples,
        "level": level,
    }
