"""What is checked before anything trains."""

import json
import runpy
import sys
from collections import namedtuple
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from mmsent.config.encoders import VlmCheckpoint
from mmsent.config.validation import ConfigError
from mmsent.encoders import hub, trial
from mmsent.encoders.embeddings import read_header
from mmsent.encoders.passes import text_pass
from mmsent.encoders.posts import posts_of
from mmsent.encoders.reading import TextReading
from mmsent.encoders.store import embed
from mmsent.encoders.trial import tried
from mmsent.encoders.weights import WeightsError
from mmsent.files import canonical_json, sha256_file
from mmsent.tables import write_table
from mmsent.vlm.smoke_test import step_memory
from mmsent.vlm.tiny import write_tiny
from mmsent.workflow.preflight import GIB, check_room, demand
from vlm_posts import TINY, settings, write_posts, zero_shot

MODELS = yaml.safe_load(Path("config/models/offline.yaml").read_text())
TEXT = {"text": MODELS["text"]}
VIEWS = "results/embeddings/text"
ENCODERS = {
    "text": {"row_bytes": {"text": 2308}, "token_bytes": 768, "token_limit": 64},
    "pixels": {"row_bytes": {"image": 27648}, "token_bytes": 0, "token_limit": 0},
}
READS = {
    "small": [f"{VIEWS}/text.none.safetensors"],
    "large": [f"{VIEWS}/text.none.safetensors", f"{VIEWS}/text.none.32tokens.below3.safetensors",
              "results/embeddings/pixels/image.evaluation.safetensors"],
}  # fmt: skip


def test_the_calculated_size_of_a_view_is_that_of_its_file(tmp_path, in_root):
    rows = 300
    index = pd.DataFrame({"guid": map(str, range(rows)), "text": "a post", "sha256": "0" * 64})
    found = {"text": vars(tried(TEXT))}
    for name, below in (("none.32tokens", 0), ("none.32tokens.below3", 3)):
        path = tmp_path / "text" / f"text.{name}.safetensors"
        longest = index.copy()
        longest.loc[0, "text"] = "word " * 40
        embed(path, text_pass(posts_of(longest), TEXT, TextReading("none", 32, below)))
        wanted = demand({"one": [str(path)]}, found, rows)
        header = len(canonical_json(vars(read_header(path))))
        assert wanted.views[str(path)] == pytest.approx(path.stat().st_size - header, rel=0.02)


def test_a_view_counts_once_on_disk_and_for_each_job_that_reads_it():
    wanted = demand(READS, ENCODERS, 99)
    pooled, states, pixels = (100 * size for size in (2308, 32 * 768, 27648))
    assert list(wanted.views.values()) == [pooled, states, pixels]
    assert wanted.disk == pooled + states + pixels + GIB
    assert wanted.memory["large"] - wanted.memory["small"] == 2 * (states + pixels)


def test_too_small_a_disk_is_told_with_the_largest_files(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(20 * GIB))
    wanted = demand(READS, ENCODERS, 1_000_000)
    with pytest.raises(ConfigError) as told:
        check_room(wanted, tmp_path, memory=10**15)
    text = str(told.value)
    assert "51.8 GiB more are needed and 20.0 GiB are free" in text
    assert text.splitlines()[1].strip().startswith("results/embeddings/pixels/image.evaluation")
    # What an earlier run made is not needed again.
    made = tmp_path / "made.safetensors"
    with made.open("wb") as file:
        file.truncate(40 * GIB)
    views = {**wanted.views, str(made): 0}
    assert check_room(type(wanted)(views, wanted.disk, wanted.memory), tmp_path, memory=10**15)


def test_too_little_memory_is_told_with_the_experiment(tmp_path):
    wanted = demand(READS, ENCODERS, 10_000)
    lines = check_room(wanted, tmp_path)
    assert "for a job of large" in lines[1]
    with pytest.raises(ConfigError, match=r"large: training takes 2\.5 GiB .* has 2\.0 GiB"):
        check_room(wanted, tmp_path, memory=2 * GIB)


def test_a_gpu_without_memory_for_an_encoder_is_told_plainly(monkeypatch, in_root):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    monkeypatch.setattr(trial, "encode_texts", full)
    with pytest.raises(ConfigError, match=r"encoder text: a batch .* set device: cpu"):
        tried(TEXT)


def test_a_full_cache_ends_before_anything_is_fetched(tmp_path, monkeypatch):
    fetched = []
    listed = namedtuple("listed", "file_size will_download")

    def snapshot(_, dry_run=False, **__):
        if not dry_run:
            fetched.append(1)
        return [listed(10**18, True), listed(10**18, False)]

    monkeypatch.setattr(hub, "snapshot_download", snapshot)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "not" / "there"))
    with pytest.raises(WeightsError, match=r"a/b: 931322574\.6 GiB have to be fetched"):
        hub.fetched("a/b", "c0ffee", [["*.safetensors"]], lambda _: True)
    assert not fetched


@pytest.fixture
def vlm(tmp_path):
    """Posts, and the settings of a checkpoint in a folder."""
    write_tiny(tmp_path / "vlm", TINY)
    posts, _ = write_posts(tmp_path)
    sha256 = sha256_file(tmp_path / "vlm/model.safetensors")
    return posts, VlmCheckpoint(kind="transformers", source=str(tmp_path / "vlm"), sha256=sha256)


def test_the_smoke_test_reads_the_largest_posts(tmp_path, vlm, monkeypatch):
    posts, model = vlm
    read = []
    monkeypatch.setattr("mmsent.vlm.prompts.read_picture", lambda path: read.append(path) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        step_memory(settings(), model, posts, tmp_path, torch.device("cpu"))
    assert posts.set_index("image_file").loc[read[0].name, "width"] == posts["width"].max()
    monkeypatch.undo()
    assert step_memory(settings(), model, posts, tmp_path, torch.device("cpu")) > 100


@pytest.mark.parametrize("own", [settings(), zero_shot()], ids=["trained", "asked"])
@pytest.mark.parametrize("damaged", [False, True])
def test_a_vision_language_model_is_loaded_before_anything_trains(
    tmp_path, vlm, monkeypatch, capsys, in_root, own, damaged
):
    posts, model = vlm
    write_table(tmp_path / "posts.parquet", posts)
    (tmp_path / "text.json").write_text(json.dumps(ENCODERS["text"]))
    named = model.model_copy(update={"sha256": "a" * 64}) if damaged else model
    arguments = {
        "reads": json.dumps({"small": READS["small"]}), "encoders": tmp_path / "text.json",
        "posts": tmp_path / "posts.parquet", "pictures": tmp_path,
        "vlm": canonical_json(named.model_dump()), "out": tmp_path / "preflight.json",
        "vlm-experiments": canonical_json({"mine": own.model_dump()}),
    }  # fmt: skip
    given = [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", ["preflight", *given])
    if damaged:
        with pytest.raises(SystemExit, match="the models file names aaaa"):
            runpy.run_path("scripts/preflight.py", run_name="__main__")
        assert not (tmp_path / "preflight.json").exists()
    else:
        runpy.run_path("scripts/preflight.py", run_name="__main__")
        said = capsys.readouterr().err
        assert "mine: " in said
        assert ("a training step takes" in said) == ("answers" not in own.model_dump())
        assert json.loads((tmp_path / "preflight.json").read_text())["memory"].keys() == {"small"}
