"""What follows from predictions beside metrics: tests, errors, submissions, histories."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from jobs.predict_unlabelled import predict_unlabelled
from mmsent.evaluation.bad_cases import bad_case_numbers, bad_cases, conflicting_groups
from mmsent.evaluation.intervals import group_confusions
from mmsent.evaluation.paired import (
    BETTER,
    COMPARED,
    SAME,
    WORSE,
    bootstrap_p,
    compared,
    flat_table,
    holm,
    paired_bootstrap,
    verdict,
)
from mmsent.evaluation.pairs import (
    paired_tests,
)
from mmsent.evaluation.submission import mean_probabilities, submission_table
from mmsent.figures.curves import curve_numbers, over_folds
from mmsent.labels import LABELS


def guesses(label, right, generator):
    """Predictions of which about a share ``right`` hits."""
    miss = (label + generator.integers(1, 3, len(label))) % 3
    return np.where(generator.random(len(label)) < right, label, miss)


def predicted_table(label, predicted, group=None, chances=None):
    """A pooled table, as :func:`pooled` gives it."""
    guids = [str(number) for number in range(1, len(label) + 1)]
    if chances is None:
        chances = np.full((len(label), 3), 0.1)
        chances[np.arange(len(label)), predicted] = 0.8
    table = pd.DataFrame(chances, columns=LABELS.probability_columns)
    return table.assign(
        guid=guids,
        fold=0,
        subset="test",
        label=label,
        predicted=predicted,
        group=guids if group is None else group,
    )


def random_tables(posts=300, seed=0, skills=(0.6, 0.7)):
    generator = np.random.default_rng(seed)
    label = generator.choice(3, posts, p=[0.3, 0.1, 0.6])
    group = [str(number // 2) for number in range(posts)]
    return [predicted_table(label, guesses(label, skill, generator), group) for skill in skills]


# Paired tests. tests/rederive.py derives them another way, which test_rederive.py compares.


def test_equal_models_do_not_differ():
    first, _ = random_tables()
    (row,) = compared([("a", "b")], {"a": first, "b": first.copy()}, 200, 0.95, 0)
    for metric in COMPARED:
        assert (row[metric]["difference"], row[metric]["low"], row[metric]["high"]) == (0, 0, 0)
        assert row[metric]["p"] == row[metric]["p_holm"] == 1
    assert row["mcnemar"]["p"] == 1
    assert row["verdict"] == SAME


@pytest.mark.parametrize(("posts", "size"), [(200, 1), (400, 4)])
def test_p_values_of_equally_good_models_are_spread_evenly(posts, size):
    # Groups of `size` posts that are all right or all wrong: what counts is the groups.
    found = []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        label = generator.choice(3, posts // size, p=[0.3, 0.2, 0.5])
        two = [guesses(label, 0.6, generator) for _ in range(2)]
        counts = [size * group_confusions(label, one, np.arange(len(label))) for one in two]
        found.append(bootstrap_p(paired_bootstrap(*counts, 200, seed)["weighted_f1"]))
    rejected = np.mean(np.array(found) <= 0.05)
    assert 0.015 < rejected < 0.095  # 300 draws of 0.05: 0.05 +- 0.038 with 99.7 %
    assert stats.kstest(found, "uniform").statistic < 0.12


def test_p_and_interval_are_two_sides_of_one_thing():
    generator = np.random.default_rng(0)
    for shift in np.linspace(-0.05, 0.05, 101):
        drawn = np.round(generator.normal(shift, 0.02, 400), 3)  # rounded: with ties at 0
        low, high = np.quantile(drawn, [0.025, 0.975])
        if bootstrap_p(drawn) <= 0.05:
            assert low > 0 or high < 0
        assert bootstrap_p(drawn) == bootstrap_p(-drawn)
    assert bootstrap_p(np.ones(99)) == 2 / 100


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([]) == []


def test_p_values_are_corrected_over_the_family_and_a_pair_counts_once():
    first, second = random_tables(200, skills=(0.6, 0.68))
    tables = {"a": first, "b": second, "c": first.copy()}
    alone = compared([("b", "a")], tables, 200, 0.95, 0)[0]
    assert alone["accuracy"]["p_holm"] == alone["accuracy"]["p"]
    rows = compared([("b", "a"), ("b", "c"), ("c", "a")], tables, 200, 0.95, 0)
    for test in (*COMPARED, "mcnemar"):
        expected = holm([row[test]["p"] for row in rows])
        assert [row[test]["p_holm"] for row in rows] == expected
        assert expected[0] == pytest.approx(min(1, 3 * alone[test]["p"]))
    mirrored = compared([("b", "a"), ("a", "b")], tables, 200, 0.95, 0)
    for test in (*COMPARED, "mcnemar"):
        assert mirrored[0][test]["p_holm"] == alone[test]["p"] == mirrored[1][test]["p_holm"]
    assert mirrored[0]["accuracy"]["low"] == -mirrored[1]["accuracy"]["high"]


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "said"),
    [
        (0.01, 0.03, 0.002, BETTER),
        (-0.03, -0.01, 0.002, WORSE),
        (0.001, 0.03, 0.12, SAME),  # beside 0 alone, not among so many pairs
        (-0.001, 0.03, 0.06, SAME),
        (-0.001, 0.03, 0.01, SAME),
        (0.0, 0.0, 1.0, SAME),
    ],
)
def test_verdict(low, high, p_holm, said):
    row = {"weighted_f1": {"low": low, "high": high, "p_holm": p_holm}}
    assert verdict(row) == said


def test_a_difference_that_another_seed_may_make_is_none():
    tables = dict(zip("ab", random_tables(2000, 2, (0.60, 0.70)), strict=True))
    pairs = [("a", "b")]
    (plain,) = compared(pairs, tables, 2000, 0.95, 0)
    assert plain["verdict"] == WORSE
    sd = abs(plain["weighted_f1"]["difference"])
    deviations = {metric: (sd, 4) for metric in ("weighted_f1", "accuracy", "macro_f1")}
    (lucky,) = compared(pairs, tables, 2000, 0.95, 0, deviations)
    assert lucky["verdict"] == SAME
    # The luck of both runs is added to that of the posts; a tiny one changes nothing.
    for metric in COMPARED:
        assert lucky[metric]["difference"] == plain[metric]["difference"]
        width = lucky[metric]["high"] - lucky[metric]["low"]
        alone = stats.t.ppf(0.975, 4) * 2**0.5 * sd * 2
        assert width == pytest.approx(alone, rel=0.25)
        assert lucky[metric]["p"] > plain[metric]["p"]
    assert lucky["mcnemar"] == plain["mcnemar"]
    tiny = dict.fromkeys(deviations, (1e-9, 4))
    (same,) = compared(pairs, tables, 2000, 0.95, 0, tiny)
    for metric in COMPARED:
        assert same[metric]["low"] == pytest.approx(plain[metric]["low"], abs=2e-6)


def test_what_cannot_be_compared_is_refused():
    first, second = random_tables(20)
    with pytest.raises(ValueError, match="do not predict the same posts"):
        compared([("a", "b")], {"a": first, "b": second[1:]}, 100, 0.95, 0)
    relabelled = second.assign(label=(second["label"] + 1) % 3)
    with pytest.raises(ValueError, match="do not predict the same posts"):
        compared([("a", "b")], {"a": first, "b": relabelled}, 100, 0.95, 0)
    with pytest.raises(ValueError, match="compared with itself"):
        compared([("a", "a")], {"a": first}, 100, 0.95, 0)


def test_posts_are_paired_by_guid_and_not_by_place():
    first, second = random_tables(100)
    straight = compared([("a", "b")], {"a": first, "b": second}, 100, 0.95, 0)
    assert compared([("a", "b")], {"a": first, "b": second[::-1]}, 100, 0.95, 0) == straight


# Bad cases


@pytest.fixture
def mistakes():
    label = np.array([0, 1, 2, 0, 2, 2])
    predicted = np.array([2, 1, 0, 1, 0, 2])
    chances = np.array(
        [[0.1, 0.1, 0.8], [0.2, 0.6, 0.2], [0.95, 0.0, 0.05],
         [0.5, 0.3, 0.2], [0.95, 0.05, 0.0], [0.0, 0.0, 1.0]]
    )  # fmt: skip
    table = predicted_table(label, predicted, ["1", "2", "3", "3", "5", "5"], chances)
    folds = table[["guid", "group", "label"]]
    posts = pd.DataFrame(
        {"guid": table["guid"], "text": [f"a\r\n b\u2028{g}," for g in table.guid]}
    )
    return table, folds, posts


def test_bad_cases_are_the_wrong_posts_by_confidence(mistakes):
    table, folds, posts = mistakes
    wrong = bad_cases(table, folds, posts)
    assert wrong["guid"].tolist() == ["3", "5", "1", "4"]
    # Post 4 was turned neutral: its confidence is that of what it was called, not the highest.
    assert wrong["confidence"].tolist() == [0.95, 0.95, 0.8, 0.3]
    assert wrong["label"].tolist() == ["positive", "positive", "negative", "negative"]
    assert wrong["predicted"].tolist() == ["negative", "negative", "positive", "neutral"]
    assert wrong["conflict"].tolist() == [True, False, False, True]
    assert conflicting_groups(folds) == {"3"}
    assert wrong["text"].tolist()[0] == "a b 3,"


def test_bad_case_numbers(mistakes):
    table, folds, posts = mistakes
    better = table.assign(predicted=[0, 0, 0, 1, 2, 2])  # mends 1 and 5, spoils 2
    tables = {"v1": table, "v2": better}
    wrong = {name: bad_cases(one, folds, posts) for name, one in tables.items()}
    numbers = bad_case_numbers(tables, wrong, folds)
    assert (numbers["posts"], numbers["wrong_in_all"], numbers["right_in_all"]) == (6, 2, 1)
    assert (numbers["conflict"], numbers["conflict_share"]) == (2, pytest.approx(2 / 6, abs=1e-6))
    first, second = numbers["experiments"]["v1"], numbers["experiments"]["v2"]
    assert first["since"] is None
    assert second["since"] == {"before": "v1", "mended": 2, "spoilt": 1}
    assert (first["wrong"], first["share"]) == (4, pytest.approx(4 / 6, abs=1e-6))
    assert first["errors"][0] == {
        "label": "positive", "predicted": "negative", "count": 2, "share": 0.5
    }  # fmt: skip
    assert sum(kind["count"] for kind in first["errors"]) == 4
    assert first["confidence"] == {"mean": 0.75, "median": 0.875, "min": 0.3, "max": 0.95}
    assert (first["conflict"], first["conflict_share"]) == (2, 0.5)


def test_bad_cases_of_unknown_posts_are_refused(mistakes):
    table, folds, posts = mistakes
    with pytest.raises(KeyError, match="3"):
        bad_cases(table, folds, posts[posts["guid"] != "3"])


# Submissions


def fold_run(fold, chances, guids=("8", "1576", "30")):
    table = pd.DataFrame(np.atleast_2d(chances), columns=LABELS.probability_columns)
    return table.assign(guid=list(guids), fold=fold, subset="unlabelled", label=-1, predicted=0)


def test_probabilities_are_averaged_post_by_post():
    first = fold_run(0, [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    second = fold_run(1, [[0.5, 0.5, 0], [0.2, 0, 0.8], [0, 0, 1]])
    tested = second.assign(subset="test", guid=["91", "92", "93"])
    mean = mean_probabilities([first, pd.concat([second[::-1], tested])])
    assert mean.index.tolist() == ["8", "1576", "30"]
    assert mean.to_numpy() == pytest.approx(np.array([[0.75, 0.25, 0], [0.1, 0.5, 0.4], [0, 0, 1]]))
    for broken in (second[1:], pd.concat([second, second[:1]])):
        with pytest.raises(ValueError, match="exactly once"):
            mean_probabilities([first, broken])


def test_a_submission_is_in_the_order_of_the_list():
    table = submission_table(["30", "8", "77", "1576"], ["8", "1576", "30"], np.array([0, 1, 2]))
    assert table["guid"].tolist() == ["30", "8", "1576"]
    assert table["tag"].tolist() == ["positive", "negative", "neutral"]
    with pytest.raises(ValueError, match="1 posts are not listed: guid 30"):
        submission_table(["8", "1576"], ["8", "1576", "30"], np.array([0, 1, 2]))


@pytest.fixture
def submit(tmp_path):
    """Predict by two runs whose mean needs the fitted threshold to be neutral."""

    def submitted(rule, guids, bad, rows=slice(None), thresholds=(0.4, 0.6)):
        listed = pd.DataFrame({"guid": guids, "subset": "unlabelled"})
        bad_rows = pd.DataFrame({"kind": "bad list", "file": bad})
        tables, metrics = [], []
        for fold, threshold in enumerate(thresholds):
            chances = [[0.46 + fold / 50, 0.4 - fold / 50, 0.14], [0.1, 0.1, 0.8], [0.7, 0.2, 0.1]]
            tables.append(fold_run(fold, chances)[rows])
            metrics.append({"postprocessing_threshold": threshold})
        tags, numbers = tmp_path / "out.txt", tmp_path / "out.json"
        predict_unlabelled({"v4": tables}, {"v4": metrics}, {"v4": rule}, listed, bad_rows,
                           ["test_without_label.txt"], [tags], [numbers])  # fmt: skip
        return tags.read_text(), json.loads(numbers.read_text())

    return submitted


def test_a_submission_is_predicted_with_the_mean_threshold(submit):
    listed, bad = ["1576", "30", "77", "8"], ["train.txt", "test_without_label.txt"]
    rule = {"confidence_below": 0.75, "rare_above": 0.1, "within": 1.0}
    text, numbers = submit(rule, listed, bad)
    # The thresholds' mean, 0.5, makes 8 neutral; the rule's own would make 30 so too.
    assert text == "guid,tag\n1576,positive\n30,negative\n8,neutral\n"
    assert (numbers["threshold"], numbers["changed"]) == (0.5, 1)
    assert (numbers["without_prediction"], numbers["unusable_lines"]) == (1, 1)
    text, _ = submit(None, listed, bad)
    assert text.endswith("\n8,negative\n")


def test_a_submission_without_a_list_is_a_header(submit):
    text, numbers = submit(None, [], [], slice(0), (None, None))
    assert text == "guid,tag\n"
    assert (numbers["posts"], numbers["confidence"], numbers["threshold"]) == (0, None, None)


# Histories


def history(f1, first=0.5):
    epochs = range(1, len(f1) + 1)
    return pd.DataFrame(
        {"epoch": epochs, "learning_rate": 1e-3, "train_f1": [first + 0.1 * e for e in epochs]}
    ).assign(validation_f1=f1)


def test_epochs_are_averaged_over_the_folds_that_ran_them():
    spread = over_folds([history([0.2, 0.4]), history([0.4, 0.8, 0.6, 0.7])], "validation_f1")
    assert spread["mean"].tolist() == pytest.approx([0.3, 0.6, 0.6, 0.7])
    assert spread["min"].tolist() == [0.2, 0.4, 0.6, 0.7]
    assert spread["max"].tolist() == [0.4, 0.8, 0.6, 0.7]
    assert spread["folds"].tolist() == [2, 2, 1, 1]


def test_curve_numbers():
    numbers = curve_numbers([history([0.2, 0.4]), history([0.4, 0.8, 0.6], 0.4)], [2, 2])
    assert numbers["epochs"] == [2, 3]
    assert numbers["mean_best_epoch"] == 2
    # At each fold's own best and last epoch.
    assert numbers["at_best"] == {"train_f1": 0.65, "validation_f1": 0.6, "gap": 0.05}
    assert numbers["at_last"] == {"train_f1": 0.7, "validation_f1": 0.5, "gap": 0.2}
    with pytest.raises(ValueError, match="best epoch 5 is not in the history"):
        curve_numbers([history([0.2, 0.4])], [5])


# The tests of a table


MODALITIES = {"v1": "both", "v2": "both", "ablation/x": "text"}


@pytest.mark.parametrize(
    ("kind", "families", "resamples"),
    [
        ("consecutive", {"consecutive": [("v2", "v1"), ("ablation/x", "v2")]}, 4000),
        ("grid", {"over_text": [("v1", "ablation/x"), ("v2", "ablation/x")],
                  "fusions": [("v2", "v1")]}, 6000),
    ],
)  # fmt: skip
def test_every_pair_of_a_table_is_tested_with_enough_resamples(kind, families, resamples):
    tables = dict(zip(MODALITIES, random_tables(90, 1, (0.5, 0.9, 0.6)), strict=True))
    numbers = paired_tests(tables, MODALITIES, kind, [], 100, 0.95, 0)
    assert (numbers["posts"], numbers["groups"], numbers["resamples"]) == (90, 45, resamples)
    best = numbers["families"].pop("best_other")
    assert [row["first"] for row in best] == ["v1", "v2", "ablation/x"]
    assert families == {
        f: [(r["first"], r["second"]) for r in rows] for f, rows in numbers["families"].items()
    }
    rows = [row for own in numbers["families"].values() for row in own]
    (step,) = (row for row in rows if (row["first"], row["second"]) == ("v2", "v1"))
    assert step["verdict"] == BETTER


def test_a_single_version_has_no_pairs():
    table = flat_table({"consecutive": compared([], {}, 100, 0.95, 0)})
    assert table.empty
    assert list(table.columns)[:4] == ["family", "first", "second", "verdict"]
