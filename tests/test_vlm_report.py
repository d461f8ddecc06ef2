"""The table of vision-language models: same posts, marked exercises, differences of real ones."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score

from conftest import ROOT
from mmsent.evaluation.intervals import table_confusions
from mmsent.evaluation.paired import difference
from mmsent.labels import LABELS, PROBABILITY_COLUMNS
from mmsent.report.comparison import EXERCISE, comparison_table
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.report.versions import adjustments_table
from mmsent.report.vlm import VlmFindings, vlm_scores, vlm_values
from mmsent.tables import read_numbers, write_table
from vlm_posts import settings, zero_shot

EXPERIMENTS = {"qwen2_vl_2b": settings(), "asked": zero_shot()}
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
    table = pd.DataFrame(chances, columns=PROBABILITY_COLUMNS)
    return table.assign(guid=part["guid"].to_numpy(), label=label, predicted=predicted,
                        fold=fold, subset="test")  # fmt: skip


def cost(**more):
    return {"device": "CPU", "precision": "fp32", "peak_memory": 900.0, "seconds": 20.0,
            "predicted_posts_per_second": 30.0} | more  # fmt: skip


def findings(folds, exercise):
    runs = {"qwen2_vl_2b": [0], "asked": [0, 1], "v1_baseline": [0, 1], "v2_enhanced": [0, 1]}
    own = {"exercise": exercise, "parameters": 5_000_000}
    metrics = {name: [{"trained_parameters": 1234}] for name in VERSIONS}
    metrics["qwen2_vl_2b"] = [own | {"trained_parameters": 40_000}]
    metrics["asked"] = [own | {"trained_parameters": 0}] * 2
    return VlmFindings(
        {name: [run_of(name, folds, fold) for fold in own] for name, own in runs.items()},
        metrics,
        {"qwen2_vl_2b": [cost(train_posts_per_second=8.0)],
         "asked": [cost(), cost(peak_memory=950.0, predicted_posts_per_second=10.0)]},
    )  # fmt: skip


def scores_of(folds, exercise, tmp_path):
    """As the report has them: by way of the file."""
    scores = vlm_scores(EXPERIMENTS, VERSIONS, findings(folds, exercise), folds, **BOOTSTRAP)
    write_table(tmp_path / "vlm.csv", scores)
    return read_numbers(tmp_path / "vlm.csv")


@pytest.fixture
def printed():
    return PrintedFigures(ROOT / "config/paper_results.csv")


@pytest.mark.parametrize("exercise", [True, False])
def test_versions_stand_below_on_the_posts_of_the_folds_that_the_model_ran(
    folds, exercise, tmp_path
):
    scores = scores_of(folds, exercise, tmp_path)
    assert scores["beside"].tolist() == ["qwen2_vl_2b"] * 3 + ["asked"] * 3
    assert scores["experiment"].tolist() == ["qwen2_vl_2b", *VERSIONS, "asked", *VERSIONS]
    assert scores["posts"].tolist() == [160] * 3 + [240] * 3
    assert scores["groups"].tolist() == [80] * 3 + [120] * 3
    for row in scores.to_dict("records"):
        ran = [0] if row["beside"] == "qwen2_vl_2b" else [0, 1]
        posts = pd.concat([run_of(row["experiment"], folds, fold) for fold in ran])
        label, predicted = posts["label"], posts["predicted"]
        expected = f1_score(label, predicted, average="weighted")
        assert row["weighted_f1"] == pytest.approx(expected)
        assert row["weighted_f1_low"] < expected < row["weighted_f1_high"]
        assert row["accuracy"] == pytest.approx(accuracy_score(label, predicted))
        assert row["f1_neutral"] == pytest.approx(f1_score(label == 1, predicted == 1))


def test_the_studys_own_protocol_stands_beside_as_optimistic(folds, printed, tmp_path):
    scores, chances = ("weighted_f1", "accuracy", "macro_f1", *(f"f1_{n}" for n in LABELS)), {}
    chances["asked"] = {
        "validation": dict.fromkeys(scores, 0.5) | {"weighted_f1": 0.75},
        "interval": {"weighted_f1": [0.7, 0.8]}, "posts": 24, "train_posts": 216,
        "with_twin_in_training": 5,
    }  # fmt: skip
    found = dataclasses.replace(findings(folds, False), paper=chances)
    write_table(tmp_path / "vlm.csv", vlm_scores(EXPERIMENTS, VERSIONS, found, folds, **BOOTSTRAP))
    table = read_numbers(tmp_path / "vlm.csv")
    own = table.set_index(["beside", "experiment"])
    assert own["paper_weighted_f1"].notna().tolist() == [False] * 3 + [True, False, False]
    asked = own.loc[("asked", "asked")]
    assert asked["paper_gap"] == pytest.approx(0.75 - asked["weighted_f1"])
    text = rendered("vlm.md.j2", vlm=vlm_values(table, printed))
    said = [line for line in text.splitlines() if "Under the study's own protocol" in line]
    assert len(said) == 1
    assert "asked has a weighted F1 of 0.7500 [0.700, 0.800]" in said[0]


@pytest.mark.parametrize("exercise", [True, False])
def test_the_final_comparison_has_its_row_and_does_not_rank_it(folds, printed, tmp_path, exercise):
    vlm = scores_of(folds, exercise, tmp_path)
    versions = vlm[(vlm["beside"] == "asked") & (vlm["experiment"] != "asked")]
    versions = versions.assign(best_set=True, exercise=None)
    table = comparison_table(versions, printed, {}, vlm).set_index("Model")
    own = table.loc[f"qwen2_vl_2b ({EXERCISE})" if exercise else "qwen2_vl_2b"]
    assert own["Study: accuracy"] == "0.8250"
    assert own["Not worse than the best"] == own["Against the version before"] == "-"
    value = vlm.loc[vlm["experiment"] == "qwen2_vl_2b", "weighted_f1"].item()
    assert own["Weighted F1"].startswith(f"{value:.4f} [")
    assert (EXERCISE in " ".join(table.index)) == exercise


def test_random_weights_are_marked_and_never_compared(folds, printed, tmp_path):
    scores = scores_of(folds, True, tmp_path)
    assert scores["exercise"].tolist() == [True, False, False] * 2
    for column in ("difference", "difference_low", "difference_high", "p_holm", "verdict"):
        assert scores[column].isna().all()
    values = vlm_values(scores, printed)
    text = rendered("vlm.md.j2", vlm=values)
    assert text.count(f"({EXERCISE})") == 4  # both in their own table and in that of costs
    assert text.count(f"**This row is an {EXERCISE}.**") == 2
    for word in ("better", "worse", "distinguishable", "Against", "less qwen2_vl_2b's", "Holm"):
        assert word not in text
    cells = [cell for line in text.splitlines() if line.startswith("|") for cell in line.split("|")]
    assert not [cell for cell in cells if "**" in cell]


def test_real_weights_are_compared_on_the_same_resamples(folds, printed, tmp_path):
    scores = scores_of(folds, False, tmp_path)
    text = rendered("vlm.md.j2", vlm=vlm_values(scores, printed))
    assert "exercise" not in text
    own = scores["beside"] == scores["experiment"]
    assert scores.loc[own, "difference"].isna().all()
    assert scores.loc[~own, "difference"].notna().all()
    table = scores.set_index(["beside", "experiment"])
    first = table.loc[("qwen2_vl_2b", "v1_baseline")]
    value = table.loc[("qwen2_vl_2b", "qwen2_vl_2b"), "weighted_f1"]
    assert first["difference"] == pytest.approx(first["weighted_f1"] - value, abs=1e-6)
    assert first["verdict"] == "worse"
    assert table.loc[("qwen2_vl_2b", "v2_enhanced"), "verdict"] == "not distinguishable"
    assert (table.loc["asked"]["verdict"].iloc[1:] == "better").all()
    group = folds.set_index("guid")["group"]
    counts = []
    for name in ("v1_baseline", "qwen2_vl_2b"):
        run = run_of(name, folds, 0)
        counts.append(table_confusions(run.assign(group=run["guid"].map(group))))
    # So many that a difference survives the correction for two rows.
    low, high = difference(*counts, **BOOTSTRAP | {"resamples": 4000})[1:]
    assert (first["difference_low"], first["difference_high"]) == pytest.approx((low, high))
    line = next(line for line in text.splitlines() if line.startswith("| v1_baseline"))
    shown = f"{first['difference']:+.4f} [{low:+.3f}, {high:+.3f}] | worse"
    assert shown in " ".join(line.split())


def test_the_printed_accuracy_stands_beside_and_costs_are_over_the_folds(folds, printed, tmp_path):
    values = vlm_values(scores_of(folds, True, tmp_path), printed)
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
def test_a_fold_that_was_trained_before_its_job_was_killed_has_no_rate(
    folds, printed, tmp_path, rates, shown
):
    found = findings(folds, True)
    found.costs["qwen2_vl_2b"] = [cost(train_posts_per_second=rate) for rate in rates]
    scores = vlm_scores(EXPERIMENTS, VERSIONS, found, folds, **BOOTSTRAP)
    write_table(tmp_path / "vlm.csv", scores)
    costs = vlm_values(read_numbers(tmp_path / "vlm.csv"), printed)["costs"].to_dict("records")
    assert [row["Training [posts/s]"] for row in costs] == [shown, "-"]


def test_curves_are_shown_of_what_was_trained_alone(folds, printed, tmp_path):
    text = rendered("vlm.md.j2", vlm=vlm_values(scores_of(folds, True, tmp_path), printed))
    assert "figures/curves/qwen2_vl_2b.png" in text
    assert "figures/curves/asked.png" not in text


@pytest.mark.parametrize("name", ["qwen2_vl_2b", "v1_baseline"])
def test_a_run_that_leaves_a_post_out_is_an_error(folds, name):
    found = findings(folds, True)
    found.predictions[name][0] = found.predictions[name][0].iloc[1:]
    with pytest.raises(ValueError, match="exactly once"):
        vlm_scores(EXPERIMENTS, VERSIONS, found, folds, **BOOTSTRAP)


def test_adjustments_of_vision_language_models_are_listed_too(folds, tmp_path, in_root):
    scores = pd.DataFrame({"beside": ["qwen2_vl_2b"] * 2})
    changes = {"qwen2_vl_2b": {"schedule": {"epochs": 3}}, "qwen2_vl_zero_shot": {"batch_size": 2}}
    rows = adjustments_table(changes, {}, scores).values.tolist()
    assert rows == [["qwen2_vl_2b", "schedule.epochs", "5", "3"]]
