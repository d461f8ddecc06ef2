"""Temperature scaling, and what is said of the calibration before and after it."""

import json

import numpy as np
import pandas as pd
import pytest
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
from mmsent.labels import PROBABILITY_COLUMNS


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(1, keepdims=True)


def simulated(posts, temperature, seed=0):
    """Labels drawn from true probabilities, and probabilities too sharp by the temperature."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(scale=1.2, size=(posts, 3))
    drawn = generator.random(posts)[:, None] > np.cumsum(softmax(scores), axis=1)[:, :2]
    return drawn.sum(1), softmax(scores * temperature)


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


def run_of(fold, folds, chances):
    """Predictions of a fold's run: the posts of the fold after it are its inner validation."""
    last = folds["fold"].max() + 1
    parts = []
    for subset, number in (("validation", (fold + 1) % last), ("test", fold)):
        rows = folds["fold"] == number
        part = folds.loc[rows, ["guid", "label"]].assign(fold=fold, subset=subset)
        part[PROBABILITY_COLUMNS] = chances[rows]
        parts.append(part.assign(predicted=chances[rows].argmax(1)))
    return pd.concat(parts, ignore_index=True)


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
    sharp = [softmax(np.log(chances) * t) for t in temperatures]
    return [run_of(fold, folds, sharp[fold]) for fold in range(len(temperatures))], folds


# Temperature


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_simulated_data_is_found(temperature):
    label, chances = simulated(20000, temperature)
    found = fitted_temperature(label, chances)
    assert found == pytest.approx(temperature, rel=0.05)
    assert ece_by_hand(label, scaled(chances, found)) < 0.02


def test_no_other_temperature_has_a_lower_log_loss():
    label, chances = simulated(200, 3.0, seed=4)
    found = fitted_temperature(label, chances)
    grid = np.geomspace(1.5, 6, 250)
    losses = []
    for temperature in grid:
        powers = chances ** (1 / temperature)
        losses.append(log_loss(label, powers / powers.sum(1, keepdims=True)))
    assert found == pytest.approx(grid[np.argmin(losses)], rel=0.004)


def test_scaling_is_a_power_and_keeps_the_order():
    chances = np.random.default_rng(0).dirichlet([0.3, 0.3, 0.3], 500)
    for temperature in (0.1, 0.7, 1.0, 4.0, 20.0):
        after = scaled(chances, temperature)
        np.testing.assert_allclose(after.sum(1), 1)
        assert (after.argmax(1) == chances.argmax(1)).all()
        powers = np.maximum(chances, np.finfo(float).eps) ** (1 / temperature)
        np.testing.assert_allclose(after, powers / powers.sum(1, keepdims=True), rtol=1e-9)
    hotter, colder = scaled(chances, 4.0).max(1), scaled(chances, 0.5).max(1)
    assert (hotter <= chances.max(1)).all()
    assert (colder >= chances.max(1) - 1e-12).all()


def test_zero_probabilities_are_no_nan_and_a_sure_mistake_counts():
    sure = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 1.0, 0.0]])
    for temperature in (0.05, 1.0, 20.0):
        after = scaled(sure, temperature)
        assert np.isfinite(after).all()
        np.testing.assert_allclose(after.sum(1), 1)
    np.testing.assert_allclose(scaled(sure, 1.0), sure, atol=1e-15)
    label, chances = simulated(300, 1.0)
    before = fitted_temperature(label, chances)
    wrong = np.vstack([chances, sure[[0]]])
    assert 1.02 * before < fitted_temperature(np.append(label, 2), wrong) < 1.5 * before


def test_temperatures_stay_within_their_bounds():
    _, chances = simulated(100, 1.0)
    right = chances.argmax(1)
    lowest, highest = TEMPERATURES
    assert fitted_temperature(right, chances) == pytest.approx(lowest, rel=1e-3)
    # Worse than a guess: the most even probabilities are the best.
    assert fitted_temperature(chances.argmin(1), chances) == pytest.approx(highest, rel=1e-3)


def test_what_cannot_be_fitted_or_scaled_is_refused():
    label, chances = simulated(10, 1.0)
    for temperature in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            scaled(chances, temperature)
    with pytest.raises(ValueError, match="no posts"):
        fitted_temperature(label[:0], chances[:0])
    runs, folds = study(60)
    blind = runs[0][runs[0]["subset"] == "test"]
    with pytest.raises(ValueError, match="no posts"):
        calibration_numbers([blind, *runs[1:]], folds, 10, 0.95, 0)
    with pytest.raises(ValueError, match="run of one fold"):
        calibration_numbers([pd.concat(runs)], folds, 10, 0.95, 0)


# Numbers


def test_each_fold_has_the_temperature_of_its_own_validation():
    runs, folds = study(3000, (1.0, 2.0, 4.0))
    numbers = calibration_numbers(runs, folds, 20, 0.95, 0)
    assert numbers["temperatures"] == pytest.approx([1, 2, 4], rel=0.15)
    after = []
    for run, temperature in zip(runs, numbers["temperatures"], strict=True):
        chosen = run[run["subset"] == "validation"]
        expected = fitted_temperature(
            chosen["label"].to_numpy(), chosen[PROBABILITY_COLUMNS].to_numpy()
        )
        assert temperature == expected
        test = run[run["subset"] == "test"]
        powers = test[PROBABILITY_COLUMNS].to_numpy() ** (1 / temperature)
        after.append((test["label"].to_numpy(), powers / powers.sum(1, keepdims=True)))
    label, chances = (np.concatenate(part) for part in zip(*after, strict=True))
    assert numbers["after"]["ece"] == pytest.approx(ece_by_hand(label, chances))
    assert numbers["after"]["log_loss"] == pytest.approx(log_loss(label, chances))
    # Folds in another order bring their temperatures along.
    turned = calibration_numbers(runs[::-1], folds, 20, 0.95, 0)
    assert turned["temperatures"] == numbers["temperatures"][::-1]
    assert turned["after"] == numbers["after"]


