"""Predictions of the posts without a label: what all folds' runs say of them together."""

from typing import Any

import numpy as np
import pandas as pd

from mmsent.config.fitting import Postprocessing
from mmsent.data.layout import guid_order
from mmsent.data.readers import Listing
from mmsent.evaluation.bad_cases import summary
from mmsent.evaluation.postprocessing import postprocessed
from mmsent.labels import LABELS, PROBABILITY_COLUMNS, UNLABELLED_SPLIT


def submission(
    runs: list[pd.DataFrame],
    metrics: list[dict[str, Any]],
    postprocessing: dict[str, Any] | None,
    listings: list[Listing],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The class of each listed post without a label, and counts.

    Parameters
    ----------
    runs, metrics
        Predictions and metrics of each fold.
    postprocessing
        Settings of the experiment; a threshold that was fitted on each fold is averaged.
    listings
        The lists of posts without a label: one or none.

    Returns
    -------
    table, numbers
        :func:`submission_table` and :func:`submission_numbers`, with ``without_prediction`` and
        ``unusable_lines`` of the lists.
    """
    fitted = [own["postprocessing_threshold"] for own in metrics]
    known = [value for value in fitted if value is not None]
    threshold = float(np.mean(known)) if known else None
    rule = Postprocessing(**postprocessing) if postprocessing else None
    probabilities = mean_probabilities(runs)
    predicted = postprocessed(probabilities.to_numpy(), rule, threshold)
    listed = [guid for listing in listings for guid in listing.rows["guid"]]
    table = submission_table(listed, probabilities.index.tolist(), predicted)
    numbers = submission_numbers(probabilities.to_numpy(), predicted, threshold)
    unusable = sum(len(listing.problems) for listing in listings)
    return table, numbers | {
        "without_prediction": len(listed) - len(table),
        "unusable_lines": unusable,
    }


def mean_probabilities(runs: list[pd.DataFrame]) -> pd.DataFrame:
    """The mean over runs of the probabilities of each post without a label.

    Parameters
    ----------
    runs
        A predictions table of each fold.

    Returns
    -------
    pandas.DataFrame
        Index ``guid``; a column for each class.

    Raises
    ------
    ValueError
        If a run does not predict each of the posts exactly once.
    """
    tables = [run[run["subset"] == UNLABELLED_SPLIT].set_index("guid") for run in runs]
    first = tables[0].index
    for table in tables:
        if not table.index.is_unique or set(table.index) != set(first):
            raise ValueError("the runs do not predict each post without a label exactly once")
    chances = [table.loc[first, PROBABILITY_COLUMNS].to_numpy() for table in tables]
    return pd.DataFrame(np.mean(chances, axis=0), index=first, columns=PROBABILITY_COLUMNS)


def submission_table(listed: list[str], guids: list[str], predicted: np.ndarray) -> pd.DataFrame:
    """The predicted class of each post, in the order of the list of posts.

    Parameters
    ----------
    listed
        The guids of the list.
    guids, predicted
        The posts that were predicted, in any order, and their classes ``(posts,)``.

    Returns
    -------
    pandas.DataFrame
        ``guid`` and ``tag`` (name of the class). Listed posts that were not predicted are left out.

    Raises
    ------
    ValueError
        If a predicted post is not on the list.
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
    """Counts of the classes before and after post-processing.

    Parameters
    ----------
    probabilities
        Mean over folds ``(posts, 3)``.
    predicted
        Classes after post-processing ``(posts,)``.
    threshold
        The fitted threshold of the post-processing, if it has one.

    Returns
    -------
    dict
        ``posts``; ``before`` and ``after`` post-processing, each with ``counts`` and ``shares`` of
        the classes by name; ``changed``; ``confidence``: ``mean``, ``median``, ``min`` and ``max``
        of the highest probability, or ``None``; ``threshold``.
    """
    highest = probabilities.argmax(1)
    return {
        "posts": len(predicted),
        "before": _counted(highest),
        "after": _counted(predicted),
        "changed": int((highest != predicted).sum()),
        "confidence": summary(probabilities.max(1)) if len(predicted) else None,
        "threshold": threshold,
    }


def _counted(classes: np.ndarray) -> dict[str, dict[str, float]]:
    counts = np.bincount(classes, minlength=len(LABELS))
    return {
        "counts": {name: int(counts[index]) for index, name in enumerate(LABELS)},
        "shares": {
            name: round(float(counts[index]) / max(len(classes), 1), 6)
            for index, name in enumerate(LABELS)
        },
    }
