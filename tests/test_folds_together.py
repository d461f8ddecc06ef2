"""One process that trains several folds writes what a process for each fold writes."""

import runpy
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import ROOT, write_rows
from mmsent.encoders.embeddings import BLANK
from mmsent.files import write_json
from mmsent.tables import read_table, write_table
from mmsent.workflow.plan import FEW_POSTS, Plan

POSTS = 48
SMALL = (
    '{"projection": {"size": 8}, "head": {"hidden": [8, 4]}, "schedule": {"epochs": 2,'
    ' "warmup_epochs": 1}, "image": {"views": 0, "augmentation": null}}'
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Posts in two folds with random embeddings, and settings that a search chose on each."""
    folder = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(4)
    guids = [str(number) for number in range(POSTS)]
    posts = pd.DataFrame({"guid": guids, "label": np.arange(POSTS) % 3})
    write_table(folder / "posts.parquet", posts.assign(text_blanked=False, image_blanked=False))
    splits = np.array(["train", "train", "validation", "test"])[np.arange(POSTS) // 3 % 4]
    folds = pd.DataFrame({"guid": guids, "split_0": splits, "split_1": np.roll(splits, 3)})
    write_table(folder / "folds.tsv", folds)
    for modality, name in (("text", "mean"), ("image", "state")):
        states = generator.normal(size=(POSTS + 1, 6)).astype(np.float32)
        write_rows(folder / modality, {name: states}, [*guids, BLANK])
    for fold, size in ((0, 16), (1, 8)):
        write_json(folder / f"{fold}.json", {"chosen": [{"optimiser": {"batch_size": size}}]})
    return folder


def train(monkeypatch, data, folder, *folds, script="train", **options):
    values = {
        "experiment": ROOT / "config/experiments/v4_balanced_clip.yaml", "adjust": SMALL,
        "posts": data / "posts.parquet", "folds": data / "folds.tsv", "text": data / "text",
        "images": data / "image", **options,
    }  # fmt: skip
    command = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    command += ["--fold", *map(str, folds)]
    command += ["--search", *(str(data / f"{fold}.json") for fold in folds)]
    command += ["--out", *(str(folder / str(fold) / "predictions.parquet") for fold in folds)]
    monkeypatch.setattr(sys, "argv", [script, *command])
    runpy.run_path(str(ROOT / f"scripts/{script}.py"), run_name="__main__")


@pytest.mark.parametrize("script", ["train", "train_seeds"])
def test_folds_in_one_process_are_the_same_bytes_as_each_alone(monkeypatch, data, tmp_path, script):
    options = {"number": 2} if script == "train_seeds" else {}
    train(monkeypatch, data, tmp_path / "together", 0, 1, script=script, **options)
    for fold in (1, 0):
        train(monkeypatch, data, tmp_path / "alone", fold, script=script, **options)
    files = sorted(path for path in (tmp_path / "together").rglob("*") if path.is_file())
    assert len(files) == (10 if script == "train" else 2)
    for path in files:
        alone = tmp_path / "alone" / path.relative_to(tmp_path / "together")
        assert path.read_bytes() == alone.read_bytes(), path
    first, second = (read_table(tmp_path / f"together/{n}/predictions.parquet") for n in (0, 1))
    assert set(first["guid"]) != set(second["guid"])
    assert (first["fold"] == 0).all() and (second["fold"] == 1).all()  # noqa: PT018
    if script == "train":  # each fold with the settings that were chosen on it
        configs = [yaml.safe_load((tmp_path / f"together/{n}/config.yaml").read_text())
                   for n in (0, 1)]  # fmt: skip
        assert [config["optimiser"]["batch_size"] for config in configs] == [16, 8]


@pytest.mark.parametrize("number", [FEW_POSTS, FEW_POSTS + 1])
def test_what_takes_long_keeps_a_job_for_each_fold(in_root, number):
    plan = Plan(yaml.safe_load((ROOT / "config/config.yaml").read_text()), [])
    plan.texts = plan.texts[:1] * number
    few = number <= FEW_POSTS
    assert "v2_enhanced" not in plan.trained_together
    assert {"v4_balanced_clip", "ablation/text_only"} <= set(plan.trained_together)
    assert ("v1_baseline" in plan.trained_together) == few
    assert ("v5_multi_fusion" in plan.light) == few
    names = [path.removeprefix("results/benchmarks/") for path in plan.benchmarks()]
    assert ("search/v5_multi_fusion/all.jsonl" in names) == few
    assert ("search/v5_multi_fusion/4.jsonl" in names) != few
    assert "train/v4_balanced_clip/all.jsonl" in names
    assert "train/v2_enhanced/4.jsonl" in names
    assert len(names) == len(set(names))
