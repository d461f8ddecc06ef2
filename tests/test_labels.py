"""Other classes than the study's: names and order reach lists, networks, metrics and documents."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import f1_score, matthews_corrcoef, precision_recall_fscore_support
from sklearn.utils.class_weight import compute_class_weight

import job
from conftest import shipped
from mmsent.config.fitting import Loss
from mmsent.config.main import load_config
from mmsent.config.validation import ConfigError, read_yaml
from mmsent.data.layout import DatasetError
from mmsent.data.readers import read_listing
from mmsent.encoders.device import make_deterministic
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.evaluation.submission import submission_numbers, submission_table
from mmsent.figures.confusion import confusion_figure
from mmsent.figures.data import label_figure
from mmsent.figures.scores import classes_figure
from mmsent.figures.style import label_look
from mmsent.labels import LABELS, MOST_LABELS
from mmsent.plan.call import call
from mmsent.training.fitting import balanced_class_weights
from mmsent.training.inputs import Inputs
from mmsent.training.run import train_fold
from predictions import predictions
from reports import report
from vlm_posts import zero_shot

#: None in alphabetical order, so that a sorted list would be noticed.
SETS = [["sarcastic", "plain"], ["1", "0", "-1"], ["joy", "anger", "Sadness", "no emotion", "fear"]]


@pytest.fixture(params=SETS, ids=len)
def names(request, classes):
    classes(request.param)
    return request.param


def listing(tmp_path, tags):
    path = tmp_path / "train.txt"
    rows = [f"{guid},{tag}" for guid, tag in enumerate(tags, start=1)]
    path.write_text("\n".join(["guid,tag", *rows, ""]))
    return read_listing(path, labelled=True)


def labels_read(tmp_path, tags):
    return listing(tmp_path, tags).rows["label"].tolist()


# Lists


def test_tags_are_read_as_the_index_of_their_label(tmp_path, names):
    tags = [*names, f" {names[0].upper()} "]
    assert labels_read(tmp_path, tags) == [*range(len(names)), 0]


def test_numbers_and_other_spellings_are_labels(tmp_path, classes):
    classes(["-1", "0", "1"], {"pos": "1", "Neg": "-1", "2": "1"})
    tags = ["1.0", "-1.", "+1", "00", "POS", "neg", "2.0"]
    assert labels_read(tmp_path, tags) == [2, 0, 2, 1, 2, 0, 2]


def test_a_label_with_a_decimal_point_is_another_than_the_one_without(tmp_path, classes):
    classes(["1", "1.0"])
    assert labels_read(tmp_path, ["1.0", "1"]) == [1, 0]


@pytest.mark.parametrize(
    ("tags", "counts", "line"),
    [
        (["Hateful"] * 3 + ["normal"] * 9, "'normal' 9, 'Hateful' 3", "[normal, Hateful]"),
        (["1.0"] * 5 + ["-1.0", "0.0"] * 3, "'1.0' 5, '-1.0' 3, '0.0' 3", "[-1, 0, 1]"),
        (["yes"] * 3 + ["no"] * 2, "'yes' 3, 'no' 2", "['yes', 'no']"),
        # Neutral is missing: another list than one with a few mistakes.
        (["positive"] * 9 + ["negative", "mixed"] * 11, "'negative' 11, 'mixed' 11",
         "[negative, mixed, positive]"),
        (["positive", "neutral", "negative"] * 20 + ["mixed"] * 12, "'mixed' 12",
         "[positive, neutral, negative, mixed]"),
    ],
)  # fmt: skip
def test_a_list_for_other_classes_is_refused_with_the_line_to_write(tmp_path, tags, counts, line):
    with pytest.raises(DatasetError) as caught:
        listing(tmp_path, tags)
    message = str(caught.value)
    assert counts in message
    assert f"\n  labels: {line}\n" in message
    option = next(row for row in message.splitlines() if "--config" in row)
    assert shlex.split(option) == ["--config", f"labels={line}"]
    assert len(message.splitlines()) < 8


def test_a_few_unknown_tags_are_problems_of_their_posts(tmp_path):
    result = listing(tmp_path, ["positive", "neutral", "negative"] * 20 + ["sad"] * 4)
    assert len(result.rows) == 60
    assert len(result.problems) == 4
    assert "unknown label 'sad'; known are negative, neutral, positive" in result.problems[0][2]


# Jobs


def test_a_job_gets_the_labels_only_if_they_are_others(classes):
    class Code(dict):
        code = ("scripts/jobs/train.py", "scripts/job.py")

    def words():
        return shlex.split(call()["call"]((), Code(), Code()))

    assert "--classes" not in words()
    chosen = {"labels": ["it's", "b"], "spellings": {"c": "b"}, "rare_class": "b"}
    classes(**chosen)
    command = words()
    assert json.loads(command[command.index("--classes") + 1]) == chosen
    classes()
    job._arguments(lambda: None, command[2:])
    assert ([*LABELS], LABELS.rare, LABELS.place("C")) == (["it's", "b"], 1, 1)


# Training, predictions and scores


def inputs(posts, views, seed):
    """Vectors that show their label."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(posts) % len(LABELS)
    vectors = {
        name: torch.randn(posts, views if name == "image" else 1, 8, generator=generator)
        + 4 * torch.nn.functional.one_hot(label, 8).float().unsqueeze(1)
        for name in ("text", "image")
    }
    return Inputs([str(seed * 1000 + n) for n in range(posts)], label, vectors)


