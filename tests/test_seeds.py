"""The spread of scores over trainings that differ in their seed alone."""

import itertools
import json
import statistics

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from mmsent.evaluation.seeds import seed_deviations, seed_scores, seed_spread
from mmsent.labels import PROBABILITY_COLUMNS

METRICS = ["weighted_f1", "accuracy", "macro_f1"]


def study(posts=60, seeds=3, number=2):
    """Folds, and the runs of each: a run is tested on its fold and validated on the next."""
    generator = np.random.default_rng(0)
    folds = pd.DataFrame(
        {
            "guid": [str(n + 1) for n in range(posts)],
            "group": [str(n + 1) for n in range(posts)],
            "label": generator.choice(3, posts),
            "fold": np.arange(posts) % number,
        }
    )
    runs = []
    for fold in range(number):
        parts = []
        for seed, (subset, source) in itertools.product(
            range(seeds), (("validation", (fold + 1) % number), ("test", fold))
        ):
            part = folds[folds["fold"] == source].drop(columns="group")
            chances = generator.dirichlet([1, 1, 1], len(part)) + 0.4 * np.eye(3)[part["label"]]
            part = part.assign(fold=fold, subset=subset, seed=seed, predicted=chances.argmax(1))
            part[PROBABILITY_COLUMNS] = chances / chances.sum(1, keepdims=True)
            parts.append(part)
        runs.append(pd.concat(parts, ignore_index=True))
    return runs, folds


def by_hand(part):
    label, predicted = part["label"], part["predicted"]
    return [
        f1_score(label, predicted, average="weighted"),
        accuracy_score(label, predicted),
        f1_score(label, predicted, average="macro"),
    ]


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
        assert [row[metric] for metric in METRICS] == pytest.approx(by_hand(part))
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
    repeatability = [
        spread[kind]["weighted_f1"].pop("repeatability")
        for kind in ("pooled", "one_fold", "one_validation")
    ]
    assert repeatability == pytest.approx(
        [two * statistics.stdev([0.60, 0.64, 0.61]), four * ((0.05**2 + 0.01**2) / 2) ** 0.5,
         four * (0.1**2 / 2) ** 0.5], rel=1e-5
    )  # fmt: skip
    assert spread["pooled"]["weighted_f1"] == pytest.approx(
        {"mean": 1.85 / 3, "sd": statistics.stdev([0.60, 0.64, 0.61]), "range": 0.04,
         "mean_difference": (0.04 + 0.01 + 0.03) / 3, "largest_difference": 0.04}
    )  # fmt: skip
    assert spread["one_fold"]["weighted_f1"] == pytest.approx(
        {"mean": (0.85 + 0.41) / 2, "sd": ((0.05**2 + 0.01**2) / 2) ** 0.5, "range": 0.1,
         "mean_difference": ((0.1 + 0.05 + 0.05) / 3 + (0.01 + 0.02 + 0.01) / 3) / 2,
         "largest_difference": 0.1}
    )  # fmt: skip
    assert spread["one_validation"]["weighted_f1"] == pytest.approx(
        {"mean": (0.95 + 0.6) / 2, "sd": (0.1**2 / 2) ** 0.5, "range": 0.2,
         "mean_difference": (0.2 + 0.1 + 0.1) / 3 / 2, "largest_difference": 0.2}
    )  # fmt: skip
    for kind in ("pooled", "one_fold", "one_validation"):
        own = spread[kind]
        assert own["accuracy"]["sd"] == pytest.approx(own["weighted_f1"]["sd"] / 2)
        assert own["macro_f1"]["mean"] == pytest.approx(1 - own["weighted_f1"]["mean"])
        assert own["posts"] == 10  # the mean of 10 and 11 is rounded to even


def test_spread_of_real_scores_is_json_and_zero_for_equal_runs():
    runs, folds = study(number=3)
    spread = seed_spread(seed_scores(runs, folds))
    assert json.loads(json.dumps(spread, allow_nan=False)) == spread
    assert (spread["pooled"]["posts"], spread["one_fold"]["posts"]) == (60, 20)
    equal = [
        pd.concat([run[run["seed"] == 0].assign(seed=seed) for seed in range(3)]) for run in runs
    ]
    spread = seed_spread(seed_scores(equal, folds))
    for kind in ("pooled", "one_fold", "one_validation"):
        for metric in METRICS:
            assert spread[kind][metric].pop("mean") > 0
            assert list(spread[kind][metric].values()) == pytest.approx([0] * 5, abs=1e-12)


