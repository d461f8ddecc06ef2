"""Temperature scaling, and the calibration before and after it."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from mmsent.evaluation.calibration import (
    TEMPERATURES,
    calibration_numbers,
    fitted_temperature,
    reliability_bins,
    scaled,
)
from mmsent.evaluation.metrics import expected_calibration_error
from mmsent.evaluation.pooling import pooled, prediction_metrics
from mmsent.labels import LABELS
from predictions import fold_run, predictions


def simulated(posts, temperature, seed=0):
    """Labels drawn from true probabilities, and probabilities too sharp by the temperature."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(scale=1.2, size=(posts, 3))
    sums = np.cumsum(softmax(scores, axis=1), axis=1)
    drawn = generator.random(posts)[:, None] > sums[:, :2]
    return drawn.sum(1), softmax(scores * temperature, axis=1)


def powers(chances, temperature):
    raised = chances ** (1 / temperature)
    return raised / raised.sum(1, keepdims=True)


def ece_by_hand(label, chances):
    total = 0.0
    for number in range(15):
        confidence = chances.max(1)
        inside = (confidence >= number / 15) & (confidence < (number + 1) / 15)
        if number == 14:
            inside |= confidence == 1
        if inside.any():
            right = (chances.argmax(1) == label)[inside].mean()
            total += inside.mean() * abs(confidence[inside].mean() - right)
    return total


def study(posts=600, temperatures=(2.5, 2.5, 2.5), size=2):
    """Runs of overconfident folds, each by its own temperature; half the posts have twins."""
    label, chances = simulated(posts, 1.0)
    number = np.arange(posts)
    folds = pd.DataFrame(
        {
            "guid": [str(n + 1) for n in number],
            "group": [f"g{n // size}" if n < posts / 2 else f"alone {n}" for n in number],
            "label": label,
            "fold": number // size % len(temperatures),
        }
    )
    runs = [fold_run(folds, fold, powers(chances, 1 / t)) for fold, t in enumerate(temperatures)]
    return runs, folds


# Temperature


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_simulated_data_is_fitted(temperature):
    label, chances = simulated(20000, temperature)
    fitted = fitted_temperature(label, chances)
    assert fitted == pytest.approx(temperature, rel=0.05)
    assert ece_by_hand(label, scaled(chances, fitted)) < 0.02


def test_no_other_temperature_has_a_lower_log_loss():
    label, chances = simulated(200, 3.0, seed=4)
    grid = np.geomspace(1.5, 6, 250)
    losses = [log_loss(label, powers(chances, temperature)) for temperature in grid]
    fitted = fitted_temperature(label, chances)
    assert fitted == pytest.approx(grid[np.argmin(losses)], rel=0.004)


def test_scaling_is_a_power_and_keeps_the_order():
    chances = np.random.default_rng(0).dirichlet([0.3, 0.3, 0.3], 500)
    for temperature in (0.1, 0.7, 1.0, 4.0, 20.0):
        after = scaled(chances, temperature)
        assert (after.argmax(1) == chances.argmax(1)).all()
        expected = powers(np.maximum(chances, np.finfo(float).eps), temperature)
        np.testing.assert_allclose(after, expected, rtol=1e-9)
    hotter, colder = scaled(chances, 4.0).max(1), scaled(chances, 0.5).max(1)
    assert (hotter <= chances.max(1)).all()
    assert (colder >= chances.max(1) - 1e-12).all()


def test_zero_probabilities_are_no_nan_and_a_sure_mistake_counts():
    sure = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 1.0, 0.0]])
    for temperature in (0.05, 1.0, 20.0):
        after = scaled(sure, temperature)
        np.testing.assert_allclose(after.sum(1), 1)
    np.testing.assert_allclose(scaled(sure, 1.0), sure, atol=1e-15)
    label, chances = simulated(300, 1.0)
    before = fitted_temperature(label, chances)
    wrong = np.vstack([chances, sure[[0]]])
    assert 1.02 * before < fitted_temperature(np.append(label, 2), wrong) < 1.5 * before


def test_temperatures_are_within_their_bounds_and_need_posts():
    label, chances = simulated(100, 1.0)
    lowest, highest = TEMPERATURES
    assert fitted_temperature(chances.argmax(1), chances) == pytest.approx(lowest, rel=1e-3)
    # Worse than a guess: the most even probabilities are the best.
    assert fitted_temperature(chances.argmin(1), chances) == pytest.approx(highest, rel=1e-3)
    with pytest.raises(ValueError, match="no posts"):
        fitted_temperature(label[:0], chances[:0])


# Numbers


def test_each_fold_has_the_temperature_of_its_own_validation():
    runs, folds = study(3000, (1.0, 2.0, 4.0))
    numbers = calibration_numbers(runs, folds, 20, 0.95, 0)
    assert numbers["temperatures"] == pytest.approx([1, 2, 4], rel=0.15)
    after = []
    for run, temperature in zip(runs, numbers["temperatures"], strict=True):
        test = run[run["subset"] == "test"]
        chances = powers(test[LABELS.probability_columns].to_numpy(), temperature)
        after.append((test["label"].to_numpy(), chances))
    label, chances = (np.concatenate(part) for part in zip(*after, strict=True))
    assert numbers["after"]["ece"] == pytest.approx(ece_by_hand(label, chances))
    assert numbers["after"]["log_loss"] == pytest.approx(log_loss(label, chances))
    # Folds in another order bring their temperatures along.
    turned = calibration_numbers(runs[::-1], folds, 20, 0.95, 0)
    assert turned["temperatures"] == numbers["temperatures"][::-1]
    assert turned["after"] == numbers["after"]