def test_the_probability_of_a_label_is_in_the_column_of_its_name(names):
    make_deterministic()
    base = shipped("v4_balanced_clip")
    settings = base.model_copy(
        update={"projection": base.projection.model_copy(update={"size": 16}),
                "schedule": base.schedule.model_copy(update={"epochs": 8})}
    )  # fmt: skip
    parts = {"train": inputs(100, 3, 1), "validation": inputs(20, 1, 2), "test": inputs(20, 1, 3)}
    label_of = {
        guid: int(label)
        for part in parts.values()
        for guid, label in zip(part.guids, part.labels, strict=True)
    }
    table = train_fold(settings, parts, label_of, 0, 5, torch.device("cpu")).predictions
    columns = [f"p_{name}" for name in names]
    likeliest = table[columns].idxmax(axis=1)
    assert (likeliest == [columns[label] for label in table["label"]]).mean() > 0.9
    assert (table["predicted"] == table[columns].to_numpy().argmax(1)).all()


def test_metrics_agree_with_scikit_learn(names):
    generator = np.random.default_rng(1)
    label, predicted = generator.integers(0, len(names), (2, 200))
    ours = prediction_metrics(predictions(label, predicted))
    assert ours["weighted_f1"] == pytest.approx(f1_score(label, predicted, average="weighted"))
    assert ours["macro_f1"] == pytest.approx(f1_score(label, predicted, average="macro"))
    assert ours["mcc"] == pytest.approx(matthews_corrcoef(label, predicted))
    theirs = precision_recall_fscore_support(label, predicted)
    for kind, values in zip(("precision", "recall", "f1"), theirs[:3], strict=True):
        assert [ours[f"{kind}_{name}"] for name in names] == pytest.approx(values)


def test_without_a_rare_class_weights_are_balanced_and_nothing_is_reassigned(names):
    assert LABELS.rare is None
    labels = np.repeat(range(len(names)), range(3, 3 + len(names)))
    weights = balanced_class_weights(labels, 1.5)
    expected = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    np.testing.assert_allclose(weights, expected / expected.mean())
    assert Loss(rare_factor=1.5).rare_factor == 1
    assert shipped("v3_clip").postprocessing is None


def test_another_class_may_be_the_rare_one(classes):
    classes(["x", "y"], rare_class="X")
    weights = balanced_class_weights(np.array([0, 1]), 3.0)
    assert weights.tolist() == [1.5, 0.5]
    assert shipped("v3_clip").postprocessing.rare_share == 0.15


def test_a_submission_has_the_labels_as_they_are_spelt_in_the_settings(names):
    classes = np.arange(len(names))
    guids = [str(n) for n in classes]
    assert submission_table(guids, guids, classes)["tag"].tolist() == names
    counts = submission_numbers(np.eye(len(names)), classes, None)["after"]["counts"]
    assert counts == dict.fromkeys(names, 1)


# Vision-language models


def test_the_words_of_the_classes_are_their_names_unless_set(classes):
    classes(["-1", "0", "1"])
    assert zero_shot(answers={"1": "good", -1: "bad"}).answers == {
        "-1": "bad",
        "0": "0",
        "1": "good",
    }
    assert zero_shot(prompt="Is it {labels}?").prompt == "Is it -1, 0 or 1?"
    with pytest.raises(ValueError, match="each class needs a word of its own"):
        zero_shot(answers={"1": "0"})
    with pytest.raises(ValueError, match="no such label: 'positive'"):
        zero_shot(answers={"positive": "good"})


# Figures and documents


