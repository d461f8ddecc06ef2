"""The study's own protocol beside the grouped one, and models with a modality taken away."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split

from mmsent.data.layout import DatasetError
from mmsent.data.paper_split import paper_table
from mmsent.evaluation.experiment import paper_metrics
from mmsent.evaluation.robustness import ROBUSTNESS_COLUMNS, robustness_table
from mmsent.labels import LABELLED, LABELS, TRAIN, UNLABELLED_SUBSET, VALIDATION


def labelled_posts(count=200, seed=0):
    generator = np.random.default_rng(seed)
    guids = generator.permutation(np.arange(1, count + 1)).astype(str)
    posts = pd.DataFrame({"guid": guids, "subset": LABELLED,
                          "label": generator.choice(3, count, p=[0.3, 0.1, 0.6])})  # fmt: skip
    posts.loc[len(posts)] = ["999", UNLABELLED_SUBSET, -1]
    # Twins that lie next to each other in the list.
    groups = pd.DataFrame({"guid": posts["guid"], "group": posts["guid"]})
    groups.loc[1::10, "group"] = groups["guid"].to_numpy()[0:-1:10][: len(groups.loc[1::10])]
    return posts, groups


def predictions(table, right, seed=0, subset="test"):
    """Predictions of posts with a label, of which about a share ``right`` hits."""
    generator = np.random.default_rng(seed)
    label = table["label"].to_numpy()
    miss = (label + generator.integers(1, 3, len(label))) % 3
    predicted = np.where(generator.random(len(label)) < right, label, miss)
    chances = np.full((len(label), 3), 0.1)
    chances[np.arange(len(label)), predicted] = 0.8
    found = pd.DataFrame(chances, columns=LABELS.probability_columns)
    return found.assign(guid=table["guid"].to_numpy(), fold=table["fold"].to_numpy(),
                        subset=subset, label=label, predicted=predicted)  # fmt: skip


# The study's own split


@pytest.mark.parametrize("share", [0.15, 0.2])
def test_the_split_is_the_study_s_in_the_order_of_the_list(share):
    posts, groups = labelled_posts()
    table = paper_table(posts, groups, share)
    own = posts[posts["subset"] == LABELLED]
    _, expected = train_test_split(
        own["guid"], test_size=share, random_state=42, stratify=own["label"]
    )
    held_out = table.loc[table["split_0"] == VALIDATION, "guid"]
    assert set(held_out) == set(expected)
    assert len(held_out) == round(200 * share)
    assert set(table["split_0"]) == {TRAIN, VALIDATION}
    assert "999" not in set(table["guid"])


def test_the_split_divides_near_duplicates_which_is_its_fault():
    posts, groups = labelled_posts()
    table = paper_table(posts, groups, 0.15)
    splits = table.groupby("group")["split_0"].nunique()
    assert (splits > 1).any()


def test_too_few_posts_for_the_split_are_an_error():
    posts, groups = labelled_posts(3)
    with pytest.raises(DatasetError, match=r"paper protocol: .*bring more posts"):
        paper_table(posts, groups, 0.15)


def test_paper_metrics_are_those_of_the_validation_posts():
    posts, groups = labelled_posts()
    split = paper_table(posts, groups, 0.2)
    held_out = split[split["split_0"] == VALIDATION]
    run = pd.concat(
        [predictions(held_out, 0.7, subset="validation"),
         predictions(split, 0.1, seed=1, subset="unlabelled")]
    )  # fmt: skip
    found = paper_metrics(run, split, 200, 0.95, 0)
    own = run[run["subset"] == "validation"]
    assert found["validation"]["accuracy"] == accuracy_score(own["label"], own["predicted"])
    weighted = f1_score(own["label"], own["predicted"], average="weighted")
    assert found["validation"]["weighted_f1"] == pytest.approx(weighted)
    assert (found["posts"], found["train_posts"]) == (40, 160)
    trained = set(split.loc[split["split_0"] == TRAIN, "group"])
    assert found["with_twin_in_training"] == sum(group in trained for group in held_out["group"])
    assert found["with_twin_in_training"] > 0
    with pytest.raises(ValueError, match="this split"):
        paper_metrics(run.iloc[1:], split, 200, 0.95, 0)


# A modality taken away


@pytest.fixture(scope="module")
def grid():
    """Three experiments over two folds; the fused one loses more with the text than without."""
    posts, groups = labelled_posts(300, seed=3)
    folds = posts[posts["subset"] == LABELLED].merge(groups, on="guid")
    number = folds.groupby("group", sort=False).ngroup()
    folds = folds.assign(fold=(number % 2).to_numpy())

    def runs(**rights):
        return [
            pd.concat(
                [predictions(own, right, seed=fold, subset=name) for name, right in rights.items()],
                ignore_index=True,
            )
            for fold, own in folds.groupby("fold")
        ]

    return folds, {
        "text": runs(test=0.75),
        "image": runs(test=0.6),
        "fused": runs(test=0.8, test_without_text=0.4, test_without_image=0.7),
    }


def test_what_is_lost_without_a_modality(grid):
    folds, runs = grid
    table = robustness_table(runs, folds, {"text": "text", "image": "image"}, 300, 0.95, 0)
    assert list(table.columns) == ROBUSTNESS_COLUMNS
    assert table[["experiment", "dropped"]].to_numpy().tolist() == [
        ["fused", "text"], ["fused", "image"],
    ]  # fmt: skip

    def weighted(name, subset="test"):
        own = pd.concat(runs[name])
        own = own[own["subset"] == subset]
        return f1_score(own["label"], own["predicted"], average="weighted")

    for row, kept in zip(table.to_dict("records"), ("image", "text"), strict=True):
        without = weighted("fused", f"test_without_{row['dropped']}")
        assert row["posts"] == 300
        assert row["intact"] == pytest.approx(weighted("fused"))
        assert row["weighted_f1"] == pytest.approx(without)
        assert row["loss"] == pytest.approx(weighted("fused") - without)
        # What is left of a post without its text is the picture, and the other way round.
        assert row["trained_without"] == kept
        assert row["trained_weighted_f1"] == pytest.approx(weighted(kept))
        assert row["difference"] == pytest.approx(without - weighted(kept))
        for name in ("loss", "difference", "weighted_f1"):
            assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_without_single_rows_the_loss_alone_is_told(grid):
    folds, runs = grid
    table = robustness_table({"fused": runs["fused"]}, folds, {}, 100, 0.95, 0)
    assert table["trained_without"].isna().all()
    assert table["difference"].isna().all()
    assert (table["loss"] > 0).all()


def test_single_modalities_alone_give_an_empty_table(grid):
    folds, runs = grid
    table = robustness_table({"text": runs["text"]}, folds, {"text": "text"}, 100, 0.95, 0)
    assert table.empty
    assert list(table.columns) == ROBUSTNESS_COLUMNS
