"""Metrics of predictions; every one that a table prints is computed here."""

import numpy as np

from mmsent.labels import LABELS

#: Equal bins of confidence in which calibration is measured.
CALIBRATION_BINS = 15


def confusion_counts(label: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return counts ``(classes, classes)``: true class, predicted class."""
    cells = len(LABELS) * np.asarray(label) + predicted
    return np.bincount(cells, minlength=len(LABELS) ** 2).reshape(len(LABELS), len(LABELS))


def metrics_from_confusion(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Return the metrics of confusion matrices.

    Parameters
    ----------
    confusion
        Counts ``(..., classes, classes)``: true class, predicted class. Any leading shape, so that
        thousands of bootstrap resamples are one call. Weights that are no whole numbers are
        allowed.

    Returns
    -------
    dict
        Arrays of the leading shape: ``accuracy``, ``weighted_f1``, ``macro_f1``, ``mcc``, and
        ``precision_{label}``, ``recall_{label}``, ``f1_{label}``. A class that is never predicted
        has precision 0, one that never occurs recall 0, as in scikit-learn with zero_division=0.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    total = counts.sum((-2, -1))
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    true, predicted = counts.sum(-1), counts.sum(-2)
    precision, recall = _ratio(hits, predicted), _ratio(hits, true)
    f1 = _ratio(2 * hits, true + predicted)
    covariance = hits.sum(-1) * total - (true * predicted).sum(-1)
    spread = (total**2 - (predicted**2).sum(-1)) * (total**2 - (true**2).sum(-1))
    metrics = {
        "accuracy": _ratio(hits.sum(-1), total),
        "weighted_f1": _ratio((f1 * true).sum(-1), total),
        # A class that neither occurs nor is predicted has no F1 to average.
        "macro_f1": _ratio(f1.sum(-1), ((true + predicted) > 0).sum(-1)),
        "mcc": _ratio(covariance, np.sqrt(spread)),
    }
    for index, label in enumerate(LABELS):
        metrics[f"precision_{label}"] = precision[..., index]
        metrics[f"recall_{label}"] = recall[..., index]
        metrics[f"f1_{label}"] = f1[..., index]
    return metrics


def log_loss(label: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean negative log probability of the true class.

    It equals that of scikit-learn, which takes each training job a second to import.
    """
    smallest = np.finfo(np.float64).eps
    true = probabilities[np.arange(len(label)), label].clip(smallest, 1 - smallest)
    return float(-np.log(true).mean())


def expected_calibration_error(label: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean gap between confidence and accuracy over equal bins (Guo et al. 2017)."""
    bins, confidence, correct = calibration_bins(label, probabilities)
    gaps = np.bincount(bins, confidence - correct, minlength=CALIBRATION_BINS)
    return float(calibration_error(gaps, len(label)))


def calibration_bins(
    label: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bin of each post, its highest probability, and whether that class is correct.

    Returns
    -------
    bins, confidence, correct
        Each ``(posts,)``; bins are numbers below :data:`CALIBRATION_BINS`.
    """
    confidence = probabilities.max(1)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return bins, confidence, probabilities.argmax(1) == label


def calibration_error(gaps: np.ndarray, posts: np.ndarray | int) -> np.ndarray:
    """Return the error of each bin's sum of confidence less correctness, ``(..., bins)``."""
    # |mean confidence - mean accuracy| times the bin's fraction of posts
    return np.abs(gaps).sum(-1) / posts


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(below.shape), where=below > 0)