def test_the_confusion_figure_has_the_counts_of_its_labels(names):
    label = np.arange(len(names)).repeat(range(1, len(names) + 1))
    predicted = np.where(label == 0, 1, label)
    figure, numbers = confusion_figure("v", predictions(label, predicted))
    figure.draw_without_rendering()
    assert list(numbers["counts"]) == names
    assert numbers["counts"][names[0]][names[1]] == 1
    assert numbers["predicted"][names[1]] == 3
    shown = [tick.get_text().split("\n") for tick in figure.axes[0].get_yticklabels()]
    assert shown == [[name, str(n)] for n, name in enumerate(names, start=1)]


def test_every_class_has_a_look_and_a_bar_of_its_own(classes):
    many = [f"class {n}" for n in range(MOST_LABELS)]
    classes(many)
    assert len({label_look(name) for name in many}) == MOST_LABELS
    rows = pd.DataFrame([{"experiment": "v", "best_set": True}])
    for n, name in enumerate(many):
        for end in ("", "_low", "_high"):
            rows[f"f1_{name}{end}"] = n / 100
    figure, _ = classes_figure(rows, "", 0.95)
    figure.draw_without_rendering()
    bars = sorted(figure.axes[0].patches, key=lambda bar: bar.get_y())
    assert [round(bar.get_width(), 2) for bar in bars] == [n / 100 for n in range(MOST_LABELS)]
    assert all(a.get_y() + a.get_height() <= b.get_y() + 1e-9 for a, b in pairwise(bars))
    posts = pd.DataFrame({"label": [*range(MOST_LABELS)] * 2, "subset": "labelled"})
    figure, numbers = label_figure(posts)
    figure.draw_without_rendering()
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == many
    assert list(numbers["counts"].values()) == [2] * MOST_LABELS


def test_a_report_speaks_of_the_classes_of_the_run(names):
    text = report()
    assert "F1 neutral" not in text
    assert "F1 of neutral" not in text
    assert "No class is named as rare" in text
    assert "Post-processing changes" not in text
    assert "After post-processing" not in text
    assert "figures of another task" in text
    probabilities = next(line for line in text.splitlines() if line.startswith("Probabilities"))
    assert re.findall(r"(?:: |, )(.+?) 0\.\d{3}", probabilities) == names
    counted = text.split("## 2. Data")[1].split("![")[0]
    assert re.findall(r"^\| (.+?) +\| 9 ", counted, re.MULTILINE) == names
    table = next(
        line for line in text.splitlines() if line.startswith("| Version ") and "F1 " in line
    )
    columns = [cell.strip() for cell in table.split("|")]
    assert [c for c in columns if c in {f"F1 {n}" for n in names}] == [f"F1 {n}" for n in names]


def test_a_report_names_the_rare_class(classes):
    classes(SETS[0], rare_class="plain")
    text = report()
    assert "The F1 of plain is" in text
    assert "Predicted plain, before" in text
    assert "for the F1 of plain" in text


# Settings


def loaded(changes):
    base = Path("config/config.yaml")
    return load_config(read_yaml(base) | changes, [base])


@pytest.mark.usefixtures("in_root")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"labels": [False, True]}, "labels.0: YAML reads no, yes, off, on, false and true"),
        ({"labels": ["a"]}, "labels: List should have at least 2 items"),
        ({"labels": ["a", "A "]}, "labels: 'a' is named twice; case does not matter"),
        ({"labels": ["a", "b|c"]}, "labels.1: 'b|c' cannot be a label because of its |"),
        ({"labels": ["a", "b\nc"]}, "labels.1: 'b\\nc' cannot be a label"),
        ({"labels": ["a", "None"]}, "labels.1: 'None' means that a post has no label"),
        ({"labels": ["a", "a_low"]}, "labels: 'a_low' would be taken for an interval"),
        ({"labels": ["a", "b"]}, "the generated posts (dataset: demo) are negative, neutral"),
        ({"spellings": {"pos": "postive"}}, "no such label: 'postive' (did you mean 'positive'?)"),
        ({"spellings": {"Neutral": "positive"}}, "'Neutral' is a label itself"),
        ({"rare_class": "neutrl"}, "rare_class: no such label: 'neutrl' (did you mean 'neutral'?)"),
    ],
)
def test_wrong_labels_are_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        loaded(text)
    assert message in str(caught.value)


@pytest.mark.usefixtures("in_root")
def test_labels_may_be_numbers_and_another_order_is_the_same_data_set():
    config = loaded({"dataset": "docs", "labels": [-1, 0, 1], "spellings": {2: 1}, "rare_class": 0})
    assert config.classes == {
        "labels": ["-1", "0", "1"],
        "spellings": {"2": "1"},
        "rare_class": "0",
    }
    config = loaded({"labels": ["Positive", "neutral", "negative"], "rare_class": None})
    assert (config.dataset, config.rare_class) == ("demo", None)
