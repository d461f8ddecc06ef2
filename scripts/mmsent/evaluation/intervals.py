"""Confidence intervals by bootstrap over near-duplicate groups.

Posts of a group are one observation: a retweet that is right twenty times is right once. Groups,
not posts, are therefore drawn (cluster bootstrap; Davison and Hinkley 1997, section 3.8).
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.labels import LABELS

_BATCH = 250


def group_confusions(label: np.ndarray, predicted: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return confusion counts ``(groups, classes, classes)``, groups in sorted order."""
    _, number = np.unique(group, return_inverse=True)
    counts = np.zeros((number.max() + 1, len(LABELS), len(LABELS)))
    np.add.at(counts, (number, label, predicted), 1)
    return counts


def table_confusions(table: pd.DataFrame) -> np.ndarray:
    """Return :func:`group_confusions` of pooled predictions."""
    return group_confusions(*(table[name].to_numpy() for name in ("label", "predicted", "group")))


def weighted_f1(confusions: np.ndarray) -> float:
    """Return weighted F1 of the sum of groups' confusion counts ``(groups, classes, classes)``."""
    return float(metrics_from_confusion(confusions.sum(0))["weighted_f1"])


def resampled(counts: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Return sums of the groups' counts ``(groups, ...)`` over resamples: ``(resamples, ...)``."""
    flat = counts.reshape(len(counts), -1)
    times = _times_drawn(len(counts), resamples, seed)
    drawn = [times[start : start + _BATCH] @ flat for start in range(0, resamples, _BATCH)]
    return np.concatenate(drawn).reshape(-1, *counts.shape[1:])


@lru_cache(maxsize=1)
def _times_drawn(groups: int, resamples: int, seed: int) -> np.ndarray:
    """Return how often each resample contains each group, ``(resamples, groups)``.

    The latest is kept: drawing takes most of the time, and experiments share their resamples.
    """
    generator, even = np.random.default_rng(seed), np.full(groups, 1 / groups)
    sizes = (min(_BATCH, resamples - start) for start in range(0, resamples, _BATCH))
    # A byte each: that a group is drawn 256 times has a probability below 1e-500.
    drawn = [generator.multinomial(groups, even, size=n).astype(np.uint8) for n in sizes]
    return np.concatenate(drawn)


def percentile_interval(drawn: np.ndarray, level: float) -> tuple[float, float]:
    """Return the bounds of the central interval of resampled values that covers ``level``."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def interval_columns(name: str, values: tuple[float, float, float]) -> dict[str, float]:
    """Return a value and the bounds of its interval as the columns of a table."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def group_bootstrap(
    confusions: np.ndarray, resamples: int, level: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Return percentile intervals of the metrics of confusions ``(groups, classes, classes)``."""
    metrics = metrics_from_confusion(resampled(confusions, resamples, seed))
    return {name: percentile_interval(drawn, level) for name, drawn in metrics.items()}
