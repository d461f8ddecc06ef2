"""Scores on parts of the posts."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from mmsent.data.text import is_empty_after_cleaning
from mmsent.evaluation.intervals import group_bootstrap, group_confusions
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.evaluation.slices import median_words, post_slices, slice_table, word_counts
from mmsent.labels import PROBABILITY_COLUMNS

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


def pooled_table(label, predicted, group, chances=None):
    """A pooled table, as :func:`mmsent.evaluation.pooling.pooled` gives it."""
    if chances is None:
        chances = np.full((len(label), 3), 0.1)
        chances[np.arange(len(label)), predicted] = 0.8
    table = pd.DataFrame(chances, columns=PROBABILITY_COLUMNS)
    guids = [str(number + 1) for number in range(len(label))]
    return table.assign(
        guid=guids, fold=0, subset="test", label=label, predicted=predicted, group=group
    )


@pytest.fixture
def posts():
    known = pd.DataFrame({"guid": list(TEXTS), "subset": "labelled", "text": list(TEXTS.values())})
    other = pd.DataFrame({"guid": ["8", "9"], "subset": "unlabelled", "text": ["word " * 50] * 2})
    return pd.concat([other, known], ignore_index=True)


@pytest.fixture
def table():
    # Posts 3 and 7 are twins; they were tested in different folds only if the folds were wrong.
    return pooled_table(
        [0, 1, 2, 0, 2, 1, 0], [0, 0, 2, 1, 2, 0, 2], ["1", "2", "3", "4", "5", "6", "3"], CHANCES
    )


def random_study(posts=120, seed=0):
    generator = np.random.default_rng(seed)
    label = generator.choice(3, posts, p=[0.3, 0.1, 0.6])
    group = [str(number // 3) if number % 3 else f"alone {number}" for number in range(posts)]
    tables = {}
    for name, skill in (("text", 0.6), ("image", 0.5), ("both", 0.75)):
        miss = (label + generator.integers(1, 3, posts)) % 3
        predicted = np.where(generator.random(posts) < skill, label, miss)
        chances = generator.dirichlet([1, 1, 1], posts)
        tables[name] = pooled_table(label, predicted, group, chances)
    words = generator.integers(0, 9, posts)
    guids = tables["text"]["guid"]
    texts = pd.DataFrame(
        {"guid": guids, "subset": "labelled", "text": ["w " * number for number in words]}
    )
    return tables, texts


def guids_of(table, mask):
    return set(table.loc[mask, "guid"])


# Masks


def test_masks_by_hand(posts, table):
    image = table.assign(predicted=[0, 1, 2, 1, 0, 0, 2])  # not as the text on posts 2 and 5
    masks = post_slices(posts, table, (table, image))
    assert {key: guids_of(table, mask) for key, mask in masks.items()} == {
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
    assert not any(kind == "single modalities" for kind, _ in post_slices(posts, table))


def test_words_are_what_the_data_card_counts_by():
    texts = [*TEXTS.values(), "", "  ", "RT : ", "😀", "#", "[EMPTY]", "@a RT: hi", "www.x.y @b c"]
    words = word_counts(pd.Series(texts))
    assert [count == 0 for count in words] == [is_empty_after_cleaning(text) for text in texts]
    assert words[-2:].tolist() == [1, 1]


def test_the_order_of_posts_and_of_tables_does_not_matter(posts, table):
    image = table.assign(predicted=[0, 1, 2, 1, 0, 0, 2])
    straight = post_slices(posts, table, (table, image))
    mixed = table.sample(frac=1, random_state=1)
    turned = post_slices(posts.sample(frac=1, random_state=2), mixed, (table[::-1], image))
    for key, mask in straight.items():
        assert guids_of(mixed, turned[key]) == guids_of(table, mask)
    tables, texts = random_study()
    names, single = list(tables), (tables["text"], tables["image"])
    expected = slice_table(names, tables, texts, single, "text", 30, 0.95, 0)
    other = {name: one.sample(frac=1, random_state=3) for name, one in tables.items()}
    other["text"] = tables["text"]  # the first sets the order of the groups' draws
    found = slice_table(names, other, texts[::-1], single, "text", 30, 0.95, 0)
    pd.testing.assert_frame_equal(found, expected)


def test_twins_are_found_across_folds(posts, table):
    parted = table.assign(fold=range(len(table)))
    masks = post_slices(posts, parted)
    assert guids_of(parted, masks["near-duplicates", "with a twin"]) == {"3", "7"}


def test_unknown_or_different_posts_are_refused(posts, table):
    with pytest.raises(ValueError, match="1 posts are not known: guid 3"):
        post_slices(posts[posts["guid"] != "3"], table)
    with pytest.raises(ValueError, match="do not predict the same posts"):
        post_slices(posts, table, (table, table[1:]))
    with pytest.raises(ValueError, match="do not predict the same posts"):
        slice_table(["a", "b"], {"a": table[1:], "b": table}, posts, None, None, 5, 0.95, 0)
    relabelled = table.assign(label=(table["label"] + 1) % 3)
    with pytest.raises(ValueError, match="do not predict the same posts"):
        slice_table(["a", "b"], {"a": table, "b": relabelled}, posts, None, None, 5, 0.95, 0)
    with pytest.raises(ValueError, match="reference 'c'"):
        slice_table(["a"], {"a": table}, posts, None, "c", 5, 0.95, 0)


# Table


def rows_of(result, kind, part):
    return result[(result["kind"] == kind) & (result["slice"] == part)].set_index("experiment")


def test_scores_of_each_slice_are_those_of_scikit_learn():
    tables, texts = random_study()
    single = (tables["text"], tables["image"])
    result = slice_table(list(tables), tables, texts, single, None, 20, 0.95, 0)
    assert "difference" not in result
    masks = post_slices(texts, tables["text"], single)
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
    table = tables["both"]
    counts = group_confusions(*(table[c].to_numpy() for c in ("label", "predicted", "group")))
    ends = group_bootstrap(counts, 50, 0.9, 3)
    expected = prediction_metrics(table)
    row = slice_table(["both"], tables, texts, None, None, 50, 0.9, 3).iloc[0]
    for metric in ("weighted_f1", "accuracy"):
        assert row[metric] == expected[metric]
        assert (row[f"{metric}_low"], row[f"{metric}_high"]) == ends[metric]


def test_differences_of_a_slice_are_those_of_redrawn_groups():
    tables, texts = random_study()
    result = slice_table(["both", "text"], tables, texts, None, "text", 30, 0.9, 5)
    mask = post_slices(texts, tables["text"])["text", "long"]
    first, second = tables["both"][mask], tables["text"][mask]
    label, group = first["label"].to_numpy(), first["group"].to_numpy()
    names = np.unique(group)
    assert len(names) < mask.sum()
    times = np.random.default_rng(5).multinomial(
        len(names), np.full(len(names), 1 / len(names)), 30
    )
    drawn = []
    for counts in times:
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
    sure[PROBABILITY_COLUMNS] = np.eye(3)[table["predicted"]]
    result = slice_table(["a", "sure"], {"a": table, "sure": sure}, posts, None, "a", 5, 0.95, 0)
    bands = ("below 0.5", "0.5 to 0.7", "0.7 to 0.9", "0.9 and above")
    rows = {band: rows_of(result, "confidence", band) for band in bands}
    # Highest: .95 .4 .5 .7 .9 .6 .49; a band takes its lower end in.
    assert [rows[band].loc["a", "posts"] for band in bands] == [2, 2, 1, 2]
    assert [rows[band].loc["a", "accuracy"] for band in bands] == [0, 0.5, 0, 1]
    assert [rows[band].loc["sure", "posts"] for band in bands] == [0, 0, 0, 7]


def test_slices_of_no_post_or_one_group_promise_nothing(posts, table):
    worded = posts.assign(text="some words")
    names = ["a", "b"]
    other = table.assign(predicted=table["label"])
    result = slice_table(names, {"a": table, "b": other}, worded, None, "a", 20, 0.95, 0)
    empty = rows_of(result, "text", "empty")
    assert (empty[["posts", "groups", "share"]] == 0).all(axis=None)
    assert empty.drop(columns=["kind", "slice", "posts", "groups", "share"]).isna().all(axis=None)
    twins = rows_of(result, "near-duplicates", "with a twin").loc["b"]
    assert (twins["posts"], twins["groups"], twins["weighted_f1"]) == (2, 1, 1)
    assert twins["difference"] > 0
    ends = [name for name in result if name.endswith(("_low", "_high"))]
    assert len(ends) == 6
    assert twins[ends].isna().all()
