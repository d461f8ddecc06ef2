"""Pooled out-of-fold predictions of an experiment."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from mmsent.evaluation.metrics import all_metrics
from mmsent.labels import LABELS, PROBABILITY_COLUMNS, TEST
from mmsent.tables import read_table

Name = TypeVar("Name", str, int)

#: Beginning of the columns that hold the weights of an adaptive fusion's parts.
WEIGHT = "weight_"

#: Columns of every predictions table: the contract between runs and everything that reads them.
PREDICTION_COLUMNS = ["guid", "fold", "subset", "label", *PROBABILITY_COLUMNS, "predicted"]


def prediction_table(
    guids: Sequence[str],
    label_of: Mapping[str, int],
    fold: int,
    subset: str,
    probabilities: np.ndarray,
    predicted: np.ndarray,
) -> pd.DataFrame:
    """A predictions table of posts, with probabilities ``(posts, 3)`` and classes ``(posts,)``."""
    table = pd.DataFrame(probabilities, columns=PROBABILITY_COLUMNS)
    table["guid"] = list(guids)
    table["fold"] = fold
    table["subset"] = subset
    table["label"] = np.array([label_of[guid] for guid in guids], dtype=np.int64)
    table["predicted"] = np.asarray(predicted).astype(np.int64)
    return table[PREDICTION_COLUMNS]


def read_runs(paths: Mapping[Name, Sequence[Path]]) -> dict[Name, list[pd.DataFrame]]:
    """Predictions of each fold from their files, by name."""
    return {name: [read_table(path) for path in own] for name, own in paths.items()}


def pooled(runs: list[pd.DataFrame], folds: pd.DataFrame, subset: str = TEST) -> pd.DataFrame:
    """The test predictions of all folds, one for each labelled post, with the post's group.

    Parameters
    ----------
    subset
        ``test``, or one of :data:`mmsent.labels.TEST_WITHOUT`: with a modality taken away.

    Raises
    ------
    ValueError
        If a post is predicted twice, is missing, or was predicted in another fold than its own.
    """
    table = pd.concat(runs, ignore_index=True)
    table = table[table["subset"] == subset]
    merged = folds[["guid", "group", "fold"]].merge(
        table, on="guid", how="outer", suffixes=("_expected", ""), indicator=True
    )
    if (merged["_merge"] != "both").any() or merged["guid"].duplicated().any():
        raise ValueError("the runs do not predict each labelled post exactly once")
    if (merged["fold"] != merged["fold_expected"]).any():
        raise ValueError("a post was predicted by a run that may have trained on it")
    return merged[[*PREDICTION_COLUMNS, "group"]].reset_index(drop=True)


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
