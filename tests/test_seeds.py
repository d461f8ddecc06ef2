"""The spread of scores over repeated runs, which differ in their seed."""

import json
import statistics

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from mmsent.evaluation.seeds import by_fold, seed_deviations, seed_scores, seed_spread
from predictions import fold_run

METRICS = ["weighted_f1", "accuracy", "macro_f1"]
KINDS = ("pooled", "one_fold", "one_validation")


def study(posts=60, seeds=3, number=2):
    """Folds, and the runs of each fold by all seeds."""
    generator = np.random.default_rng(0)
    guids = [str(n + 1) for n in range(posts)]
    label, fold = generator.choice(3, posts), np.arange(posts) % number
    folds = pd.DataFrame({"guid": guids, "group": guids, "label": label, "fold": fold})
    runs = {}
    for seed in range(seeds):
        chances = generator.dirichlet([1, 1, 1], posts) + 0.4 * np.eye(3)[label]
        chances /= chances.sum(1, keepdims=True)
        runs[seed] = [fold_run(folds, own, chances) for own in range(number)]
    return by_fold(runs), folds


def test_scores_are_those_of_scikit_learn():
    runs, folds = study()
    scores = seed_scores(runs, folds)
    assert len(scores) == 3 * (1 + 2 * 2)
    every = pd.concat(runs)
    for row in scores.to_dict("records"):
        part = every[(every["seed"] == row["seed"]) & (every["subset"] == row["subset"])]
        if row["fold"] == "all":
            assert row["subset"] == "test"
        else:
            part = part[part["fold"] == int(row["fold"])]
        assert row["posts"] == len(part) == (60 if row["fold"] == "all" else 30)
        label, predicted = part["label"], part["predicted"]
        assert row["accuracy"] == pytest.approx(accuracy_score(label, predicted))
        for average in ("weighted", "macro"):
            expected = f1_score(label, predicted, average=average)
            assert row[f"{average}_f1"] == pytest.approx(expected)
    assert not scores.duplicated(["seed", "fold", "subset"]).any()


def test_spread_by_hand():
    # Fold 1 is harder than fold 0 by far, which is no spread over seeds.
    values = {
        ("all", "test"): [0.60, 0.64, 0.61],
        ("0", "test"): [0.80, 0.90, 0.85],
        ("1", "test"): [0.40, 0.41, 0.42],
        ("0", "validation"): [0.95, 0.95, 0.95],
        ("1", "validation"): [0.70, 0.50, 0.60],
    }
    rows = [
        {"seed": seed, "fold": fold, "subset": subset, "posts": 10 + int(fold == "1"),
         "weighted_f1": value, "accuracy": value / 2, "macro_f1": 1 - value}
        for (fold, subset), own in values.items() for seed, value in enumerate(own)
    ]  # fmt: skip
    spread = seed_spread(pd.DataFrame(rows).sample(frac=1, random_state=0))
    assert (spread["seeds"], spread["folds"]) == (3, 2)
    # From a table of Student's t, two-sided at 5 %: 2 degrees of freedom of one score for each of
    # three seeds, 4 of two folds.
    two, four = 4.30265 * 2**0.5, 2.77645 * 2**0.5
    sd = [statistics.stdev([0.60, 0.64, 0.61]), ((0.05**2 + 0.01**2) / 2) ** 0.5,
          (0.1**2 / 2) ** 0.5]  # fmt: skip
    expected = {
        "mean": [1.85 / 3, (0.85 + 0.41) / 2, (0.95 + 0.6) / 2],
        "sd": sd,
        "repeatability": [two * sd[0], four * sd[1], four * sd[2]],
        "range": [0.04, 0.1, 0.2],
        "largest_difference": [0.04, 0.1, 0.2],
        "mean_difference": [0.08 / 3, (0.2 / 3 + 0.04 / 3) / 2, 0.4 / 3 / 2],
    }
    for place, kind in enumerate(KINDS):
        own = spread[kind]
        numbers = {name: values[place] for name, values in expected.items()}
        assert own["weighted_f1"] == pytest.approx(numbers, rel=1e-5)
        assert own["accuracy"]["sd"] == pytest.approx(own["weighted_f1"]["sd"] / 2)
        assert own["macro_f1"]["mean"] == pytest.approx(1 - own["weighted_f1"]["mean"])
        assert own["posts"] == 10  # the mean of 10 and 11 is rounded to even


