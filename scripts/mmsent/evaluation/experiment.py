"""The metrics of one experiment, from its predictions."""

from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.calibration import calibration_numbers
from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.pooling import pooled, prediction_metrics, weight_summary
from mmsent.labels import VALIDATION


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
