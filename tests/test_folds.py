"""Folds: stratified, without leaks, and stable when posts are added or removed."""

import numpy as np
import pandas as pd
import pytest

from mmsent.data.folds import fold_table
from mmsent.data.layout import DatasetError
from mmsent.labels import LABELLED, LABELS, TEST, TRAIN, UNLABELLED, UNLABELLED_SUBSET, VALIDATION

OUTER, INNER, SEED = 5, 6, 42
SHARES = {"negative": 0.298, "neutral": 0.105, "positive": 0.597}
SPLITS = [f"split_{fold}" for fold in range(OUTER)]


def synthetic(count, seed=1, first=1):
    """Posts with the real class shares; about 8 % have near-duplicates, some of another label."""
    random = np.random.default_rng(seed)
    guids = random.permutation(np.arange(first, first + count)).astype(str)
    labels = random.choice(len(LABELS), count, p=list(SHARES.values()))
    group = guids.copy()
    position = 0
    while position < 0.08 * count:
        size = int(random.choice([2, 2, 2, 3, 4]))
        group[position : position + size] = guids[position]
        if random.random() < 0.75:
            labels[position : position + size] = labels[position]
        position += size
    posts = pd.DataFrame({"guid": guids, "subset": LABELLED, "label": labels})
    return posts, pd.DataFrame({"guid": guids, "group": group})


def folds(posts, groups, seed=SEED, outer=OUTER, inner=INNER):
    return fold_table(posts, groups, outer, inner, seed)


def alone(posts):
    """Groups of one."""
    return pd.DataFrame({"guid": posts["guid"], "group": posts["guid"]})


@pytest.fixture(scope="module")
def large():
    return synthetic(4000)


@pytest.fixture(scope="module")
def large_folds(large):
    return folds(*large)


@pytest.fixture(scope="module")
def small():
    return synthetic(300)


@pytest.fixture(scope="module")
def small_folds(small):
    return folds(*small)


def test_each_labelled_post_is_tested_once_and_is_in_one_split_of_each_fold(large, large_folds):
    assert sorted(large_folds["guid"]) == sorted(large[0]["guid"])
    assert list(large_folds.columns) == ["guid", "group", "label", "fold", *SPLITS]
    splits = large_folds[SPLITS]
    assert set(splits.to_numpy().ravel()) == {TEST, VALIDATION, TRAIN}
    assert ((splits == TEST).sum(axis=1) == 1).all()
    tested = splits.eq(TEST).to_numpy().argmax(axis=1)
    assert (tested == large_folds["fold"]).all()
    labels = large[0].set_index("guid")["label"]
    assert (labels[large_folds["guid"]].to_numpy() == large_folds["label"]).all()


def test_no_group_is_in_two_splits_of_a_fold(large, large_folds):
    group = large[1].set_index("guid")["group"]
    assert (group[large_folds["guid"]].to_numpy() == large_folds["group"]).all()
    by_group = large_folds.groupby("group")
    assert (by_group.size() > 1).sum() > 100
    assert (by_group["label"].nunique() > 1).sum() > 10  # near-duplicates of different labels
    assert (by_group[["fold", *SPLITS]].nunique() == 1).all(axis=None)


def test_class_shares_and_sizes_of_every_part_are_those_of_the_whole(large_folds):
    whole = large_folds["label"].value_counts(normalize=True)
    sizes = {TEST: 1 / OUTER, VALIDATION: (1 - 1 / OUTER) / INNER}
    for column in SPLITS:
        for split, posts in large_folds.groupby(column)["label"]:
            shares = posts.value_counts(normalize=True)
            assert (shares - whole).abs().max() < 0.02, (column, split)
            if split in sizes:
                assert len(posts) / len(large_folds) == pytest.approx(sizes[split], abs=0.01)


def unmoved(before, after, columns):
    """Fraction of the posts of both tables with the same value, for each column."""
    both = before.merge(after, on="guid", suffixes=("", "_after"))
    assert len(both) > 0.9 * len(before)
    return [(both[column] == both[f"{column}_after"]).mean() for column in columns]


def without_40(posts, groups):
    return posts.drop(posts.sample(40, random_state=3).index), groups


def with_40_more(posts, groups):
    more, more_groups = synthetic(40, seed=9, first=9001)
    return pd.concat([posts, more]), pd.concat([groups, more_groups])


def with_another_label(posts, groups):
    single = (posts["label"] == 1) & ~groups["group"].duplicated(keep=False)
    return posts.assign(
        label=posts["label"].where(posts.index != posts.index[single][0], 2)
    ), groups


@pytest.mark.parametrize("change", [without_40, with_40_more, with_another_label])
def test_a_change_of_a_few_posts_leaves_almost_all_others_where_they_were(
    large, large_folds, change
):
    changed = folds(*change(*large))
    assert not changed[["guid", "label"]].equals(large_folds[["guid", "label"]])
    assert min(unmoved(large_folds, changed, ["fold"])) > 0.98
    assert min(unmoved(large_folds, changed, SPLITS)) > 0.97


