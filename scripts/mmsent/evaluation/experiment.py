"""The metrics of one experiment from its predictions, under either protocol."""

from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.calibration import calibration_numbers
from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.pooling import pooled, prediction_metrics, weight_summary
from mmsent.labels import TRAIN, VALIDATION


def experiment_metrics(
    runs: list[pd.DataFrame], folds: pd.DataFrame, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Return everything that tables print of an experiment, from its predictions alone.

    Returns
    -------
    dict
        ``test``: metrics of the pooled out-of-fold predictions, with what :func:`measured` returns;
        ``validation``: mean over folds of the inner validation's; ``by_fold``: test metrics of each
        fold; ``predicted``: counts by class; ``confusion``: true class by predicted class;
        ``fusion_weights``: :func:`weight_summary`; ``calibration``:
        :func:`mmsent.evaluation.calibration.calibration_numbers`.
    """
    table = pooled(runs, folds)
    validation = [prediction_metrics(run[run["subset"] == VALIDATION]) for run in runs]
    return measured(table, resamples, level, seed) | {
        "test": prediction_metrics(table),
        "validation": {
            name: float(np.mean([scores[name] for scores in validation])) for name in validation[0]
        },
        "by_fold": [prediction_metrics(part) for _, part in table.groupby("fold")],
        "predicted": np.bincount(table["predicted"], minlength=3).tolist(),
        "confusion": table_confusions(table).sum(0).astype(int).tolist(),
        "fusion_weights": weight_summary(runs),
        "calibration": calibration_numbers(runs, folds, resamples, level, seed),
    }


def measured(table: pd.DataFrame, resamples: int, level: float, seed: int) -> dict[str, Any]:
    """Return ``interval`` of each metric, ``posts``, ``groups``, ``resamples`` and ``level``."""
    confusions = table_confusions(table)
    interval = group_bootstrap(confusions, resamples, level, seed)
    counts = {"posts": len(table), "groups": len(confusions)}
    return {"interval": interval, **counts, "resamples": resamples, "level": level}


def paper_metrics(
    run: pd.DataFrame, split: pd.DataFrame, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Return metrics of the validation posts of the study's split, at the best epoch on them.

    They are optimistic: the posts selected the epoch, and some have a near-duplicate among the
    training posts.

    Parameters
    ----------
    run, split
        Its predictions, and the table of :func:`mmsent.data.paper_split.paper_table`.

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