def test_deviations_are_pooled_over_the_repeated_experiments():
    def spread_with(sd, seeds):
        own = {metric: {"sd": sd} for metric in METRICS}
        return {"seeds": seeds, "folds": 5, "one_fold": own, "pooled": {}}

    found = seed_deviations([spread_with(0.03, 5), spread_with(0.04, 3)])
    for metric in METRICS:
        sd = ((0.03**2 + 0.04**2) / 2) ** 0.5 / 5**0.5
        assert found[metric] == pytest.approx((sd, (4 + 2) * 5))
    assert seed_deviations([]) == {}


def test_single_folds_tell_how_far_pooled_scores_lie_apart():
    # 2,000 repetitions of five folds: the pooled score is their mean.
    generator = np.random.default_rng(0)
    values = 0.6 + 0.02 * generator.standard_normal((2000, 5))
    rows = [
        {"seed": seed, "fold": str(fold), "subset": subset, "posts": 10}
        | dict.fromkeys(METRICS, values[seed, fold])
        for seed in range(2000) for fold in range(5) for subset in ("test", "validation")
    ]  # fmt: skip
    rows += [
        {"seed": seed, "fold": "all", "subset": "test", "posts": 50}
        | dict.fromkeys(METRICS, values[seed].mean())
        for seed in range(2000)
    ]
    spread = seed_spread(pd.DataFrame(rows))
    sd, freedom = seed_deviations([spread])["weighted_f1"]
    assert sd == pytest.approx(spread["pooled"]["weighted_f1"]["sd"], rel=0.05)
    assert freedom == 1999 * 5


def test_the_order_of_runs_does_not_matter():
    runs, folds = study()
    mixed = [run.sample(frac=1, random_state=1) for run in runs[::-1]]
    straight, other = (seed_spread(seed_scores(one, folds)) for one in (runs, mixed))
    for kind in ("pooled", "one_fold", "one_validation"):
        for metric in METRICS:
            assert other[kind][metric] == pytest.approx(straight[kind][metric])


def test_what_lacks_a_seed_a_fold_or_a_post_is_refused():
    runs, folds = study()
    first, second = runs
    seeds = second["seed"]
    with pytest.raises(ValueError, match=r"fold 1: expected the seeds 0 to 2, got \[0, 1\]"):
        seed_scores([first, second[seeds != 2]], folds)
    with pytest.raises(ValueError, match=r"expected the seeds 0 to 1, got \[0, 2\]"):
        seed_scores([run[run["seed"] != 1] for run in runs], folds)
    with pytest.raises(ValueError, match="run of one fold"):
        seed_scores([pd.concat(runs)], folds)
    with pytest.raises(ValueError, match="each labelled post exactly once"):
        seed_scores([first], folds)
    validation = second["subset"] == "validation"
    with pytest.raises(ValueError, match="each labelled post exactly once"):
        seed_scores([first, second.drop(index=second.index[~validation & (seeds == 1)][0])], folds)
    with pytest.raises(ValueError, match="same validation posts"):
        seed_scores([first, second.drop(index=second.index[validation & (seeds == 1)][0])], folds)
    with pytest.raises(ValueError, match="same validation posts"):
        seed_scores([first, second[~validation]], folds)


def test_a_spread_needs_two_seeds_and_every_fold_of_each():
    scores = seed_scores(*study())
    with pytest.raises(ValueError, match="needs two of them"):
        seed_spread(scores[scores["seed"] == 1])
    fold = (scores["fold"] == "1") & (scores["subset"] == "test")
    with pytest.raises(ValueError, match="one_fold: a seed lacks a fold"):
        seed_spread(scores[~(fold & (scores["seed"] == 2))])
    with pytest.raises(ValueError, match="pooled: a seed lacks a fold"):
        seed_spread(scores[(scores["fold"] != "all") | (scores["seed"] > 0)])
    with pytest.raises(ValueError, match="one_validation: a seed lacks a fold"):
        seed_spread(scores[scores["subset"] == "test"])
    with pytest.raises(ValueError, match="duplicate"):
        seed_spread(pd.concat([scores, scores[fold]]))
