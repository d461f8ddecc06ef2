"""Doubtful labels: planted errors are found, and posts and predictions stay as they are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_predict

from mmsent.evaluation.label_noise import (
    columns,
    noise_numbers,
    ranked_labels,
    scores_without,
    shown_labels,
)
from mmsent.evaluation.pairs import tied_with_best
from mmsent.labels import LABELS
from predictions import predictions

POSTS, FLIPPED = 600, 30


@pytest.fixture(scope="module")
def planted():
    """Posts of three classes in a plane, some labels of which were turned into the next class.

    The first two posts of each hundred are near-duplicates. Probabilities are out-of-fold, of a
    model that was trained on the labels as they are.
    """
    generator = np.random.default_rng(0)
    true = np.arange(POSTS) % 3
    points = np.array([[0, 3], [3, 0], [-3, -3]])[true] + generator.normal(size=(POSTS, 2))
    flipped = np.sort(generator.choice(np.arange(2, POSTS, 3), FLIPPED, replace=False))
    label = true.copy()
    label[flipped] = (true[flipped] + 1) % 3
    chances = cross_val_predict(LogisticRegression(), points, label, method="predict_proba")
    group = np.arange(POSTS)
    group[1::100] = group[::100]
    table = predictions(label, chances.argmax(1), chances, group=group.astype(str))
    posts = pd.DataFrame({"guid": table["guid"], "text": ["a\n text"] * POSTS})
    return table, posts, table["guid"].to_numpy()[flipped]


def test_planted_errors_are_most_of_the_first_and_conflicts_come_before_them(planted):
    table, posts, flipped = planted
    ranked = ranked_labels([table], table, posts)
    assert list(ranked.columns) == columns()
    assert sorted(ranked["guid"]) == sorted(table["guid"])
    # Neighbours are of different classes, so that each pair of near-duplicates conflicts.
    pairs = POSTS // 100 * 2
    assert ranked["conflict"].tolist() == [True] * pairs + [False] * (POSTS - pairs)
    others = ranked[~ranked["conflict"]]
    assert others["quality"].is_monotonic_increasing
    alone = set(flipped) & set(others["guid"])
    assert len(alone & set(others["guid"].head(len(alone)))) > 0.9 * len(alone)
    # What it flags is wrong, though not all that is wrong is flagged.
    flagged = set(others.loc[others["flagged"], "guid"])
    assert len(flagged & alone) > 0.9 * len(flagged)
    assert len(flagged & alone) > 0.6 * len(alone)
    first = others.iloc[0]
    assert first["text"] == "a text"
    assert (first["label"], first["suggested"]) == (LABELS[0], LABELS[2])


def test_the_noise_matrix_is_about_that_which_was_planted(planted):
    table, posts, _ = planted
    numbers = noise_numbers(ranked_labels([table], table, posts))
    noise = np.array([list(row.values()) for row in numbers["noise"].values()])
    expected = np.eye(3)
    expected[2] = [FLIPPED / 200, 0, 1 - FLIPPED / 200]
    np.testing.assert_allclose(noise, expected, atol=0.04)
    assert all(sum(row.values()) == pytest.approx(1, abs=1e-5) for row in numbers["noise"].values())
    observed = [sum(row[label] for row in numbers["joint"].values()) for label in LABELS]
    assert observed == pytest.approx(np.bincount(table["label"]), abs=1e-5)
    assert numbers["health"] == pytest.approx(1 - FLIPPED / POSTS, abs=0.03)


def test_near_duplicates_with_one_label_are_no_conflict(planted):
    table, posts, _ = planted
    same = table.assign(group=np.where(table["label"] == 0, "1", table["group"]))
    ranked = ranked_labels([same], same, posts)
    conflicting = {"1", *same.groupby("group")["label"].nunique().loc[lambda n: n > 1].index}
    conflicting -= {"1"} if (same.loc[same["group"] == "1", "label"] == 0).all() else set()
    assert set(ranked.loc[ranked["conflict"], "group"]) == conflicting
    for row in ranked[ranked["conflict"]].to_dict("records"):
        members = same.loc[same["group"] == row["group"], "label"]
        names = sorted({LABELS[n] for n in members} - {row["label"]}, key=LABELS.index)
        assert row["other_labels"] == ", ".join(names) != ""


def test_probabilities_are_the_mean_of_tables_in_any_order(planted):
    table, posts, _ = planted
    other = table.sample(frac=1, random_state=1)
    other[LABELS.probability_columns] = other[LABELS.probability_columns].to_numpy()[:, [1, 2, 0]]
    ranked = ranked_labels([table, other], table, posts).set_index("guid").loc[table["guid"]]
    first = table[LABELS.probability_columns].to_numpy()
    mean = (first + first[:, [1, 2, 0]]) / 2
    np.testing.assert_allclose(ranked[LABELS.probability_columns].to_numpy(), mean, rtol=1e-12)


def test_nothing_that_was_read_is_changed(planted):
    before = [part.copy() for part in planted[:2]]
    table, posts, _ = planted
    ranked = ranked_labels([table], table, posts)
    noise_numbers(ranked)
    scores_without({"a": table}, ranked, ["a"])
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_frame_equal(posts, before[1])


def test_scores_without_the_first_of_the_list_and_their_ranks(planted):
    table, posts, _ = planted
    ranked = ranked_labels([table], table, posts)
    # Right on every post but those that are left out, where the other one is right.
    out = table["guid"].isin(ranked["guid"].head(POSTS // 20)).to_numpy()
    label = table["label"].to_numpy()
    good = np.where(out, (label + 1) % 3, label)
    bad = np.where(~out & (np.arange(POSTS) < 20), (label + 1) % 3, label)
    rows = scores_without(
        {"bad": table.assign(predicted=bad), "good": table.assign(predicted=good)}, ranked, ["bad"]
    )
    assert [row["averaged"] for row in rows] == [True, False]
    assert [row["rank"] for row in rows] == [1, 2]
    assert [row["rank_without"] for row in rows] == [2, 1]
    for row, predicted in zip(rows, (bad, good), strict=True):
        score = f1_score(label, predicted, average="weighted")
        without = f1_score(label[~out], predicted[~out], average="weighted")
        assert (row["weighted_f1"], row["without"]) == pytest.approx((score, without))


def test_what_is_shown_is_one_of_each_group_and_in_doubt(planted):
    table, posts, _ = planted
    shown = shown_labels(ranked_labels([table], table, posts))
    assert len(shown["conflicts"]) == POSTS // 100
    assert shown["conflicts"]["conflict"].all()
    assert len(shown["doubtful"]) == 10
    assert (shown["doubtful"]["flagged"] & ~shown["doubtful"]["conflict"]).all()


def test_versions_that_are_worse_than_the_best_are_not_averaged():
    rows = [{"first": "a", "verdict": "worse"}, {"first": "b", "verdict": "not distinguishable"},
            {"first": "c", "verdict": "better"}]  # fmt: skip
    assert tied_with_best(rows, ["a", "b", "c"]) == ["b", "c"]
    assert tied_with_best([], ["a"]) == ["a"]
