"""Pooled out-of-fold predictions of an experiment, and the metrics of them."""

from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.intervals import group_bootstrap, group_confusions
from mmsent.evaluation.metrics import all_metrics
from mmsent.labels import LABELS, PROBABILITY_COLUMNS, TEST, VALIDATION

#: Beginning of the columns that hold the weights of an adaptive fusion's parts.
WEIGHT = "weight_"

#: Columns of every predictions table: the contract between runs and everything that reads them.
PREDICTION_COLUMNS = ["guid", "fold", "subset", "label", *PROBABILITY_COLUMNS, "predicted"]


def pooled(runs: list[pd.DataFrame], folds: pd.DataFrame) -> pd.DataFrame:
    """The test predictions of all folds, one for each labelled post, with the post's group.

    Raises
    ------
    ValueError
        If a post is predicted twice, is missing, or was predicted in another fold than its own.
    """
    table = pd.concat(runs, ignore_index=True)
    table = table[table["subset"] == TEST]
    merged = folds[["guid", "group", "fold"]].merge(
        table, on="guid", how="outer", suffixes=("_expected", ""), indicator=True
    )
    if (merged["_merge"] != "both").any() or merged["guid"].duplicated().any():
        raise ValueError("the runs do not predict each labelled post exactly once")
    if (merged["fold"] != merged["fold_expected"]).any():
        raise ValueError("a post was predicted by a run that may have trained on it")
    return merged[[*PREDICTION_COLUMNS, "group"]].reset_index(drop=True)


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
        ``confusion``: true class by predicted class; ``fusion_weights``: :func:`weight_summary`.
    """
    table = pooled(runs, folds)
    confusions = group_confusions(
        table["label"].to_numpy(), table["predicted"].to_numpy(), table["group"].to_numpy()
    )
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
    }


def weight_summary(runs: list[pd.DataFrame]) -> dict[str, dict[str, float]]:
    """How an adaptive fusion weighs its parts over the test posts; empty for other fusions.

    Returns
    -------
    dict
        Of each part ``mean``, ``sd``, ``p5``, ``p95``, ``largest`` (share of posts for which it
        weighs most) and the mean over the posts of each true class, ``mean_{label}``.
    """
    table = pd.concat(runs, ignore_index=True)
    table = table[table["subset"] == TEST]
    columns = [name for name in table.columns if name.startswith(WEIGHT)]
    largest = table[columns].idxmax(axis=1) if columns else None
    summary = {}
    for column in columns:
        values = table[column]
        summary[column.removeprefix(WEIGHT)] = {
            "mean": float(values.mean()),
            "sd": float(values.std()),
            "p5": float(values.quantile(0.05)),
            "p95": float(values.quantile(0.95)),
            "largest": float((largest == column).mean()),
        } | {
            f"mean_{name}": float(values[table["label"] == index].mean())
            for index, name in enumerate(LABELS)
        }
    return summary


def prediction_metrics(table: pd.DataFrame) -> dict[str, float]:
    """Every metric of the rows of a predictions table."""
    return all_metrics(
        table["label"].to_numpy(),
        table["predicted"].to_numpy(),
        table[PROBABILITY_COLUMNS].to_numpy(),
    )
