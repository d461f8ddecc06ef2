"""Pooled out-of-fold predictions of an experiment."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmsent.evaluation.metrics import (
    confusion_counts,
    expected_calibration_error,
    log_loss,
    metrics_from_confusion,
)
from mmsent.labels import LABELS, TEST

#: Prefix of the columns with the weights of an adaptive fusion's parts.
WEIGHT = "weight_"


def prediction_columns() -> list[str]:
    """Columns of every predictions table: the contract between runs and what reads them."""
    return ["guid", "fold", "subset", "label", *LABELS.probability_columns, "predicted"]


def prediction_table(
    guids: Sequence[str],
    label_of: Mapping[str, int],
    fold: int,
    subset: str,
    probabilities: np.ndarray,
    predicted: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return a predictions table of probabilities ``(posts, classes)`` and classes ``(posts,)``.

    Without ``predicted``, the classes are the most probable ones.
    """
    table = pd.DataFrame(probabilities, columns=LABELS.probability_columns)
    table = table.assign(guid=list(guids), fold=fold, subset=subset)
    table["label"] = np.array([label_of[guid] for guid in guids], dtype=np.int64)
    classes = probabilities.argmax(1) if predicted is None else predicted
    table["predicted"] = classes.astype(np.int64)
    return table[prediction_columns()]


def pooled(runs: list[pd.DataFrame], folds: pd.DataFrame, subset: str = TEST) -> pd.DataFrame:
    """Pool the test predictions of all folds: one for each labelled post, with the post's group.

    Parameters
    ----------
    subset
        ``test``, or one of :data:`mmsent.labels.TEST_WITHOUT`: with a modality blank.

    Raises
    ------
    ValueError
        If a post is predicted twice, is missing, or was predicted in a fold that does not test it.
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
    return merged[[*prediction_columns(), "group"]].reset_index(drop=True)


def weight_summary(runs: list[pd.DataFrame]) -> dict[str, dict[str, float]]:
    """Summarise how an adaptive fusion weights its parts over the test posts.

    Returns
    -------
    dict
        Of each part ``mean``, ``sd``, ``p5``, ``p95``, ``largest`` (fraction of posts for which its
        weight is the largest) and the mean over the posts of each true class, ``mean_{label}``;
        empty for other fusions.
    """
    table = pd.concat(runs, ignore_index=True)
    table = table[table["subset"] == TEST]
    weights = table[[name for name in table.columns if name.startswith(WEIGHT)]]
    return {
        column.removeprefix(WEIGHT): {
            "mean": float(values.mean()),
            "sd": float(values.std()),
            "p5": float(values.quantile(0.05)),
            "p95": float(values.quantile(0.95)),
            "largest": float((weights.idxmax(axis=1) == column).mean()),
            **{f"mean_{name}": float(values[table["label"] == index].mean())
               for index, name in enumerate(LABELS)},
        }
        for column, values in weights.items()
    }  # fmt: skip


def prediction_metrics(table: pd.DataFrame) -> dict[str, float]:
    """Return every metric of the rows of a predictions table, ``log_loss`` and ``ece`` included."""
    label, probabilities = table["label"].to_numpy(), table[LABELS.probability_columns].to_numpy()
    confusion = confusion_counts(label, table["predicted"])
    metrics = {name: float(value) for name, value in metrics_from_confusion(confusion).items()}
    metrics["log_loss"] = log_loss(label, probabilities)
    metrics["ece"] = expected_calibration_error(label, probabilities)
    return metrics