@pytest.mark.parametrize("subset", ["test", "validation"])
def test_temperatures_depend_on_the_validation_posts_of_their_fold_alone(subset):
    runs, folds = study()
    before = calibration_numbers(runs, folds, 20, 0.95, 0)
    changed = runs[0].copy()
    rows = changed["subset"] == subset
    changed.loc[rows, "label"] = (changed.loc[rows, "label"] + 1) % 3
    changed.loc[rows, LABELS.probability_columns] = changed.loc[
        rows, LABELS.probability_columns
    ].to_numpy()[::-1]
    after = calibration_numbers([changed, *runs[1:]], folds, 20, 0.95, 0)
    same = [one == other for one, other in zip(after["temperatures"], before["temperatures"],
                                               strict=True)]  # fmt: skip
    assert same == [subset == "test", True, True]
    assert (after["before"]["ece"] == before["before"]["ece"]) == (subset == "validation")


def test_overconfident_models_become_better_calibrated_and_stay_as_accurate():
    runs, folds = study(3000)
    numbers = calibration_numbers(runs, folds, 200, 0.95, 0)
    before, after, change = numbers["before"], numbers["after"], numbers["change"]
    assert before["ece"] > 0.1
    assert after["ece"] < 0.04
    assert after["log_loss"] < before["log_loss"]
    assert change["ece"] == after["ece"] - before["ece"]
    assert change["low"] < change["ece"] < change["high"] < 0
    right = [sum(one["posts"] * one["accuracy"] for one in state["bins"])
             for state in (before, after)]  # fmt: skip
    assert right[0] == pytest.approx(right[1])
    test = prediction_metrics(pooled(runs, folds))
    assert (before["ece"], before["log_loss"]) == (test["ece"], test["log_loss"])
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


def test_bins_by_hand_and_their_gaps_are_the_error():
    chances = np.array([[0.42, 0.3, 0.28], [0.44, 0.3, 0.26], [0.1, 0.1, 0.8], [1.0, 0.0, 0.0]])
    first, second, third = reliability_bins(np.array([0, 1, 2, 1]), chances)
    assert first == {"low": 6 / 15, "high": 7 / 15, "posts": 2, "accuracy": 0.5,
                     "confidence": pytest.approx(0.43)}  # fmt: skip
    assert second == {"low": 12 / 15, "high": 13 / 15, "posts": 1, "accuracy": 1, "confidence": 0.8}
    assert third == {"low": 14 / 15, "high": 1, "posts": 1, "accuracy": 0, "confidence": 1}
    label, chances = simulated(400, 2.0)
    bins = reliability_bins(label, chances)
    gaps = [one["posts"] * abs(one["confidence"] - one["accuracy"]) for one in bins]
    assert sum(one["posts"] for one in bins) == 400
    assert sum(gaps) / 400 == pytest.approx(ece_by_hand(label, chances))
    assert expected_calibration_error(label, chances) == pytest.approx(ece_by_hand(label, chances))


def test_intervals_are_those_of_redrawn_groups_the_same_before_and_after():
    runs, folds = study(90, size=3)
    numbers = calibration_numbers(runs, folds, 40, 0.9, 7)
    tests = []
    for run, temperature in zip(runs, numbers["temperatures"], strict=True):
        test = run[run["subset"] == "test"].merge(folds[["guid", "group"]], on="guid")
        before = test[LABELS.probability_columns].to_numpy()
        tests.append((test["label"], test["group"], before, powers(before, temperature)))
    label, group, before, after = (np.concatenate(part) for part in zip(*tests, strict=True))
    names = np.unique(group)
    times = np.random.default_rng(7).multinomial(60, np.full(60, 1 / 60), size=40)
    drawn = {"before": [], "after": []}
    for counts in times:
        rows = np.concatenate([np.flatnonzero(group == g) for g in np.repeat(names, counts)])
        for state, chances in (("before", before), ("after", after)):
            drawn[state].append(ece_by_hand(label[rows], chances[rows]))
    for state, values in drawn.items():
        ends = [numbers[state]["ece_low"], numbers[state]["ece_high"]]
        reflected = 2 * numbers[state]["ece"] - np.quantile(values, [0.95, 0.05])
        assert ends == pytest.approx([max(reflected[0], 0), reflected[1]], abs=1e-9)
    change = np.subtract(drawn["after"], drawn["before"])
    reflected = 2 * numbers["change"]["ece"] - np.quantile(change, [0.95, 0.05])
    ends = [numbers["change"]["low"], numbers["change"]["high"]]
    assert ends == pytest.approx(reflected, abs=1e-9)


def test_an_interval_contains_the_value_of_a_well_calibrated_model():
    """The label is drawn by the probabilities: gaps are noise, and resampling adds to it."""
    widened = 0
    for seed in range(8):
        generator = np.random.default_rng(seed)
        chances = generator.dirichlet([2, 2, 2], 300)
        label = (generator.random((300, 1)) > chances.cumsum(1)).sum(1)
        run = predictions(label, chances.argmax(1), chances)
        folds = run[["guid", "group", "label", "fold"]]
        both = pd.concat([run, run.assign(subset="validation")]).drop(columns="group")
        numbers = calibration_numbers([both], folds, 60, 0.95, seed)
        for state in ("before", "after"):
            own = numbers[state]
            assert own["ece_low"] <= own["ece"] <= own["ece_high"]
            widened += own["ece_high"] == own["ece"]
        change = numbers["change"]
        assert change["low"] <= change["ece"] <= change["high"]
    assert widened
