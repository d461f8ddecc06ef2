"""How far probabilities can be taken at their word, before and after temperature scaling."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from mmsent.evaluation.intervals import resampled
from mmsent.evaluation.metrics import (
    CALIBRATION_BINS,
    calibration_bins,
    calibration_error,
    expected_calibration_error,
)
from mmsent.evaluation.pooling import pooled
from mmsent.labels import LABELS, PROBABILITY_COLUMNS, TEST, VALIDATION

#: Lowest and highest temperature that is fitted. Where every post is right, the log loss falls
#: with the temperature without end, and the lowest is what is found.
TEMPERATURES = (0.05, 20.0)


def scaled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Temperature scaling (Guo et al. 2017, section 4.2): softmax of log probabilities over T.

    Above 1 it makes probabilities more even, below 1 more extreme; their order stays.

    Parameters
    ----------
    probabilities
        ``(posts, 3)``. Those below 2e-16, which have no logarithm or none that can be trusted,
        count as 2e-16, as scikit-learn's log loss has it.

    Returns
    -------
    numpy.ndarray
        ``(posts, 3)``, each row with the sum 1.

    Raises
    ------
    ValueError
        If the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature must be above 0, not {temperature}")
    return softmax(_logarithms(probabilities) / temperature, axis=1)


def fitted_temperature(label: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature within :data:`TEMPERATURES` at which the log loss is lowest.

    Parameters
    ----------
    label, probabilities
        ``(posts,)`` and ``(posts, 3)``, of posts that the temperature is not measured on later.

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
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def calibration_numbers(
    runs: list[pd.DataFrame], folds: pd.DataFrame, resamples: int, level: float, seed: int
) -> dict[str, Any]:
    """Calibration of the pooled out-of-fold predictions, before and after temperature scaling.

    The temperature of a fold is fitted on its validation posts and applied to its test posts.

    The expected calibration error (ECE) is that of the highest probability's class, which after
    post-processing need not be the predicted one. It adds up gaps whatever their sign, so noise
    only ever adds to it (Roelofs et al. 2022, "Mitigating bias in calibration error estimation"),
    and a resample has the sample's noise and its own: resampled ECE is biased upward. The intervals
    are therefore basic ones, turned round the value (Davison and Hinkley 1997, section 5.2), which
    take off as much as resampling adds, and are widened to the value where that takes off more.

    Parameters
    ----------
    runs
        Predictions of each fold, with its validation posts.
    level
        Coverage of the intervals, e.g. 0.95, by bootstrap over near-duplicate groups
        (:mod:`mmsent.evaluation.intervals`).

    Returns
    -------
    dict
        ``temperatures``, in the order of ``runs``; ``before`` and ``after``, each with ``ece``,
        ``ece_low``, ``ece_high``, ``log_loss`` and ``bins`` (:func:`reliability_bins`); ``change``:
        ``ece`` (after less before), ``low`` and ``high``, from the same resamples of both.

    Raises
    ------
    ValueError
        If a run is not of one fold or has no validation posts, or as :func:`pooled` does.
    """
    temperatures = [_temperature(run) for run in runs]
    tables = {
        "before": pooled(runs, folds),
        "after": pooled([_after(*one) for one in zip(runs, temperatures, strict=True)], folds),
    }
    drawn = resampled(np.stack([_sums(one) for one in tables.values()], axis=1), resamples, seed)
    errors = calibration_error(drawn[..., :-1], drawn[..., -1])
    numbers: dict[str, Any] = {"temperatures": temperatures}
    for index, (name, table) in enumerate(tables.items()):
        label, chances = table["label"].to_numpy(), table[PROBABILITY_COLUMNS].to_numpy()
        error = expected_calibration_error(label, chances)
        low, high = _basic_interval(error, errors[:, index], level)
        numbers[name] = {
            "ece": error,
            "ece_low": max(low, 0.0),
            "ece_high": high,
            "log_loss": float(log_loss(label, chances, labels=list(range(len(LABELS))))),
            "bins": reliability_bins(label, chances),
        }
    change = numbers["after"]["ece"] - numbers["before"]["ece"]
    low, high = _basic_interval(change, errors[:, 1] - errors[:, 0], level)
    return numbers | {"change": {"ece": change, "low": low, "high": high}}


def reliability_bins(label: np.ndarray, probabilities: np.ndarray) -> list[dict[str, float]]:
    """The bars of a reliability diagram (Guo et al. 2017, figure 1), empty bins left out.

    Returns
    -------
    list of dict
        ``low`` and ``high`` (ends of the bin), ``posts``, ``confidence`` (their mean highest
        probability) and ``accuracy`` (of its class), all but ``posts`` within 0 and 1.
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
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    # Of a model that is hardly off, almost every draw is further off than it: the end is the value.
    return min(2 * value - float(high), value), max(2 * value - float(low), value)


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    values = np.asarray(probabilities, dtype=np.float64)
    return np.log(np.maximum(values, np.finfo(np.float64).eps))


def _temperature(run: pd.DataFrame) -> float:
    if run["fold"].nunique() != 1:
        raise ValueError(f"expected the run of one fold, got folds {run['fold'].unique().tolist()}")
    part = run[run["subset"] == VALIDATION]
    return fitted_temperature(part["label"].to_numpy(), part[PROBABILITY_COLUMNS].to_numpy())


def _after(run: pd.DataFrame, temperature: float) -> pd.DataFrame:
    part = run[run["subset"] == TEST].copy()
    part[PROBABILITY_COLUMNS] = scaled(part[PROBABILITY_COLUMNS].to_numpy(), temperature)
    return part


def _sums(table: pd.DataFrame) -> np.ndarray:
    """Of each group the gaps of each bin and, last, the posts: ``(groups, bins + 1)``."""
    label, chances = table["label"].to_numpy(), table[PROBABILITY_COLUMNS].to_numpy()
    bins, confidence, correct = calibration_bins(label, chances)
    _, group = np.unique(table["group"].to_numpy(), return_inverse=True)
    sums = np.zeros((group.max() + 1, CALIBRATION_BINS + 1))
    np.add.at(sums, (group, bins), confidence - correct)
    sums[:, -1] = np.bincount(group)
    return sums
