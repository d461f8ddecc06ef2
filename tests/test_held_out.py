"""The held-out test: its labels train nothing, and its scores are those of the submission."""

import numpy as np
import pandas as pd
import pytest

from jobs.list_posts import list_posts
from jobs.predict_unlabelled import predict_unlabelled
from jobs.read_test_labels import read_test_labels
from mmsent.data.layout import DatasetError
from mmsent.evaluation.held_out import labelled_predictions
from mmsent.evaluation.paired import BETTER, SAME, WORSE
from mmsent.labels import LABELS
from mmsent.report.card import card_numbers
from mmsent.report.held_out import pairs_agree, scores_agree
from mmsent.tables import read_table

TRAIN = "guid,tag\n1,positive\n2,negative\n3,neutral\n"
TEST = "guid,tag\n4,negative\n5,null\n6,positive\n7,neutral\n"
MORE = "guid,tag\n8,neutral\n4,positive\n"


@pytest.fixture
def listed(tmp_path):
    """Run the job that lists the posts; returns the lists, and the bytes of the posts table."""

    def run(*texts, policy="error"):
        lists = [tmp_path / name for name in ("train.txt", "test_without_label.txt", "more.txt")]
        for path, text in zip(lists, texts, strict=False):
            path.write_text(text)
        index = pd.DataFrame({"guid": [*map(str, range(1, 9))], "problem": "", "note": ""})
        index = index.assign(file=index["guid"], sha256=index["guid"], text="t", encoding="utf-8",
                             width=1, height=1, mode="RGB", format="JPEG")  # fmt: skip
        out = tmp_path / "posts.parquet", tmp_path / "problems.tsv"
        list_posts(lists[: len(texts)], {}, index, index, policy, *out)
        return lists[: len(texts)], *(path.read_bytes() for path in out)

    return run


def test_the_label_of_a_held_out_post_is_not_in_the_posts_table(listed, tmp_path):
    _, *before = listed(TRAIN, TEST)
    posts = read_table(tmp_path / "posts.parquet")
    assert posts["label"].tolist() == [2, 0, 1, -1, -1, -1, -1]
    assert posts["subset"].tolist() == ["labelled"] * 3 + ["unlabelled"] * 4
    for other in ("positive", "null"):
        text = TEST.replace("negative", other).replace("neutral", other)
        assert listed(TRAIN, text)[1:] == tuple(before)


def groups(*together):
    """Each post its own group but for these; by guid."""
    names = {guid: members[0] for members in together for guid in members}
    guids = [str(number) for number in range(1, 9)]
    return pd.DataFrame({"guid": guids, "group": [names.get(guid, guid) for guid in guids]})


def held_out(lists, tmp_path, near_duplicates):
    posts = read_table(tmp_path / "posts.parquet")
    read_test_labels(lists[1:], posts, near_duplicates, tmp_path / "labels.tsv")
    return read_table(tmp_path / "labels.tsv")


def test_held_out_posts_are_those_with_a_label_and_leaks_are_marked(listed, tmp_path):
    lists, *_ = listed(TRAIN, TEST, MORE, policy="drop")
    problems = read_table(tmp_path / "problems.tsv")
    assert problems["problem"].tolist() == ["guid 4 is in test_without_label.txt as well"]
    # 6 is like 1 through 5, which has no label; 7 and 8 are like each other alone.
    labels = held_out(lists, tmp_path, groups(["1", "5", "6"], ["7", "8"]))
    assert labels.values.tolist() == [
        ["4", "4", 0, False], ["6", "1", 2, True], ["7", "7", 1, False], ["8", "7", 1, False],
    ]  # fmt: skip
    with pytest.raises(DatasetError, match="have 4 usable posts with a label, 4 of them"):
        held_out(lists, tmp_path, groups(["1", "4", "6", "7", "8"]))


def test_the_card_counts_held_out_posts_beside_those_without_a_label(listed, tmp_path):
    lists, *_ = listed(TRAIN, TEST)
    together = groups(["1", "5", "6"])
    labels = held_out(lists, tmp_path, together)
    posts = read_table(tmp_path / "posts.parquet").assign(
        empty=False, text_blanked=False, image_blanked=False
    )
    folds = pd.DataFrame({"fold": [], "label": []})
    numbers = card_numbers(
        "folder", 7, posts, read_table(tmp_path / "problems.tsv"), together, folds, labels
    )
    assert (numbers["posts"], numbers["labelled"], numbers["unlabelled"]) == (7, 3, 1)
    assert numbers["held_out"] == {
        "posts": 3, "classes": {"negative": 1, "neutral": 1, "positive": 1}, "near_duplicates": 1,
    }  # fmt: skip
    assert numbers["duplicates"]["unlabelled_with_labelled_twin"] == 1  # 5 alone


