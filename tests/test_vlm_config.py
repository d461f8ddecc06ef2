"""Settings of experiments with a vision-language model, and their part of the plan."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from conftest import ROOT
from mmsent.config.encoders import TinyVlm, VlmCheckpoint, load_models
from mmsent.config.main import load_config
from mmsent.config.validation import ConfigError
from mmsent.config.vlm import load_prompted
from mmsent.workflow.plan import Plan

FOLDER = Path("config/experiments")
TRAINED = ("qwen2_vl_2b", "qwen2_vl_text_only", "qwen2_vl_image_only")
ADJUSTMENTS = yaml.safe_load((ROOT / "config/adjustments/offline.yaml").read_text())


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)


def test_the_shipped_run_is_that_of_the_study():
    shipped = load_prompted(FOLDER / "qwen2_vl_2b.yaml")
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


def test_variants_differ_in_modality_and_prompt_alone():
    free = {"title", "changes", "modality", "prompt"}
    base, *variants = (load_prompted(FOLDER / f"{name}.yaml").model_dump() for name in TRAINED)
    for variant, modality in zip(variants, ("text", "image"), strict=True):
        assert {key for key in base if base[key] != variant[key]} == free
        assert variant["modality"] == modality


@pytest.mark.parametrize(("base", "content", "words"), [
    ("qwen2_vl_2b", "lora: {rank: 8}", ["lora.rank", "unknown key"]),
    ("qwen2_vl_2b", "lora: {targets: [q_prj]}", ["lora.targets.0", "'q_proj'"]),
    ("qwen2_vl_2b", "pixels: {min: 4000, max: 2000}", ["pixels", "min must not be above max"]),
    ("qwen2_vl_2b", "folds: [0, 0]", ["folds", "named twice"]),
    ("qwen2_vl_2b", "head: {norm: batch}", ["head.norm", "got 'batch'"]),
    ("qwen2_vl_zero_shot", "answers: {neutral: positive}", ["answers", "a word of its own"]),
    ("qwen2_vl_zero_shot", "lora: {r: 8}", ["lora", "unknown key"]),
])  # fmt: skip
def test_wrong_settings_are_refused_by_name(base, content, words):
    path = FOLDER / "mine.yaml"
    path.write_text(f"base: {base}.yaml\n{content}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_prompted(path)
    for word in (f"{path}: ", *words):
        assert word in str(caught.value)


def test_the_models_files_name_a_tiny_and_the_real_one():
    assert isinstance(load_models("config/models/offline.yaml").vlm, TinyVlm)
    real = load_models("config/models/paper.yaml").vlm
    assert isinstance(real, VlmCheckpoint)
    assert len(real.revision) == 40


@pytest.mark.parametrize(("vlm", "words"), [
    ({"kind": "tiny", "hidden_size": 60}, ["vlm", "multiple of 8 times heads"]),
    ({"kind": "tiny", "heads": 8, "key_value_heads": 3}, ["vlm", "key_value_heads"]),
    ({"kind": "transformers", "source": "Qwen/Qwen2-VL-2B-Instruct"}, ["vlm", "a revision"]),
    ({"kind": "transformers", "source": "/models/qwen", "revision": "main"}, ["hub id"]),
])  # fmt: skip
def test_wrong_models_are_refused_by_name(vlm, words):
    content = yaml.safe_load(Path("config/models/offline.yaml").read_text())
    path = Path("config/models/mine.yaml")
    path.write_text(yaml.safe_dump(content | {"vlm": vlm}), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_models(path)
    for word in ("mine.yaml", *words):
        assert word in str(caught.value)


def plan(**changes):
    config = Path("config/config.yaml")
    return Plan(yaml.safe_load(config.read_text(encoding="utf-8")) | changes, [config])


def test_the_shipped_run_trains_one_experiment_and_has_a_zero_shot_one():
    vlm = plan().vlm
    assert (vlm.trained, vlm.asked) == (["qwen2_vl_2b"], ["qwen2_vl_zero_shot"])
    assert vlm.runs(vlm.names, "metrics.json") == [
        "results/runs/qwen2_vl_2b/0/metrics.json", "results/runs/qwen2_vl_zero_shot/0/metrics.json"
    ]  # fmt: skip
    assert vlm.costs()[0] == "results/costs/vlm/qwen2_vl_2b/0.json"
    assert vlm.tables("results/vlm.md") == ["results/vlm.md"]
    assert json.loads(vlm.model) == load_models("config/models/offline.yaml").vlm.model_dump()
    # They have neither stored embeddings nor rows in the other tables.
    assert not {*vlm.names} & {*plan().experiments, *plan().rows}


def test_without_any_nothing_is_planned():
    none = plan(vlm=[])
    assert none.vlm.names == none.vlm.trained == none.vlm.asked == []
    assert none.vlm.tables("results/vlm.md") == none.vlm.costs() == none.vlm.jobs() == []
    assert not [path for path in (*none.benchmarks(), *none.setting_files()) if "vl" in path]


def test_a_variant_depends_on_its_base_and_its_adjustment():
    mine = plan(vlm=["qwen2_vl_text_only"])
    assert mine.experiment_files("qwen2_vl_text_only") == [
        "config/experiments/qwen2_vl_text_only.yaml", "config/experiments/qwen2_vl_2b.yaml"
    ]  # fmt: skip
    adjusted = json.loads(mine.adjustment("qwen2_vl_text_only"))
    assert adjusted == ADJUSTMENTS["qwen2_vl_text_only"]
    assert mine.vlm.settings["qwen2_vl_text_only"].pixels.max == adjusted["pixels"]["max"]


@pytest.mark.parametrize(("folds", "expected"), [("[2, 0]", [0, 2]), ("null", [0, 1, 2, 3, 4])])
def test_an_experiment_runs_its_folds_or_all(folds, expected):
    path = FOLDER / "mine.yaml"
    path.write_text(f"base: qwen2_vl_2b.yaml\nfolds: {folds}\n", encoding="utf-8")
    assert plan(vlm=["mine"]).vlm.folds == {"mine": expected}


def test_a_fold_that_does_not_exist_ends_the_plan():
    (FOLDER / "mine.yaml").write_text("base: qwen2_vl_2b.yaml\nfolds: [0, 5]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml: folds: no such fold: 5"):
        plan(vlm=["mine"])


@pytest.mark.parametrize(("changes", "words"), [
    ({"vlm": ["qwen2_vl_2b", "qwen2_vl_2b"]}, ["vlm", "named twice: qwen2_vl_2b"]),
    ({"vlm": ["v1_baseline"]}, ["v1_baseline.yaml", "unknown key"]),
    ({"versions": ["qwen2_vl_2b"]}, ["qwen2_vl_2b.yaml", "unknown key"]),
])  # fmt: skip
def test_experiments_of_another_kind_are_refused(changes, words):
    with pytest.raises(ConfigError) as caught:
        plan(**changes)
    for word in words:
        assert word in str(caught.value)


def test_a_config_without_the_key_has_no_vision_language_model():
    config = Path("config/config.yaml")
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    del content["vlm"]
    assert load_config(content, [config]).vlm == []