def test_spread_of_real_scores_is_json_and_zero_for_equal_runs():
    runs, folds = study(number=3)
    spread = seed_spread(seed_scores(runs, folds))
    assert json.loads(json.dumps(spread, allow_nan=False)) == spread
    assert (spread["pooled"]["posts"], spread["one_fold"]["posts"]) == (60, 20)
    first = [run[run["seed"] == 0].drop(columns="seed") for run in runs]
    spread = seed_spread(seed_scores(by_fold(dict.fromkeys(range(3), first)), folds))
    for kind in KINDS:
        for metric in METRICS:
            assert spread[kind][metric].pop("mean") > 0
            assert list(spread[kind][metric].values()) == pytest.approx([0] * 5, abs=1e-12)


def test_deviations_are_pooled_over_the_repeated_experiments():
    def spread_with(sd, seeds):
        return {"seeds": seeds, "folds": 5, "one_fold": {m: {"sd": sd} for m in METRICS}}

    pooled = seed_deviations([spread_with(0.03, 5), spread_with(0.04, 3)])
    for metric in METRICS:
        sd = ((0.03**2 + 0.04**2) / 2) ** 0.5 / 5**0.5
        assert pooled[metric] == pytest.approx((sd, (4 + 2) * 5))
    assert seed_deviations([]) == {}


def test_the_deviation_of_single_folds_gives_that_of_pooled_scores():
    # 2,000 repetitions of five folds: the pooled score is their mean.
    values = 0.6 + 0.02 * np.random.default_rng(0).standard_normal((2000, 5))
    single = pd.DataFrame(values).melt(var_name="fold", ignore_index=False, value_name="score")
    single = single.reset_index(names="seed").astype({"fold": str})
    parts = [single.assign(subset=subset) for subset in ("test", "validation")]
    means = pd.DataFrame({"seed": range(2000), "score": values.mean(1)})
    scores = pd.concat([*parts, means.assign(fold="all", subset="test")])
    scores = scores.assign(posts=10, **{metric: scores["score"] for metric in METRICS})
    spread = seed_spread(scores)
    sd, freedom = seed_deviations([spread])["weighted_f1"]
    assert sd == pytest.approx(spread["pooled"]["weighted_f1"]["sd"], rel=0.05)
    assert freedom == 1999 * 5


def test_the_order_of_runs_does_not_matter():
    runs, folds = study()
    mixed = [run.sample(frac=1, random_state=1) for run in runs[::-1]]
    pd.testing.assert_frame_equal(seed_scores(mixed, folds), seed_scores(runs, folds))


def test_runs_that_lack_a_seed_or_a_post_are_refused():
    runs, folds = study()
    first, second = runs
    test = (second["subset"] == "test") & (second["seed"] == 1)
    for wrong in ([first], [first, second[second["seed"] != 2]],
                  [first, second.drop(index=second.index[test][0])]):  # fmt: skip
        with pytest.raises(ValueError, match="each labelled post exactly once"):
            seed_scores(wrong, folds)


def test_a_spread_needs_two_seeds_and_every_fold_of_each():
    scores = seed_scores(*study())
    fold = (scores["fold"] == "1") & (scores["subset"] == "test")
    for wrong, message in (
        (scores[scores["seed"] == 1], "needs two of them"),
        (scores[~(fold & (scores["seed"] == 2))], "one_fold: a seed lacks a fold"),
        (scores[(scores["fold"] != "all") | (scores["seed"] > 0)], "pooled: a seed lacks a fold"),
        (scores[scores["subset"] == "test"], "one_validation: a seed lacks a fold"),
        (pd.concat([scores, scores[fold]]), "duplicate"),
    ):
        with pytest.raises(ValueError, match=message):
            seed_spread(wrong)