def test_the_order_of_the_rows_does_not_matter(small, small_folds):
    posts, groups = small
    shuffled = folds(posts.sample(frac=1, random_state=2), groups[::-1])
    pd.testing.assert_frame_equal(shuffled, small_folds)
    assert small_folds["guid"].astype(int).is_monotonic_increasing


def test_another_seed_gives_other_folds_and_other_validation_posts(small, small_folds):
    other = folds(*small, seed=SEED + 1)
    for column in ("fold", *SPLITS):
        assert (other[column] != small_folds[column]).mean() > 0.2
    trained = (small_folds["split_0"] != TEST) & (other["split_0"] != TEST)
    chosen = small_folds["split_0"].eq(VALIDATION) & trained
    assert (other.loc[chosen, "split_0"] == VALIDATION).mean() < 0.5


def test_validation_is_drawn_anew_in_each_outer_fold(small_folds):
    # A post that is not tested in two folds is not always validation in both or in neither.
    rest = small_folds[small_folds["fold"] > 1]
    assert (rest["split_0"] != rest["split_1"]).mean() > 0.1


def test_other_numbers_of_folds_are_used(small):
    table = folds(*small, outer=3, inner=2)
    assert sorted(table["fold"].unique()) == [0, 1, 2]
    assert [column for column in table if column.startswith("split")] == SPLITS[:3]
    shares = table["split_0"].value_counts(normalize=True)
    assert shares[VALIDATION] == pytest.approx(1 / 3, abs=0.06)


def test_posts_without_label_are_in_no_fold_and_one_without_files_is_a_group(small, small_folds):
    posts, groups = small
    others = pd.DataFrame({"guid": ["7001", "7002"], "subset": UNLABELLED_SUBSET})
    others_groups = pd.DataFrame({"guid": ["7001", "7002"], "group": "7001"})
    more = pd.concat([posts, others.assign(label=UNLABELLED)])
    pd.testing.assert_frame_equal(folds(more, pd.concat([groups, others_groups])), small_folds)
    lonely = others.assign(subset=LABELLED, label=2)
    table = folds(pd.concat([posts, lonely]), groups).set_index("guid")
    assert table.loc[["7001", "7002"], "group"].tolist() == ["7001", "7002"]


def test_a_large_group_of_a_rare_class_is_kept_whole():
    posts, groups = synthetic(300)
    rare = posts.index[posts["label"] == 1][:9]
    groups.loc[rare, "group"] = posts.loc[rare[0], "guid"]
    table = folds(posts, groups)
    assert (table.groupby("group")[["fold", *SPLITS]].nunique() == 1).all(axis=None)
    sizes = table["fold"].value_counts(normalize=True)
    assert sizes.max() < 0.3


def test_groups_too_large_for_any_fold_do_not_pile_up_in_one():
    posts = posts_of(100, 41, 200)
    groups = alone(posts)
    # Four groups of ten posts and one post: more than an even share, and as many as folds.
    groups.loc[100:139, "group"] = [str(101 + 10 * (number // 10)) for number in range(40)]
    for seed in range(4):
        table = folds(posts, groups, seed=seed)
        assert table[table["label"] == 1].groupby("fold")["group"].nunique().tolist() == [1] * OUTER


def posts_of(negative, neutral, positive):
    labels = [0] * negative + [1] * neutral + [2] * positive
    guids = [str(number) for number in range(1, len(labels) + 1)]
    return pd.DataFrame({"guid": guids, "subset": LABELLED, "label": labels})


@pytest.mark.parametrize(
    ("counts", "few"),
    [
        ((20, 4, 40), "neutral has 4"),
        ((3, 2, 40), "negative has 3, neutral has 2"),
        ((20, 0, 40), "neutral has 0"),
    ],
)
def test_classes_of_too_few_posts_are_named(counts, few):
    posts = posts_of(*counts)
    with pytest.raises(DatasetError, match=rf"5 folds need 5 distinct posts .*\): {few};"):
        folds(posts, alone(posts))


def test_near_duplicates_count_as_one_when_a_class_is_checked():
    posts = posts_of(20, 8, 40)
    groups = alone(posts)
    groups.loc[posts["label"] == 1, "group"] = ["21", "21", "21", "21", "21", "26", "27", "28"]
    with pytest.raises(DatasetError, match="neutral has 4"):
        folds(posts, groups)


@pytest.mark.parametrize("neutral", [5, 8, 10])
def test_folds_that_are_made_have_every_class_in_every_test_fold(neutral):
    posts = posts_of(50, neutral, 70)
    for seed in range(4):
        try:
            table = folds(posts, alone(posts), seed=seed)
        except DatasetError:
            continue  # refused rather than made without a class
        assert table.groupby("fold")["label"].nunique().eq(len(LABELS)).all(), seed
