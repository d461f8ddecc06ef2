"""Settings of experiments with a vision-language model, and what a run plans for them."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from conftest import ROOT
from mmsent.config.encoders import TinyVlm, VlmCheckpoint, load_models
from mmsent.config.experiment import load_settings
from mmsent.config.main import load_config
from mmsent.config.validation import ConfigError
from mmsent.config.vlm import VlmExperiment, ZeroShot, load_prompted
from mmsent.workflow.plan import Plan

FOLDER = Path("config/experiments")
TRAINED = ("qwen2_vl_2b", "qwen2_vl_text_only", "qwen2_vl_image_only")
ADJUSTMENTS = yaml.safe_load((ROOT / "config/adjustments/offline.yaml").read_text())


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)


def refusal(content, kind=VlmExperiment):
    base = "qwen2_vl_2b" if kind is VlmExperiment else "qwen2_vl_zero_shot"
    path = FOLDER / "mine.yaml"
    path.write_text(f"base: {base}.yaml\n{content}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(kind, path)
    return str(caught.value)


def test_the_shipped_run_is_that_of_the_study():
    shipped = load_settings(VlmExperiment, FOLDER / "qwen2_vl_2b.yaml")
    lora, optimiser, schedule = shipped.lora, shipped.optimiser, shipped.schedule
    assert (lora.r, lora.alpha, lora.dropout) == (16, 32, 0.05)
    assert {name[0] for name in lora.targets} == set("qkvogud")
    assert (shipped.head.hidden, shipped.head.dropout, shipped.head.norm) == ([512], [0.1], "none")
    assert (optimiser.learning_rate, optimiser.weight_decay, optimiser.clip_norm) == (2e-4, 0.01, 1)
    assert (optimiser.batch_size, optimiser.accumulation) == (4, 1)
    assert (schedule.epochs, schedule.kind) == (5, "cosine")
    assert schedule.warmup_epochs == pytest.approx(schedule.epochs / 10)
    assert (shipped.loss.label_smoothing, shipped.loss.class_weights) == (0.1, "none")
    assert (shipped.pixels.min, shipped.pixels.max) == (256**2, 1024**2)
    assert (shipped.paper_validation, shipped.folds, shipped.text.cleaning) == (0.1, [0], "none")


def test_variants_differ_in_what_is_read_alone():
    own = {"title", "changes", "modality", "prompt"}
    base, *variants = (
        load_settings(VlmExperiment, FOLDER / f"{name}.yaml").model_dump() for name in TRAINED
    )
    for variant, modality in zip(variants, ("text", "image"), strict=True):
        assert {key for key in base if base[key] != variant[key]} == own
        assert variant["modality"] == modality


@pytest.mark.parametrize("name", [*TRAINED, "qwen2_vl_zero_shot"])
def test_the_offline_adjustments_fit(name):
    kind = ZeroShot if name == "qwen2_vl_zero_shot" else VlmExperiment
    plain = load_settings(kind, FOLDER / f"{name}.yaml")
    adjusted = load_settings(kind, FOLDER / f"{name}.yaml", ADJUSTMENTS[name])
    assert adjusted.pixels.max < plain.pixels.max
    assert adjusted.prompt == plain.prompt


@pytest.mark.parametrize(("content", "words"), [
    ("lora: {rank: 8}", ["lora.rank", "unknown key", "known here: r, alpha"]),
    ("lora: {r: 0}", ["lora.r", "got 0"]),
    ("lora: {targets: [q_prj]}", ["lora.targets.0", "did you mean 'q_proj'"]),
    ("modality: pictures", ["modality", "got 'pictures'"]),
    ("pixels: {min: 4000, max: 2000}", ["pixels", "min must not be above max"]),
    ("pixels: {max: 1e6}", ["pixels.max", "integer"]),
    ("precision: bfloat16", ["precision", "did you mean 'bf16'"]),
    ("folds: [0, 0]", ["folds", "named twice"]),
    ("folds: []", ["folds", "at least 1"]),
    ("head: {norm: batch}", ["head.norm", "got 'batch'"]),
    ("schedule: {warmup_epochs: 5}", ["schedule", "below epochs"]),
    ("four_bit: maybe", ["four_bit", "got 'maybe'"]),
    ("answers: {}", ["answers", "unknown key"]),
])  # fmt: skip
def test_wrong_settings_are_refused_by_name(content, words):
    message = refusal(content)
    assert message.startswith(f"{FOLDER}/mine.yaml: ")
    for word in words:
        assert word in message


@pytest.mark.parametrize(("content", "words"), [
    ("answers: {neutral: positive}", ["answers", "a word of its own"]),
    ("answers: {negativ: bad}", ["answers.negativ", "did you mean 'negative'"]),
    ("lora: {r: 8}", ["lora", "unknown key"]),
])  # fmt: skip
def test_wrong_settings_of_zero_shot_are_refused_by_name(content, words):
    message = refusal(content, ZeroShot)
    for word in words:
        assert word in message


def models_with(vlm):
    content = yaml.safe_load(Path("config/models/offline.yaml").read_text())
    path = Path("config/models/mine.yaml")
    path.write_text(yaml.safe_dump(content | {"vlm": vlm}), encoding="utf-8")
    return load_models(path)


def test_the_models_files_name_a_tiny_and_the_real_one():
    assert isinstance(load_models("config/models/offline.yaml").vlm, TinyVlm)
    real = load_models("config/models/paper.yaml").vlm
    assert isinstance(real, VlmCheckpoint)
    assert len(real.revision) == 40


@pytest.mark.parametrize(("vlm", "words"), [
    ({"kind": "tiny", "hidden_size": 60}, ["vlm", "multiple of 8 times heads"]),
    ({"kind": "tiny", "layer": 3}, ["vlm.layer", "did you mean 'layers'"]),
    ({"kind": "tiny", "heads": 8, "key_value_heads": 3}, ["vlm", "key_value_heads"]),
    ({"kind": "transformers", "source": "Qwen/Qwen2-VL-2B-Instruct"}, ["vlm", "a revision"]),
    ({"kind": "transformers", "source": "/models/qwen", "revision": "main"}, ["hub id"]),
    ({"kind": "huge"}, ["vlm"]),
])  # fmt: skip
def test_wrong_models_are_refused_by_name(vlm, words):
    with pytest.raises(ConfigError) as caught:
        models_with(vlm)
    for word in ("mine.yaml", *words):
        assert word in str(caught.value)


# What a run plans


def plan(**changes):
    config = Path("config/config.yaml")
    return Plan(yaml.safe_load(config.read_text(encoding="utf-8")) | changes, [config])


def test_the_shipped_run_trains_one_and_asks_one_on_a_fold_of_their_own():
    shipped = plan()
    assert shipped.vlm.trained == ["qwen2_vl_2b"]
    assert shipped.vlm.asked == ["qwen2_vl_zero_shot"]
    assert shipped.vlm.runs(shipped.vlm.names, "metrics.json") == [
        "results/runs/qwen2_vl_2b/0/metrics.json", "results/runs/qwen2_vl_zero_shot/0/metrics.json"
    ]  # fmt: skip
    assert shipped.vlm.costs()[0] == "results/costs/vlm/qwen2_vl_2b/0.json"
    assert shipped.vlm.tables("results/vlm.md") == ["results/vlm.md"]
    assert {"results/benchmarks/train_vlm/qwen2_vl_2b/0.jsonl",
            "results/benchmarks/zero_shot/qwen2_vl_zero_shot/0.jsonl"} <= set(
        shipped.benchmarks()
    )  # fmt: skip
    assert (
        json.loads(shipped.vlm.model) == load_models("config/models/offline.yaml").vlm.model_dump()
    )
    # They have neither stored embeddings nor a row in the other tables.
    assert not {"qwen2_vl_2b", "qwen2_vl_zero_shot"} & {*shipped.experiments, *shipped.rows}
    files = {f"config/experiments/{name}.yaml" for name in shipped.vlm.names}
    assert files <= set(shipped.setting_files())


def test_without_any_nothing_is_planned():
    none = plan(vlm=[])
    assert none.vlm.names == none.vlm.trained == none.vlm.asked == []
    assert none.vlm.tables("results/vlm.md") == none.vlm.costs() == none.vlm.jobs() == []
    assert not [path for path in (*none.benchmarks(), *none.setting_files()) if "vl" in path]


def test_a_variant_brings_the_files_that_it_is_built_on_and_its_adjustment():
    mine = plan(vlm=["qwen2_vl_text_only"])
    assert mine.experiment_files("qwen2_vl_text_only") == [
        "config/experiments/qwen2_vl_text_only.yaml", "config/experiments/qwen2_vl_2b.yaml"
    ]  # fmt: skip
    adjusted = json.loads(mine.adjustment("qwen2_vl_text_only"))
    assert adjusted == ADJUSTMENTS["qwen2_vl_text_only"]
    assert mine.vlm.settings["qwen2_vl_text_only"].pixels.max == adjusted["pixels"]["max"]


@pytest.mark.parametrize(("folds", "expected"), [("[2, 0]", [0, 2]), ("null", [0, 1, 2, 3, 4])])
def test_an_experiment_runs_the_folds_that_it_names_or_all(folds, expected):
    path = FOLDER / "mine.yaml"
    path.write_text(f"base: qwen2_vl_2b.yaml\nfolds: {folds}\n", encoding="utf-8")
    assert plan(vlm=["mine"]).vlm.folds == {"mine": expected}


@pytest.mark.parametrize(("content", "words"), [
    ("folds: [0, 5]", ["mine.yaml: folds: no such fold: 5", "folds.outer is 5"]),
    ("lora: {rank: 8}", ["mine.yaml: lora.rank: unknown key"]),
])  # fmt: skip
def test_a_wrong_experiment_ends_the_plan_by_name(content, words):
    path = FOLDER / "mine.yaml"
    path.write_text(f"base: qwen2_vl_2b.yaml\n{content}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        plan(vlm=["mine"])
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(("changes", "words"), [
    ({"vlm": ["qwen2_vl_2b", "qwen2_vl_2b"]}, ["vlm", "named twice: qwen2_vl_2b"]),
    ({"vlm": ["qwen2_vl_7b"]}, ["qwen2_vl_7b.yaml"]),
    ({"vlm": ["v1_baseline"]}, ["v1_baseline.yaml", "unknown key"]),
    ({"versions": ["qwen2_vl_2b"]}, ["qwen2_vl_2b.yaml", "unknown key"]),
])  # fmt: skip
def test_a_name_that_is_none_of_theirs_is_refused(changes, words):
    with pytest.raises(ConfigError) as caught:
        plan(**changes)
    for word in words:
        assert word in str(caught.value)


def test_a_file_with_answers_is_asked_whatever_it_is_built_on():
    (FOLDER / "mine.yaml").write_text("base: qwen2_vl_zero_shot.yaml\nbatch_size: 2\n")
    assert isinstance(load_prompted(FOLDER / "mine.yaml"), ZeroShot)
    assert isinstance(load_prompted(FOLDER / "qwen2_vl_image_only.yaml"), VlmExperiment)


def test_settings_without_the_key_have_no_vision_language_model():
    config = Path("config/config.yaml")
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    del content["vlm"]
    assert load_config(content, [config]).vlm == []
