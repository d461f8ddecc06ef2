"""Scores on parts of the posts."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from mmsent.data.text import is_empty_after_cleaning
from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.evaluation.slices import median_words, post_slices, slice_table, word_counts
from mmsent.labels import LABELS
from predictions import guesses, predictions

TEXTS = {
    "1": "RT @someone: https://t.co/abc",
    "2": "@you",
    "3": "one",
    "4": "two words http://t.co/x",
    "5": "now there are #four",
    "6": "as many as six words here",
    "7": "RT @someone: one",
}

CHANCES = [
    [0.95, 0.03, 0.02], [0.4, 0.35, 0.25], [0.1, 0.4, 0.5], [0.2, 0.7, 0.1],
    [0.05, 0.05, 0.9], [0.6, 0.3, 0.1], [0.26, 0.25, 0.49],
]  # fmt: skip

SINGLE = {"text": "text", "image": "image"}


@pytest.fixture
def posts():
    known = pd.DataFrame({"guid": list(TEXTS), "subset": "labelled", "text": list(TEXTS.values())})
    other = pd.DataFrame({"guid": ["8", "9"], "subset": "unlabelled", "text": ["word " * 50] * 2})
    return pd.concat([other, known], ignore_index=True)


@pytest.fixture
def table():
    # Posts 3 and 7 are near-duplicates.
    group = ["1", "2", "3", "4", "5", "6", "3"]
    return predictions([0, 1, 2, 0, 2, 1, 0], [0, 0, 2, 1, 2, 0, 2], CHANCES, group=group)


def random_study(posts=120, seed=0):
    generator = np.random.default_rng(seed)
    label = generator.choice(3, posts, p=[0.3, 0.1, 0.6])
    group = [str(number // 3) if number % 3 else f"alone {number}" for number in range(posts)]
    tables = {}
    for name, skill in (("text", 0.6), ("image", 0.5), ("both", 0.75)):
        chances = generator.dirichlet([1, 1, 1], posts)
        predicted = guesses(label, skill, generator)
        tables[name] = predictions(label, predicted, chances, group=group)
    texts = ["w " * number for number in generator.integers(0, 9, posts)]
    guids = tables["text"]["guid"]
    return tables, pd.DataFrame({"guid": guids, "subset": "labelled", "text": texts})


# Masks


def test_masks_by_hand(posts, table):
    image = table.assign(predicted=[0, 1, 2, 1, 0, 0, 2])  # not as the text on posts 2 and 5
    masks = post_slices(posts, {"text": table, "image": image}, SINGLE)
    assert {key: set(table.loc[mask, "guid"]) for key, mask in masks.items()} == {
        ("near-duplicates", "with a twin"): {"3", "7"},
        ("near-duplicates", "without"): {"1", "2", "4", "5", "6"},
        ("text", "empty"): {"1", "2"},
        ("text", "short"): {"3", "4", "7"},
        ("text", "long"): {"5", "6"},
        ("single modalities", "agree"): {"1", "3", "4", "6", "7"},
        ("single modalities", "disagree"): {"2", "5"},
    }
    # Of 1, 2, 4, 6 and 1 words; neither the empty texts nor the unlabelled posts count.
    assert median_words(posts) == 2
    alone = post_slices(posts, {"text": table}, {"text": "text"})
    assert not any(kind == "single modalities" for kind, _ in alone)


def test_words_are_counted_as_in_the_data_card():
    texts = [*TEXTS.values(), "", "  ", "RT : ", "😀", "#", "[EMPTY]", "@a RT: hi", "www.x.y @b c"]
    words = word_counts(pd.Series(texts))
    assert [count == 0 for count in words] == [is_empty_after_cleaning(text) for text in texts]
    assert words[-2:].tolist() == [1, 1]


def test_the_order_of_posts_and_of_tables_does_not_matter():
    tables, texts = random_study()
    expected = slice_table(tables, texts, SINGLE, 30, 0.95, 0)
    mixed = {name: table.sample(frac=1, random_state=3) for name, table in tables.items()}
    found = slice_table(mixed, texts[::-1], SINGLE, 30, 0.95, 0)
    pd.testing.assert_frame_equal(found, expected)


def test_unknown_or_different_posts_are_refused(posts, table):
    with pytest.raises(KeyError, match="3"):
        slice_table({"a": table}, posts[posts["guid"] != "3"], {}, 5, 0.95, 0)
    for other in (table[1:], table.assign(label=(table["label"] + 1) % 3)):
        with pytest.raises(ValueError, match="do not predict the same posts"):
            slice_table({"a": table, "b": other}, posts, {}, 5, 0.95, 0)


# Table


def rows_of(result, kind, part):
    return result[(result["kind"] == kind) & (result["slice"] == part)].set_index("experiment")


def test_scores_of_each_slice_are_those_of_scikit_learn():
    tables, texts = random_study()
    result = slice_table(tables, texts, SINGLE, 20, 0.95, 0)
    masks = post_slices(texts, tables, SINGLE)
    assert (result["kind"] + "/" + result["slice"]).drop_duplicates().tolist() == [
        "all/all", *(f"{kind}/{part}" for kind, part in masks), "confidence/below 0.5",
        "confidence/0.5 to 0.7", "confidence/0.7 to 0.9", "confidence/0.9 and above",
    ]  # fmt: skip
    for (kind, part), mask in masks.items():
        rows = rows_of(result, kind, part)
        assert rows.index.tolist() == list(tables)
        for name, row in rows.iterrows():
            own = tables[name][mask]
            label, predicted = own["label"], own["predicted"]
            assert (row["posts"], row["groups"]) == (mask.sum(), own["group"].nunique())
            assert row["share"] == mask.mean()
            assert row["accuracy"] == pytest.approx(accuracy_score(label, predicted))
            for average in ("weighted", "macro"):
                expected = f1_score(label, predicted, average=average)
                assert row[f"{average}_f1"] == pytest.approx(expected)
    sums = result[result["experiment"] == "both"].groupby("kind")["share"].sum()
    assert sums.to_numpy() == pytest.approx(1)


def test_the_slice_of_all_posts_repeats_the_main_table():
    tables, texts = random_study()
    ends = group_bootstrap(table_confusions(tables["both"]), 50, 0.9, 3)
    expected = prediction_metrics(tables["both"])
    row = slice_table({"both": tables["both"]}, texts, {}, 50, 0.9, 3).iloc[0]
    for metric in ("weighted_f1", "accuracy"):
        assert row[metric] == expected[metric]
        assert (row[f"{metric}_low"], row[f"{metric}_high"]) == ends[metric]


def test_differences_of_a_slice_are_those_of_redrawn_groups():
    tables, texts = random_study()
    tables = {name: tables[name] for name in ("both", "text")}
    result = slice_table(tables, texts, {"text": "text"}, 30, 0.9, 5)
    mask = post_slices(texts, tables, {})["text", "long"]
    first, second = tables["both"][mask], tables["text"][mask]
    label, group = first["label"].to_numpy(), first["group"].to_numpy()
    names = np.unique(group)
    assert len(names) < mask.sum()
    weights = np.full(len(names), 1 / len(names))
    drawn = []
    for counts in np.random.default_rng(5).multinomial(len(names), weights, 30):
        rows = np.concatenate([np.flatnonzero(group == g) for g in np.repeat(names, counts)])
        one, other = (
            f1_score(label[rows], table["predicted"].to_numpy()[rows], average="weighted")
            for table in (first, second)
        )
        drawn.append(one - other)
    rows = rows_of(result, "text", "long")
    row = rows.loc["both"]
    expected = rows.loc["both", "weighted_f1"] - rows.loc["text", "weighted_f1"]
    assert row["difference"] == pytest.approx(expected, abs=1e-11)
    ends = [row["difference_low"], row["difference_high"]]
    assert ends == pytest.approx(np.quantile(drawn, [0.05, 0.95]), abs=1e-9)
    columns = ["difference", "difference_low", "difference_high"]
    assert rows.loc["text", columns].isna().all()
    assert result.loc[result["kind"] == "confidence", columns].isna().all(axis=None)
    others = result[(result["kind"] != "confidence") & (result["experiment"] == "both")]
    assert others.loc[others["posts"] > 0, columns].notna().all(axis=None)


def test_bands_are_of_each_experiments_own_confidence(posts, table):
    sure = table.copy()
    sure[LABELS.probability_columns] = np.eye(3)[table["predicted"]]
    result = slice_table({"a": table, "sure": sure}, posts, {}, 5, 0.95, 0)
    bands = ("below 0.5", "0.5 to 0.7", "0.7 to 0.9", "0.9 and above")
    rows = {band: rows_of(result, "confidence", band) for band in bands}
    # Highest: .95 .4 .5 .7 .9 .6 .49; a band includes its lower end.
    assert [rows[band].loc["a", "posts"] for band in bands] == [2, 2, 1, 2]
    assert [rows[band].loc["a", "accuracy"] for band in bands] == [0, 0.5, 0, 1]
    assert [rows[band].loc["sure", "posts"] for band in bands] == [0, 0, 0, 7]


def test_slices_without_posts_or_of_one_group_have_no_intervals(posts, table):
    worded = posts.assign(text="some words")
    other = table.assign(predicted=table["label"])
    result = slice_table({"a": table, "b": other}, worded, {}, 20, 0.95, 0)
    empty = rows_of(result, "text", "empty")
    assert (empty[["posts", "groups", "share"]] == 0).all(axis=None)
    assert empty.drop(columns=["kind", "slice", "posts", "groups", "share"]).isna().all(axis=None)
    twins = rows_of(result, "near-duplicates", "with a twin").loc["b"]
    assert (twins["posts"], twins["groups"], twins["weighted_f1"]) == (2, 1, 1)
    assert twins["difference"] > 0
    ends = [name for name in result if name.endswith(("_low", "_high"))]
    assert len(ends) == 6
    assert twins[ends].isna().all()