def test_the_scored_prediction_is_that_of_the_submission(tmp_path):
    generator, guids = np.random.default_rng(1), [str(number) for number in range(40)]
    runs = []
    for fold in range(3):
        order = generator.permutation(40)
        table = pd.DataFrame(generator.dirichlet([2, 2, 2], 40), columns=LABELS.probability_columns)
        table = table.assign(guid=guids, fold=fold, subset="unlabelled", label=-1, predicted=0)
        runs.append(table.iloc[order])
    metrics = [{"postprocessing_threshold": value} for value in (0.4, 0.5, 0.9)]
    rule = {"confidence_below": 0.9, "rare_above": 0.2, "within": 0.3}
    tags = tmp_path / "tags.txt"
    listed = pd.DataFrame({"guid": guids, "subset": "unlabelled"})
    problems = pd.DataFrame({"kind": [], "file": []})
    predict_unlabelled({"v": runs}, {"v": metrics}, {"v": rule}, listed, problems, ["test.txt"],
                       [tags], [tmp_path / "n"])  # fmt: skip
    submitted = read_table(tags)
    labels = pd.DataFrame({"guid": guids[::-1], "group": guids, "label": 1})
    table = labelled_predictions(runs, metrics, rule, labels[:30])
    assert table["guid"].tolist() == guids[:9:-1]
    said = table.set_index("guid")["predicted"].map(dict(enumerate(LABELS)))
    assert said.to_dict() == submitted.set_index("guid")["tag"][guids[10:]].to_dict()
    changed = said != table.set_index("guid")[LABELS.probability_columns].to_numpy().argmax(1)
    assert changed.any()
    with pytest.raises(ValueError, match="do not predict each held-out post"):
        labelled_predictions(runs, metrics, rule, labels.assign(guid="99"))


def row(experiment, score, out_of_fold, difference):
    ends = {"out_of_fold_low": out_of_fold[0], "out_of_fold_high": out_of_fold[1],
            "difference_low": difference[0], "difference_high": difference[1]}  # fmt: skip
    return {"experiment": experiment, "weighted_f1": score, "posts": 1200} | ends


def test_what_is_said_of_the_scores():
    inside = row("ablation/a", 0.7, (0.6, 0.8), (-0.1, 0.1))
    outside = row("ablation/b", 0.9, (0.6, 0.8), (-0.01, 0.3))
    apart = row("ablation/c", 0.9, (0.6, 0.8), (0.02, 0.3))
    text = scores_agree(pd.DataFrame([inside, outside]), "configuration")
    assert text == (
        "On 1,200 held-out posts, weighted F1 is within the out-of-fold interval for 1 of 2 "
        "configurations; that of single models, which also make the out-of-fold predictions, "
        "differs significantly from the out-of-fold score for none."
    )
    text = scores_agree(pd.DataFrame([inside, outside, apart]), "version")
    assert text.endswith("out-of-fold score for c.")


def test_what_is_said_of_the_pairs():
    def tests(*verdicts):
        pairs = [("b", "a"), ("c", "b"), ("d", "c"), ("d", "a")]
        return {
            "consecutive": [
                {"first": first, "second": second, "verdict": verdict}
                for (first, second), verdict in zip(pairs, verdicts, strict=True)
            ]
        }

    here = tests(BETTER, BETTER, WORSE, SAME)
    # The same pair in the other order is no further pair.
    here["best_other"] = [{"first": "a", "second": "b", "verdict": WORSE}]
    there = tests(BETTER, WORSE, SAME, BETTER)
    there["best_other"] = [{"first": "a", "second": "b", "verdict": WORSE}]
    (text,) = pairs_agree(here, there)
    assert text == (
        "Significantly different pairs: 3 of 4 out of fold; on the held-out posts 1 of these in "
        "the same direction, 1 in the opposite one, and 1 of the others."
    )
    assert pairs_agree({"best_other": []}, {"best_other": []}) == []
