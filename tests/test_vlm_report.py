"""The table of vision-language models: same posts, marked smoke tests, differences of real ones."""

import numpy as np
import pandas as pd
import pytest

from mmsent.labels import LABELS
from mmsent.report.cells import SMOKE_TEST
from mmsent.report.render import rendered
from mmsent.report.vlm import vlm_scores, vlm_values
from mmsent.tables import write_table
from reports import PRINTED
from vlm_posts import settings, zero_shot

EXPERIMENTS = {"qwen2_vl_2b": settings().model_dump(), "asked": zero_shot().model_dump()}
VERSIONS = ["v1_baseline", "v2_enhanced"]
#: How often each is right.
RIGHT = {"qwen2_vl_2b": 0.9, "asked": 0.3, "v1_baseline": 0.5, "v2_enhanced": 0.9}
BOOTSTRAP = {"resamples": 200, "level": 0.95, "seed": 1}


@pytest.fixture(scope="module")
def folds():
    """240 posts in pairs of near-duplicates, two folds; fold 0 has two thirds of them."""
    label = np.random.default_rng(0).choice(3, 240)
    group = np.arange(240) // 2
    return pd.DataFrame({"guid": [str(n) for n in range(240)], "group": group.astype(str),
                         "label": label, "fold": (group % 3 == 2).astype(int)})  # fmt: skip


def run_of(name, folds, fold):
    generator = np.random.default_rng(len(name) + fold)
    part = folds[folds["fold"] == fold]
    label = part["label"].to_numpy()
    predicted = np.where(generator.random(len(part)) < RIGHT[name], label, (label + 1) % 3)
    chances = np.full((len(part), 3), 0.1)
    chances[np.arange(len(part)), predicted] = 0.8
    table = pd.DataFrame(chances, columns=LABELS.probability_columns)
    return table.assign(guid=part["guid"].to_numpy(), label=label, predicted=predicted,
                        fold=fold, subset="test")  # fmt: skip


def cost(**more):
    return {"device": "CPU", "precision": "fp32", "peak_memory": 900.0, "seconds": 20.0,
            "predicted_posts_per_second": 30.0} | more  # fmt: skip


@pytest.fixture
def scores_of(folds, tmp_path):
    """The scores as the report has them, read from their file."""

    def scores(exercise, paper=None, change=lambda runs: None):
        ran = {"qwen2_vl_2b": [0], "asked": [0, 1], "v1_baseline": [0, 1], "v2_enhanced": [0, 1]}
        own = {"exercise": exercise, "parameters": 5_000_000}
        runs = {
            "predictions": {
                name: [run_of(name, folds, fold) for fold in numbers]
                for name, numbers in ran.items()
            },
            "runs": {
                **{name: [{"trained_parameters": 1234}] for name in VERSIONS},
                "qwen2_vl_2b": [own | {"trained_parameters": 40_000}],
                "asked": [own | {"trained_parameters": 0}] * 2,
            },
            "costs": {
                "qwen2_vl_2b": [cost(train_posts_per_second=8.0)],
                "asked": [cost(), cost(peak_memory=950.0, predicted_posts_per_second=10.0)],
            },
        }
        change(runs)
        table = vlm_scores(EXPERIMENTS, **runs, paper=paper or {}, folds=folds, bootstrap=BOOTSTRAP)
        write_table(tmp_path / "vlm.csv", table)
        return pd.read_csv(tmp_path / "vlm.csv")

    return scores


def test_the_studys_own_protocol_is_shown_as_optimistic(scores_of):
    metrics = ("weighted_f1", "accuracy", "macro_f1", *(f"f1_{n}" for n in LABELS))
    numbers = {
        "validation": dict.fromkeys(metrics, 0.5) | {"weighted_f1": 0.75},
        "interval": {"weighted_f1": [0.7, 0.8]}, "posts": 24, "train_posts": 216,
        "with_twin_in_training": 5,
    }  # fmt: skip
    table = scores_of(False, paper=dict.fromkeys(EXPERIMENTS, numbers))
    own = table.set_index(["beside", "experiment"])
    assert own["paper_weighted_f1"].notna().tolist() == [True, False, False] * 2
    asked = own.loc[("asked", "asked")]
    assert asked["paper_gap"] == pytest.approx(0.75 - asked["weighted_f1"])
    text = rendered("vlm.md.j2", vlm=vlm_values(table, PRINTED))
    trained, zero = (line for line in text.splitlines() if "the study's own protocol" in line)
    assert "asked has a weighted F1 of 0.7500 [0.700, 0.800]" in zero
    assert "an optimistic figure" in trained
    assert "optimistic" not in zero


def test_random_weights_are_marked_and_never_compared(scores_of):
    scores = scores_of(True)
    assert scores["exercise"].tolist() == [True, False, False] * 2
    for column in ("difference", "difference_low", "difference_high", "p_holm", "verdict"):
        assert scores[column].isna().all()
    text = rendered("vlm.md.j2", vlm=vlm_values(scores, PRINTED))
    assert text.count(f": {SMOKE_TEST}") == 4  # both in their own table and in that of costs
    assert text.count(f"**This model is a {SMOKE_TEST}.**") == 2
    for word in ("better", "worse", "distinguishable", "Against", "less qwen2_vl_2b's", "Holm"):
        assert word not in text
    cells = [cell for line in text.splitlines() if line.startswith("|") for cell in line.split("|")]
    assert not [cell for cell in cells if "**" in cell]


def test_the_reported_accuracy_is_shown_and_costs_are_over_the_folds(scores_of):
    values = vlm_values(scores_of(True), PRINTED)
    trained, asked = (model["table"] for model in values["models"])
    assert trained["Reported accuracy"].iloc[0] == "0.8250"
    assert asked["Reported accuracy"].iloc[0] == "-"
    assert [model["trained"] for model in values["models"]] == [True, False]
    costs = values["costs"].to_dict("records")
    assert [row["Training [posts/s]"] for row in costs] == ["8.0", "-"]
    assert [row["Prediction [posts/s]"] for row in costs] == ["30.0", "20.0"]
    assert [row["Peak memory [MiB]"] for row in costs] == ["900", "950"]
    assert [row["Seconds"] for row in costs] == ["20", "40"]
    assert [row["All parameters"] for row in costs] == ["5,000,000"] * 2
    assert [row["Trained parameters"] for row in costs] == ["40,000", "0"]
    assert costs[0]["Settings"] == "batch 4 x 1, 784 to 3136 pixels, 256 tokens"


@pytest.mark.parametrize(("rates", "shown"), [([None], "-"), ([None, 8.0], "8.0")])
def test_a_fold_that_was_trained_before_its_job_was_killed_has_no_rate(scores_of, rates, shown):
    costs = {"qwen2_vl_2b": [cost(train_posts_per_second=rate) for rate in rates]}
    scores = scores_of(True, change=lambda runs: runs["costs"].update(costs))
    table = vlm_values(scores, PRINTED)["costs"]
    assert table["Training [posts/s]"].tolist() == [shown, "-"]


def test_curves_are_shown_of_what_was_trained_alone(scores_of):
    text = rendered("vlm.md.j2", vlm=vlm_values(scores_of(True), PRINTED))
    assert "figures/curves/qwen2_vl_2b.png" in text
    assert "figures/curves/asked.png" not in text
