"""Predictions of the test posts, by the runs of all folds together."""

from typing import Any

import numpy as np
import pandas as pd

from mmsent.config.fitting import Postprocessing
from mmsent.data.layout import guid_order
from mmsent.evaluation.bad_cases import summary
from mmsent.evaluation.postprocessing import postprocessed
from mmsent.labels import LABELS, UNLABELLED_SPLIT


def submission(
    runs: list[pd.DataFrame],
    metrics: list[dict[str, Any]],
    postprocessing: dict[str, Any] | None,
    listed: list[str],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predict the class of each listed test post.

    Parameters
    ----------
    runs, metrics, postprocessing
        As in :func:`mean_predictions`.
    listed
        The guids of the test posts, in the order of their lists.

    Returns
    -------
    table, numbers
        :func:`submission_table` and :func:`submission_numbers`, with ``without_prediction``.
    """
    probabilities, predicted, threshold = mean_predictions(runs, metrics, postprocessing)
    table = submission_table(listed, probabilities.index.tolist(), predicted)
    numbers = submission_numbers(probabilities.to_numpy(), predicted, threshold)
    return table, numbers | {"without_prediction": len(listed) - len(table)}


def mean_predictions(
    runs: list[pd.DataFrame],
    metrics: list[dict[str, Any]],
    postprocessing: dict[str, Any] | None,
) -> tuple[pd.DataFrame, np.ndarray, float | None]:
    """Predict the test posts by the runs of all folds.

    Parameters
    ----------
    runs, metrics
        Predictions and metrics of each fold.
    postprocessing
        Settings of the experiment; a threshold that was fitted on each fold is averaged.

    Returns
    -------
    probabilities, predicted, threshold
        :func:`mean_probabilities`, classes after post-processing ``(posts,)``, mean threshold.
    """
    fitted = [run["postprocessing_threshold"] for run in metrics]
    known = [value for value in fitted if value is not None]
    threshold = float(np.mean(known)) if known else None
    rule = Postprocessing(**postprocessing) if postprocessing else None
    probabilities = mean_probabilities(runs)
    return probabilities, postprocessed(probabilities.to_numpy(), rule, threshold), threshold


def mean_probabilities(runs: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the mean over runs of the probabilities ``(posts, classes)`` of the test posts.

    The index is ``guid``.

    Raises
    ------
    ValueError
        If a run does not predict each of the posts exactly once.
    """
    tables = [run[run["subset"] == UNLABELLED_SPLIT].set_index("guid") for run in runs]
    first = tables[0].index
    if any(not t.index.is_unique or set(t.index) != set(first) for t in tables):
        raise ValueError("the runs do not predict each test post exactly once")
    columns = LABELS.probability_columns
    probabilities = [table.loc[first, columns].to_numpy() for table in tables]
    return pd.DataFrame(np.mean(probabilities, axis=0), index=first, columns=columns)


def submission_table(listed: list[str], guids: list[str], predicted: np.ndarray) -> pd.DataFrame:
    """Return ``guid`` and ``tag`` (name of the class) of each post, in the order of the label file.

    Listed posts without prediction are left out.

    Parameters
    ----------
    listed
        The guids of the label file.
    guids, predicted
        The posts that were predicted, in any order, and their classes ``(posts,)``.

    Raises
    ------
    ValueError
        If a predicted post is not listed.
    """
    tags = {guid: LABELS[index] for guid, index in zip(guids, predicted, strict=True)}
    foreign = sorted(set(tags) - set(listed), key=guid_order)
    if foreign:
        raise ValueError(f"{len(foreign)} posts are not listed: guid {', '.join(foreign[:5])}")
    rows = [(guid, tags[guid]) for guid in listed if guid in tags]
    return pd.DataFrame(rows, columns=["guid", "tag"])


def submission_numbers(
    probabilities: np.ndarray, predicted: np.ndarray, threshold: float | None
) -> dict[str, Any]:
    """Count the classes of posts before and after post-processing.

    Parameters
    ----------
    probabilities, predicted
        Means over folds ``(posts, classes)``, and classes after post-processing ``(posts,)``.

    Returns
    -------
    dict
        ``posts``; ``before`` and ``after``, each with ``counts`` and ``shares`` of the classes by
        name; ``changed``; ``confidence``: :func:`summary` of the highest probability;
        ``threshold``.
    """
    highest = probabilities.argmax(1)
    return {
        "posts": len(predicted),
        "before": _counted(highest),
        "after": _counted(predicted),
        "changed": int((highest != predicted).sum()),
        "confidence": summary(probabilities.max(1)),
        "threshold": threshold,
    }


def _counted(classes: np.ndarray) -> dict[str, dict[str, float]]:
    counts = dict(zip(LABELS, np.bincount(classes, minlength=len(LABELS)).tolist(), strict=True))
    shares = {name: round(count / max(len(classes), 1), 6) for name, count in counts.items()}
    return {"counts": counts, "shares": shares}
