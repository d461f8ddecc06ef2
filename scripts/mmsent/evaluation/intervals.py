"""Confidence intervals by bootstrap over near-duplicate groups.

Posts of a group are one observation: a retweet that is right twenty times is right once. Groups,
not posts, are therefore drawn (cluster bootstrap; Davison and Hinkley 1997, section 3.8).
"""

import numpy as np
import pandas as pd

from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.labels import LABELS

_BATCH = 250


def group_confusions(label: np.ndarray, predicted: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Confusion counts of each group: ``(groups, 3, 3)``, groups in sorted order."""
    _, number = np.unique(group, return_inverse=True)
    counts = np.zeros((number.max() + 1, len(LABELS), len(LABELS)))
    np.add.at(counts, (number, label, predicted), 1)
    return counts


def table_confusions(table: pd.DataFrame) -> np.ndarray:
    """:func:`group_confusions` of pooled predictions, by their predicted classes."""
    return group_confusions(*(table[name].to_numpy() for name in ("label", "predicted", "group")))


def resampled(counts: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Sums of the groups' counts ``(groups, ...)`` over resamples: ``(resamples, ...)``."""
    generator = np.random.default_rng(seed)
    groups = len(counts)
    flat = counts.reshape(groups, -1)
    drawn = []
    for start in range(0, resamples, _BATCH):
        size = min(_BATCH, resamples - start)
        times = generator.multinomial(groups, np.full(groups, 1 / groups), size=size)
        drawn.append(times @ flat)
    return np.concatenate(drawn).reshape(-1, *counts.shape[1:])


def group_bootstrap(
    confusions: np.ndarray, resamples: int, level: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of every metric of :func:`metrics_from_confusion`.

    Parameters
    ----------
    confusions
        ``(groups, 3, 3)`` from :func:`group_confusions`.
    level
        Coverage, e.g. 0.95.

    Returns
    -------
    dict
        Metric name to lower and upper end.
    """
    matrices = resampled(confusions, resamples, seed)
    tail = (1 - level) / 2
    return {
        name: (float(np.quantile(values, tail)), float(np.quantile(values, 1 - tail)))
        for name, values in metrics_from_confusion(matrices).items()
    }
