"""Learning curves: what is drawn of the training posts, and the gain of a doubling."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from mmsent.data.folds import fold_table
from mmsent.data.fractions import LEFT_OUT, reduced_folds
from mmsent.evaluation.learning_curve import learning_curve
from mmsent.figures.learning_curve import learning_curve_figure
from mmsent.labels import LABELLED, TEST_WITHOUT, TRAIN, VALIDATION
from mmsent.report.learning_curve import learning_curve_values
from mmsent.training.splits import SPLITS, posts_by_split
from predictions import predictions

FRACTIONS = [0.125, 0.25, 0.5]
SPLIT_COLUMNS = ["split_0", "split_1", "split_2"]


@pytest.fixture(scope="module")
def folds():
    """Posts in three folds: the second class is rare, groups have one to nine posts."""
    generator = np.random.default_rng(1)
    group = np.repeat(np.arange(400), generator.choice([1, 1, 1, 2, 3, 9], 400)).astype(str)
    label = generator.choice(3, len(group), p=[0.35, 0.05, 0.6])
    guids = np.arange(1, len(group) + 1).astype(str)
    posts = pd.DataFrame({"guid": guids, "label": label, "subset": LABELLED})
    return fold_table(posts, pd.DataFrame({"guid": guids, "group": group}), 3, 4, 5)


def test_fractions_are_nested_whole_groups_of_each_class(folds):
    half, eighth, quarter = reduced_folds(folds, [0.5, 0.125, 0.25], 7)
    for column in SPLIT_COLUMNS:
        train = folds[folds[column] == TRAIN]
        whole = set(train["guid"])
        for table, fraction in ((eighth, 0.125), (quarter, 0.25), (half, 0.5)):
            kept = table[table[column] == TRAIN]
            assert set(kept["guid"]) < whole
            assert not set(kept["group"]) & set(table.loc[table[column] == LEFT_OUT, "group"])
            for label, posts in train["label"].value_counts().items():
                drawn = (kept["label"] == label).sum()
                # Groups of up to nine posts are not divided.
                assert 1 <= drawn <= np.ceil(fraction * posts) + 9
                assert drawn >= fraction * posts - 9
            others = folds[column] != TRAIN
            assert table.loc[others, column].equals(folds.loc[others, column])
        sets = [set(t.loc[t[column] == TRAIN, "guid"]) for t in (eighth, quarter, half)]
        assert sets[0] < sets[1] < sets[2]


def test_large_groups_are_no_more_likely_to_be_drawn(folds):
    size = folds.groupby("group")["guid"].transform("size")
    drawn = []
    for seed in range(20):
        (half,) = reduced_folds(folds, [0.5], seed)
        train = folds["split_0"] == TRAIN
        drawn.append(size[train & (half["split_0"] == TRAIN)].mean())
    assert np.mean(drawn) == pytest.approx(size[train].mean(), rel=0.05)


def test_posts_of_a_refit_are_those_of_training_and_a_fraction_of_validation(folds):
    for fraction, table in zip(FRACTIONS, reduced_folds(folds, FRACTIONS, 7), strict=True):
        for number, column in enumerate(SPLIT_COLUMNS):
            refit = table[table[f"refit_{number}"]]
            parts = refit[column].value_counts()
            assert set(parts.index) == {TRAIN, VALIDATION}
            assert parts[TRAIN] == (table[column] == TRAIN).sum()
            expected = fraction * (table[column] == VALIDATION).sum()
            assert parts[VALIDATION] == pytest.approx(expected, abs=10)


def test_posts_that_are_left_out_are_in_no_split(folds):
    (table,) = reduced_folds(folds, [0.25], 7)
    posts = folds[["guid", "label"]].assign(text_blanked=False, image_blanked=False)
    parts = posts_by_split(posts, table, 0)
    out = set(table.loc[table["split_0"] == LEFT_OUT, "guid"])
    assert len(out) > 100
    assert set(parts) == set(SPLITS)
    for split, part in parts.items():
        assert not out & set(part["guid"]), split
        if split in (VALIDATION, "test", *TEST_WITHOUT.values()):
            whole = posts_by_split(posts, folds, 0)[split]
            assert part["guid"].tolist() == whole["guid"].tolist()


def test_the_draw_depends_on_the_seed_and_hardly_on_other_posts(folds):
    (first,), (again,), (other,) = (reduced_folds(folds, [0.25], seed) for seed in (7, 7, 8))
    assert first.equals(again)
    assert not first.equals(other)
    (without,) = reduced_folds(folds[folds["group"] != folds["group"].iloc[5]], [0.25], 7)
    both = first.merge(without, on="guid")
    assert (both["split_0_x"] != both["split_0_y"]).mean() < 0.05


# Numbers


def curve(rights=(0.5, 0.55, 0.6, 0.65), best=0.75, posts=600):
    """A learning curve of a model that is right on so many of the posts, the easiest first."""
    generator = np.random.default_rng(3)
    label = generator.choice(3, posts, p=[0.3, 0.2, 0.5])
    ease = generator.random(posts)
    group = (np.arange(posts) * 2 // 3).astype(str)

    def table(right):
        return predictions(label, np.where(ease < right, label, (label + 1) % 3), group=group)

    fractions = [*FRACTIONS, 1.0]
    runs = {"row": dict(zip(fractions, map(table, rights), strict=True))}
    train_posts = {"row": {f: 80 * 2**n for n, f in enumerate(fractions)}}
    versions = {"v1": table(0.3), "v2": table(best)}
    numbers = learning_curve(runs, train_posts, versions, 500, 0.9, 4)
    return numbers, runs, versions


def test_numbers_follow_from_the_predictions():
    numbers, runs, versions = curve()

    def f1(table):
        return f1_score(table["label"], table["predicted"], average="weighted")

    scores = [f1(table) for table in runs["row"].values()]
    assert [row["weighted_f1"] for row in numbers["rows"]] == pytest.approx(scores)
    assert all(r["weighted_f1_low"] < r["weighted_f1"] < r["weighted_f1_high"]
               for r in numbers["rows"])  # fmt: skip
    (row,) = numbers["doublings"]
    assert (numbers["best"], numbers["best_f1"]) == ("v2", pytest.approx(f1(versions["v2"])))
    slope = np.polyfit(range(4), scores, 1)[0]
    expected = {
        "slope": slope,
        "last": scores[3] - scores[2],
        "gap": f1(versions["v2"]) - scores[3],
    }
    expected["advantage"] = slope - expected["gap"]
    assert {key: row[key] for key in expected} == pytest.approx(expected)
    # By hand: groups are drawn, all tables on the same ones.
    group = versions["v2"]["group"].to_numpy()
    names = np.unique(group)
    generator = np.random.default_rng(4)
    times = np.concatenate([generator.multinomial(len(names), np.full(len(names), 1 / len(names)),
                                                  size=250) for _ in range(2)])  # fmt: skip
    place = np.searchsorted(names, group)

    def drawn(table):
        return np.array([f1_score(table["label"], table["predicted"], average="weighted",
                                  sample_weight=own[place]) for own in times[:40]])  # fmt: skip

    resampled = np.array([drawn(table) for table in runs["row"].values()])
    slopes = np.polyfit(range(4), resampled, 1)[0]
    assert row["slope_low"] - 0.01 < slopes.min() < slopes.max() < row["slope_high"] + 0.01
    gaps = drawn(versions["v2"]) - resampled[3]
    assert row["gap_low"] - 0.03 < gaps.min() < gaps.max() < row["gap_high"] + 0.03


@pytest.mark.parametrize(
    ("rights", "best", "said"),
    [
        ((0.4, 0.5, 0.6, 0.7), 0.71, "Twice the labels would help more than that version, if"),
        ((0.6, 0.605, 0.61, 0.615), 0.9, "That version helps more than twice the labels would"),
        ((0.6, 0.62, 0.64, 0.66), 0.68, "remains open"),
        ((0.6, 0.62, 0.64, 0.66), 0.5, "No version has a higher score"),
        ((0.6, 0.6, 0.6, 0.6), 0.65, "That more labels help at all is not significant"),
    ],
)
def test_the_sentence_is_what_the_interval_allows(rights, best, said):
    numbers, *_ = curve(rights, best)
    (sentence,) = learning_curve_values(numbers)["sentences"]
    assert said in sentence


def test_the_figure_has_a_logarithmic_axis_with_the_posts_of_each_fraction():
    numbers, *_ = curve()
    figure = learning_curve_figure(numbers)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks == ["80\n0.125", "160\n0.25", "320\n0.5", "640\n1"]
    curve_line = axes.lines[0]
    assert curve_line.get_ydata() == pytest.approx([r["weighted_f1"] for r in numbers["rows"]])