def test_temperatures_do_not_see_the_test_posts():
    runs, folds = study()
    before = calibration_numbers(runs, folds, 20, 0.95, 0)
    spoilt = []
    for run in runs:
        test = run["subset"] == "test"
        changed = run.copy()
        changed.loc[test, "label"] = (run.loc[test, "label"] + 1) % 3
        changed.loc[test, PROBABILITY_COLUMNS] = run.loc[test, PROBABILITY_COLUMNS].to_numpy()[::-1]
        spoilt.append(changed)
    after = calibration_numbers(spoilt, folds, 20, 0.95, 0)
    assert after["temperatures"] == before["temperatures"]
    assert after["before"]["ece"] != before["before"]["ece"]
    chosen = runs[0].copy()
    validation = chosen["subset"] == "validation"
    chosen.loc[validation, "label"] = (chosen.loc[validation, "label"] + 1) % 3
    moved = calibration_numbers([chosen, *runs[1:]], folds, 20, 0.95, 0)["temperatures"]
    assert moved[0] != before["temperatures"][0]
    assert moved[1:] == before["temperatures"][1:]


def test_overconfident_models_become_better_calibrated_and_stay_as_accurate():
    runs, folds = study(3000)
    numbers = calibration_numbers(runs, folds, 200, 0.95, 0)
    before, after, change = numbers["before"], numbers["after"], numbers["change"]
    assert before["ece"] > 0.1
    assert after["ece"] < 0.04
    assert after["log_loss"] < before["log_loss"]
    assert change["ece"] == after["ece"] - before["ece"]
    assert change["low"] < change["ece"] < change["high"] < 0
    right = [
        sum(one["posts"] * one["accuracy"] for one in numbers[when]["bins"])
        for when in ("before", "after")
    ]
    assert right[0] == pytest.approx(right[1])


def test_before_scaling_the_numbers_are_those_of_the_tables():
    runs, folds = study(300)
    numbers = calibration_numbers(runs, folds, 20, 0.95, 0)
    test = prediction_metrics(pooled(runs, folds))
    assert numbers["before"]["ece"] == test["ece"]
    assert numbers["before"]["log_loss"] == test["log_loss"]
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
    tests, tempered = [], []
    for run, temperature in zip(runs, numbers["temperatures"], strict=True):
        test = run[run["subset"] == "test"].merge(folds[["guid", "group"]], on="guid")
        tests.append(test)
        powers = test[PROBABILITY_COLUMNS].to_numpy() ** (1 / temperature)
        tempered.append(powers / powers.sum(1, keepdims=True))
    table = pd.concat(tests, ignore_index=True)
    label, group = table["label"].to_numpy(), table["group"].to_numpy()
    chances = {"before": table[PROBABILITY_COLUMNS].to_numpy(), "after": np.concatenate(tempered)}
    names = np.unique(group)
    assert len(names) == 60
    times = np.random.default_rng(7).multinomial(60, np.full(60, 1 / 60), size=40)
    drawn = {"before": [], "after": []}
    for counts in times:
        rows = np.concatenate([np.flatnonzero(group == g) for g in np.repeat(names, counts)])
        for when, own in chances.items():
            drawn[when].append(ece_by_hand(label[rows], own[rows]))
    for when, values in drawn.items():
        ends = [numbers[when]["ece_low"], numbers[when]["ece_high"]]
        value = numbers[when]["ece"]
        turned = 2 * value - np.quantile(values, [0.95, 0.05])
        assert ends == pytest.approx([max(turned[0], 0), turned[1]], abs=1e-9)
        assert ends[0] <= value <= ends[1]
    change = np.subtract(drawn["after"], drawn["before"])
    ends = [numbers["change"]["low"], numbers["change"]["high"]]
    turned = 2 * numbers["change"]["ece"] - np.quantile(change, [0.95, 0.05])
    assert ends == pytest.approx(turned, abs=1e-9)


def test_an_interval_holds_its_value_where_a_model_is_hardly_off():
    """The label is drawn by the probabilities: what is off is noise, and resampling adds to it."""
    seen = 0
    for seed in range(8):
        generator = np.random.default_rng(seed)
        chances = generator.dirichlet([2, 2, 2], 300)
        label = (generator.random((300, 1)) > chances.cumsum(1)).sum(1)
        guids = [str(number) for number in range(300)]
        run = pd.DataFrame(chances, columns=PROBABILITY_COLUMNS).assign(
            guid=guids, label=label, predicted=chances.argmax(1), fold=0, subset="test"
        )
        both = pd.concat([run, run.assign(subset="validation", guid=[f"v{g}" for g in guids])])
        folds = pd.DataFrame({"guid": guids, "group": guids, "label": label, "fold": 0})
        numbers = calibration_numbers([both], folds, 60, 0.95, seed)
        for when in ("before", "after"):
            own = numbers[when]
            assert own["ece_low"] <= own["ece"] <= own["ece_high"]
            seen += own["ece_high"] == own["ece"]
        change = numbers["change"]
        assert change["low"] <= change["ece"] <= change["high"]
    assert seen  # without widening, these would lie below their value
