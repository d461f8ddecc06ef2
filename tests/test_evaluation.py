"""Metrics, their intervals, and the pooling of out-of-fold predictions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.intervals import group_bootstrap, group_confusions
from mmsent.evaluation.metrics import expected_calibration_error, metrics_from_confusion
from mmsent.evaluation.pooling import pooled, prediction_metrics
from mmsent.labels import LABELS
from predictions import fold_run, predictions


def drawn(posts=300, seed=0, skill=2.0):
    """Labels, predicted classes and probabilities of posts."""
    generator = np.random.default_rng(seed)
    label = generator.choice(3, posts, p=[0.3, 0.1, 0.6])
    scores = generator.normal(size=(posts, 3)) + skill * np.eye(3)[label]
    chances = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return label, chances.argmax(1), chances


def confusion_of(label, predicted):
    return confusion_matrix(label, predicted, labels=[0, 1, 2])


@pytest.mark.parametrize("seed", range(5))
def test_metrics_agree_with_scikit_learn(seed):
    label, predicted, chances = drawn(seed=seed)
    ours = prediction_metrics(predictions(label, predicted, chances))
    assert ours["accuracy"] == pytest.approx(accuracy_score(label, predicted))
    assert ours["weighted_f1"] == pytest.approx(f1_score(label, predicted, average="weighted"))
    assert ours["macro_f1"] == pytest.approx(f1_score(label, predicted, average="macro"))
    assert ours["mcc"] == pytest.approx(matthews_corrcoef(label, predicted))
    assert ours["log_loss"] == log_loss(label, chances)  # to the bit
    theirs = precision_recall_fscore_support(label, predicted, labels=[0, 1, 2])
    for index, name in enumerate(LABELS):
        for position, metric in enumerate(("precision", "recall", "f1")):
            assert ours[f"{metric}_{name}"] == pytest.approx(theirs[position][index])


def test_a_class_that_is_never_predicted_has_f1_zero_and_counts():
    label, predicted = [0, 0, 1, 2], [0, 0, 0, 2]
    ours = metrics_from_confusion(confusion_of(label, predicted))
    assert ours["f1_neutral"] == 0
    assert ours["macro_f1"] == pytest.approx(f1_score(label, predicted, average="macro"))


def test_many_confusions_are_one_call():
    stack = np.stack([confusion_of(*drawn(seed=seed)[:2]) for seed in (1, 2)])
    together = metrics_from_confusion(stack)
    for row in (0, 1):
        alone = metrics_from_confusion(stack[row])
        assert all(together[name][row] == alone[name] for name in alone)


def test_calibration_error_by_hand():
    chances = np.array([[0.9, 0.05, 0.05]] * 10)
    label = np.array([0] * 6 + [1] * 4)
    assert expected_calibration_error(label, chances) == pytest.approx(0.3)
    assert expected_calibration_error(np.zeros(4, int), np.eye(3)[[0, 0, 0, 0]]) == 0


def test_intervals_cover_the_value_and_narrow_with_more_posts():
    widths = []
    for posts in (200, 3200):
        label, predicted, _ = drawn(posts)
        ends = group_bootstrap(group_confusions(label, predicted, np.arange(posts)), 1000, 0.95, 1)
        low, high = ends["weighted_f1"]
        assert low < f1_score(label, predicted, average="weighted") < high
        widths.append(high - low)
    # Sixteen times the posts: a quarter of the width.
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.3)


def test_copies_of_a_post_do_not_narrow_the_interval():
    label, predicted, _ = drawn(200)
    once = group_bootstrap(group_confusions(label, predicted, np.arange(200)), 1000, 0.95, 1)
    copied = [np.repeat(values, 5) for values in (label, predicted, np.arange(200))]
    five = group_bootstrap(group_confusions(*copied), 1000, 0.95, 1)
    assert five["accuracy"] == pytest.approx(once["accuracy"])
    as_posts = group_bootstrap(group_confusions(*copied[:2], np.arange(1000)), 1000, 0.95, 1)
    assert np.ptp(as_posts["accuracy"]) < 0.6 * np.ptp(five["accuracy"])


def test_the_bootstrap_agrees_with_the_binomial():
    right = np.array([1] * 700 + [0] * 300)
    confusions = group_confusions(np.zeros(1000, int), 1 - right, np.arange(1000))
    low, high = group_bootstrap(confusions, 4000, 0.95, 3)["accuracy"]
    assert (low, high) == pytest.approx((0.6716, 0.7284), abs=0.003)


@pytest.fixture
def runs():
    label, _, chances = drawn(90)
    number = np.arange(90) // 2
    folds = pd.DataFrame({"guid": [str(n) for n in range(90)], "group": number.astype(str),
                          "label": label, "fold": number % 3})  # fmt: skip
    return [fold_run(folds, fold, chances) for fold in range(3)], folds


def test_pooling_takes_each_post_once_from_the_fold_that_tested_it(runs):
    tables, folds = runs
    table = pooled(tables, folds)
    assert sorted(table["guid"]) == sorted(folds["guid"])
    assert (table["subset"] == "test").all()
    metrics = experiment_metrics(tables, folds, 200, 0.95, 0)
    assert (metrics["posts"], metrics["groups"], len(metrics["by_fold"])) == (90, 45, 3)
    assert metrics["test"]["accuracy"] == pytest.approx((table.label == table.predicted).mean())
    assert sum(map(sum, metrics["confusion"])) == 90


def test_missing_double_and_leaked_predictions_are_refused(runs):
    tables, folds = runs
    for wrong in (tables[:2], [*tables, tables[0]]):
        with pytest.raises(ValueError, match="exactly once"):
            pooled(wrong, folds)
    with pytest.raises(ValueError, match="may have trained on it"):
        pooled(tables, folds.assign(fold=folds["fold"].map({0: 1, 1: 0, 2: 2})))
