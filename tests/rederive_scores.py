"""Scores, their resamples and temperatures by routes of their own; see :mod:`rederive`.

A predictions table here has the columns ``label``, ``predicted`` and ``p_{class}``.
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

CLASSES = ["negative", "neutral", "positive"]
CHANCES = ["p_negative", "p_neutral", "p_positive"]
BINS = 15

#: Share within which two temperatures are the same: one of them is where a search stopped.
FITTED = 1e-4


def main_scores(table):
    """Accuracy, weighted F1 and macro F1 of the rows of a predictions table."""
    label, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    return {
        "accuracy": float(accuracy_score(label, predicted)),
        "weighted_f1": float(f1_score(label, predicted, average="weighted", zero_division=0)),
        "macro_f1": float(f1_score(label, predicted, average="macro", zero_division=0)),
    }


def all_scores(table):
    """Every metric of the rows of a predictions table."""
    label, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    scores = main_scores(table) | {
        "mcc": float(matthews_corrcoef(label, predicted)),
        "log_loss": mean_log_loss(table),
        "ece": calibration_error(table),
    }
    found = precision_recall_fscore_support(label, predicted, labels=[0, 1, 2], zero_division=0)
    for kind, values in zip(("precision", "recall", "f1"), found, strict=False):
        scores |= {f"{kind}_{c}": float(v) for c, v in zip(CLASSES, values, strict=True)}
    return scores


def mean_log_loss(table):
    label, chances = table["label"].to_numpy(), table[CHANCES].to_numpy()
    return float(log_loss(label, chances, labels=[0, 1, 2]))


def calibration(table):
    """Bin, confidence and correctness of each post."""
    chances = table[CHANCES].to_numpy()
    bins = np.digitize(chances.max(1), np.linspace(0, 1, BINS + 1)[1:-1])
    correct = chances.argmax(1) == table["label"].to_numpy()
    return bins, chances.max(1), correct.astype(float)


def calibration_bins(table):
    """Guo et al. 2017, figure 1: number, posts, mean confidence and accuracy of each bin."""
    bins, confidence, correct = calibration(table)
    return [
        (
            int(b),
            int(np.count_nonzero(bins == b)),
            confidence[bins == b].mean(),
            correct[bins == b].mean(),
        )
        for b in sorted(set(bins))
    ]


def calibration_error(table):
    """Guo et al. 2017, equation 3."""
    bins = calibration_bins(table)
    return float(sum(posts * abs(right - sure) for _, posts, sure, right in bins) / len(table))


def post_weights(group, resamples, seed) -> Iterator[np.ndarray]:
    """How often each post stands in each resample of groups, ``(250, posts)`` at a time."""
    number, names = pd.factorize(np.asarray(group), sort=True)
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, 250):
        size = min(250, resamples - start)
        times = generator.multinomial(len(names), np.ones(len(names)) / len(names), size)
        yield times[:, number].astype(np.float64)


def resampled(columns, group, resamples, seed):
    """Sums of the posts' columns ``(posts, n)`` over each resample: ``(resamples, n)``."""
    drawn = [weights @ columns for weights in post_weights(group, resamples, seed)]
    return np.concatenate(drawn)


def class_columns(table):
    """Of each post and class: hit, there, predicted; ``(posts, 9)``."""
    true = np.eye(3)[table["label"].to_numpy()]
    predicted = np.eye(3)[table["predicted"].to_numpy()]
    return np.hstack([true * predicted, true, predicted])


def gap_columns(table):
    """Of each post the confidence less correctness, in the column of its bin; ``(posts, 15)``."""
    bins, confidence, correct = calibration(table)
    return np.eye(BINS)[bins] * (confidence - correct)[:, None]


def drawn_scores(sums):
    """Every metric of classes from sums of :func:`class_columns`, ``(resamples,)`` each."""
    hit, true, predicted = np.split(sums, 3, axis=1)
    total = true.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = np.nan_to_num(hit / predicted), np.nan_to_num(hit / true)
        f1 = 2 / (1 / precision + 1 / recall)
        above = total * hit.sum(1) - (true * predicted).sum(1)
        below = np.sqrt(total**2 - (true**2).sum(1)) * np.sqrt(total**2 - (predicted**2).sum(1))
        mcc = np.where(below > 0, above / below, 0)
    scores = {
        "accuracy": hit.sum(1) / total,
        "weighted_f1": (true / total[:, None] * f1).sum(1),
        "macro_f1": f1.sum(1) / (true + predicted > 0).sum(1),
        "mcc": mcc,
    }
    for kind, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        scores |= {f"{kind}_{name}": values[:, index] for index, name in enumerate(CLASSES)}
    return scores


def ends(drawn, level):
    """Ends of the percentile interval of resampled values."""
    return [float(end) for end in np.percentile(drawn, [50 * (1 - level), 50 * (1 + level)])]


def turned_ends(value, drawn, level):
    """Ends of the basic interval, the percentile one turned round the value, which it holds."""
    low, high = ends(drawn, level)
    return min(2 * value - high, value), max(2 * value - low, value)


def sharpened(chances, temperature):
    """Probabilities to the power of 1 / T, their sum 1 again: softmax of logits over T."""
    chances = np.clip(chances, np.finfo(float).eps, None)
    powers = (chances / chances.max(1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(1, keepdims=True)


def settled_temperature(validation, given):
    """The given temperature if its loss is the lowest within 0.05 and 20, else the one that is.

    What follows from a temperature is derived from the given one: a search ends a little beside the
    lowest loss, and a post at the edge of a bin would fall to the other side.
    """
    label, chances = validation["label"].to_numpy(), validation[CHANCES].to_numpy()
    logits, posts = np.log(np.clip(chances, np.finfo(float).eps, None)), np.arange(len(label))

    def slope(inverse):
        # Of the mean loss, by 1 / T, in which it is convex.
        expected = (softmax(inverse * logits, axis=1) * logits).sum(1)
        return float((expected - logits[posts, label]).mean())

    lowest, highest = 1 / 20, 1 / 0.05
    if slope(lowest) >= 0:
        own = 1 / lowest
    elif slope(highest) <= 0:
        own = 1 / highest
    else:
        own = 1 / brentq(slope, lowest, highest, xtol=1e-12)
    if given is None:
        return own
    loss, other = (log_loss(label, sharpened(chances, t), labels=[0, 1, 2]) for t in (given, own))
    # Where the loss is flat, more than one temperature has the lowest.
    same = math.isclose(given, own, rel_tol=FITTED) or abs(loss - other) < 1e-12
    return given if same and 0.0499 < given < 20.01 else own
