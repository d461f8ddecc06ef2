"""Everything that is said of one experiment, from its predictions."""

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
    """Everything that tables print of one experiment, from its predictions alone.

    Returns
    -------
    dict
        ``test``: metrics of the pooled out-of-fold predictions; ``interval``: their ends;
        ``validation``: mean over folds of the inner validation's; ``by_fold``: test metrics of
        each fold; ``posts``, ``groups``, ``resamples``, ``level``; ``predicted``: counts by class;
        ``confusion``: true class by predicted class; ``fusion_weights``: :func:`weight_summary`;
        ``calibration``: :func:`mmsent.evaluation.calibration.calibration_numbers`.
    """
    table = pooled(runs, folds)
    confusions = table_confusions(table)
    validation = [prediction_metrics(run[run["subset"] == VALIDATION]) for run in runs]
    return {
        "test": prediction_metrics(table),
        "interval": group_bootstrap(confusions, resamples, level, seed),
        "validation": {
            name: float(np.mean([one[name] for one in validation])) for name in validation[0]
        },
        "by_fold": [prediction_metrics(part) for _, part in table.groupby("fold")],
        "posts": len(table),
        "groups": len(confusions),
        "resamples": resamples,
        "level": level,
        "predicted": np.bincount(table["predicted"], minlength=3).tolist(),
        "confusion": confusions.sum(0).astype(int).tolist(),
        "fusion_weights": weight_summary(runs),
        "calibration": calibration_numbers(runs, folds, resamples, level, seed),
    }
