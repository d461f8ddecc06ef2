"""Calibration of probabilities, before and after temperature scaling."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mmsent.evaluation.intervals import percentile_interval, resampled
from mmsent.evaluation.metrics import (
    CALIBRATION_BINS,
    calibration_bins,
    calibration_error,
    expected_calibration_error,
    log_loss,
)
from mmsent.evaluation.pooling import pooled
from mmsent.labels import LABELS, TEST, VALIDATION

#: Lowest and highest temperature that is fitted. Where every prediction is correct, the log loss
#: falls with the temperature without end, and the fitted one is the lowest.
TEMPERATURES = (0.05, 20.0)


def scaled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return the softmax of log probabilities ``(posts, classes)`` over T (Guo et al. 2017, 4.2).

    A temperature above 1 makes probabilities more even, one below 1 more extreme; their order
    stays. Those below 2e-16 count as 2e-16, as in scikit-learn's log loss.
    """
    return softmax(_logarithms(probabilities) / temperature, axis=1)


def fitted_temperature(label: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature within :data:`TEMPERATURES` at which the log loss is lowest.

    Parameters
    ----------
    label, probabilities
        ``(posts,)`` and ``(posts, classes)``, of posts on which calibration is not measured later.

    Raises
    ------
    ValueError
        If there are no posts.
    """
    if not len(label):
        raise ValueError("there are no posts to fit a temperature on")
    logarithms, rows = _logarithms(probabilities), np.arange(len(label))

    def loss(log_temperature: float) -> float:
        return -log_softmax(logarithms / np.exp(log_temperature), axis=1)[rows, label].mean()

    # The loss is convex in 1 / T, hence has one minimum in log T.
    bounds = tuple(np.log(TEMPERATURES))
    result = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(result.x))


def calibration_numbers(
    runs: list[pd.DataFrame], folds: pd.DataFrame, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Measure the calibration of the pooled predictions, before and after temperature scaling.

    The temperature of a fold is fitted on its validation posts and applied to its test posts.

    The expected calibration error (ECE) is that of the highest probability's class, which after
    post-processing need not be the predicted one. It adds up gaps whatever their sign, so noise
    only ever adds to it (Roelofs et al. 2022, "Mitigating bias in calibration error estimation"),
    and a resample adds that of its draw to the sample's: resampled ECE is biased upward. The
    intervals are therefore basic ones, reflected at the value (Davison and Hinkley 1997, section
    5.2), which take off as much as resampling adds, and are widened to the value where that takes
    off more.

    Parameters
    ----------
    runs
        Predictions of each fold, with its validation posts.
    level
        Coverage of the intervals, by bootstrap over near-duplicate groups.

    Returns
    -------
    dict
        ``temperatures``, in the order of ``runs``; ``before`` and ``after``, each with ``ece``,
        ``ece_low``, ``ece_high``, ``log_loss`` and ``bins`` (:func:`reliability_bins`); ``change``:
        ``ece`` (after - before), ``low`` and ``high``, from the same resamples of both.

    Raises
    ------
    ValueError
        If a run has no validation posts, or as :func:`pooled` does.
    """
    temperatures, after = [], []
    for run in runs:
        validation, test = run[run["subset"] == VALIDATION], run[run["subset"] == TEST].copy()
        temperatures.append(fitted_temperature(*_arrays(validation)))
        test[LABELS.probability_columns] = scaled(_arrays(test)[1], temperatures[-1])
        after.append(test)
    tables = {"before": pooled(runs, folds), "after": pooled(after, folds)}
    drawn = resampled(
        np.stack([_sums(table) for table in tables.values()], axis=1), resamples, seed
    )
    errors = calibration_error(drawn[..., :-1], drawn[..., -1])
    numbers: dict[str, Any] = {"temperatures": temperatures}
    for index, (name, table) in enumerate(tables.items()):
        label, probabilities = _arrays(table)
        error = expected_calibration_error(label, probabilities)
        low, high = _basic_interval(error, errors[:, index], level)
        numbers[name] = {
            "ece": error,
            "ece_low": max(low, 0.0),
            "ece_high": high,
            "log_loss": log_loss(label, probabilities),
            "bins": reliability_bins(label, probabilities),
        }
    change = numbers["after"]["ece"] - numbers["before"]["ece"]
    low, high = _basic_interval(change, errors[:, 1] - errors[:, 0], level)
    return numbers | {"change": {"ece": change, "low": low, "high": high}}


def reliability_bins(label: np.ndarray, probabilities: np.ndarray) -> list[dict[str, float]]:
    """Return the bars of a reliability diagram (Guo et al. 2017, figure 1), without empty bins.

    ``low`` and ``high`` are the ends of the bin, ``confidence`` is the mean highest probability of
    its ``posts``, ``accuracy`` that of its class.
    """
    bins, confidence, correct = calibration_bins(label, probabilities)
    return [
        {
            "low": float(number / CALIBRATION_BINS),
            "high": float((number + 1) / CALIBRATION_BINS),
            "posts": int((bins == number).sum()),
            "confidence": float(confidence[bins == number].mean()),
            "accuracy": float(correct[bins == number].mean()),
        }
        for number in np.unique(bins)
    ]


def _basic_interval(value: float, drawn: np.ndarray, level: float) -> tuple[float, float]:
    low, high = percentile_interval(drawn, level)
    # Of a well-calibrated model, almost every draw is above the value: the bound is the value.
    return min(2 * value - high, value), max(2 * value - low, value)


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    values = np.asarray(probabilities, dtype=np.float64)
    return np.log(np.maximum(values, np.finfo(np.float64).eps))


def _arrays(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Labels ``(posts,)`` and probabilities ``(posts, classes)``."""
    return table["label"].to_numpy(), table[LABELS.probability_columns].to_numpy()


def _sums(table: pd.DataFrame) -> np.ndarray:
    """Of each group the gaps of each bin and, last, the posts: ``(groups, bins + 1)``."""
    bins, confidence, correct = calibration_bins(*_arrays(table))
    _, group = np.unique(table["group"].to_numpy(), return_inverse=True)
    sums = np.zeros((group.max() + 1, CALIBRATION_BINS + 1))
    np.add.at(sums, (group, bins), confidence - correct)
    sums[:, -1] = np.bincount(group)
    return sums
