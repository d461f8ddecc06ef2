"""What is checked before anything trains."""

import json
from collections import namedtuple
from pathlib import Path

import pandas as pd
import pytest
import torch

from jobs.preflight import preflight
from mmsent.config.encoders import VlmCheckpoint
from mmsent.config.profile import load_profile
from mmsent.config.validation import ConfigError
from mmsent.encoders import weights
from mmsent.encoders.embeddings import read_header
from mmsent.encoders.encode import encode_views
from mmsent.encoders.smoke_test import smoke_test
from mmsent.encoders.transformers_towers import TransformersTower
from mmsent.encoders.weights import WeightsError
from mmsent.files import canonical_json, sha256_file
from mmsent.plan.preflight import GIB, check_room, requirements
from mmsent.plan.views import NOT_DRAWN
from mmsent.vlm.smoke_test import step_memory
from mmsent.vlm.tiny import write_tiny
from vlm_posts import TINY, settings, write_posts, zero_shot

TEXT = load_profile(Path("config/profiles/offline.yaml")).encoders.specification("text")
ENCODERS = {
    "text": {"row_bytes": {"text": 2308}, "token_bytes": 768, "token_limit": 64},
    "pixels": {"row_bytes": {"image": 27648}, "token_bytes": 0, "token_limit": 0},
}


def view(name, encoder, modality, max_tokens=0, below=0):
    return {"path": f"results/embeddings/{encoder}/{modality}.{name}.safetensors",
            "encoder": encoder, "modality": modality, "max_tokens": max_tokens,
            "below": below}  # fmt: skip


NONE = view("none", "text", "text")
STATES = view("none.32tokens.below3", "text", "text", 32, 3)
VIEWS = {"small": [NONE], "large": [NONE, STATES, view("evaluation", "pixels", "image")]}


def test_the_calculated_size_of_a_view_is_that_of_its_file(tmp_path, in_root):
    rows = 300
    index = pd.DataFrame({"guid": map(str, range(rows)), "text": "a post", "sha256": "0" * 64})
    index.loc[0, "text"] = "word " * 40
    sizes = {"text": smoke_test("text", TEXT)}
    read = [view("none.32tokens", "text", "text", 32), STATES]
    plain = NOT_DRAWN | {"cleaning": "none"}
    views = {v["path"]: plain | {key: v[key] for key in ("max_tokens", "below")} for v in read}
    files = {path: tmp_path / Path(path).name for path in views}
    store = {path: tmp_path / "store" / Path(path).name for path in views}
    encode_views(index, TEXT, "text", views, store, files, tmp_path, gpus=0, threads=1)
    wanted = requirements({"one": read}, sizes, rows)
    for path, file in files.items():
        header = len(canonical_json(vars(read_header(file))))
        assert wanted.views[path] == pytest.approx(file.stat().st_size - header, rel=0.02)


def test_a_view_counts_once_on_disk_and_for_each_job_that_reads_it():
    wanted = requirements(VIEWS, ENCODERS, 99)
    pooled, states, pixels = (100 * size for size in (2308, 32 * 768, 27648))
    assert list(wanted.views.values()) == [pooled, states, pixels]
    assert wanted.disk == pooled + states + pixels + GIB
    assert wanted.memory["large"] - wanted.memory["small"] == 2 * (states + pixels)


def test_too_small_a_disk_is_told_with_the_largest_files(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(20 * GIB))
    wanted = requirements(VIEWS, ENCODERS, 1_000_000)
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
    wanted = requirements(VIEWS, ENCODERS, 10_000)
    lines = check_room(wanted, tmp_path)
    assert "for a job of large" in lines[1]
    with pytest.raises(ConfigError, match=r"large: training takes 2\.5 GiB .* has 2\.0 GiB"):
        check_room(wanted, tmp_path, memory=2 * GIB)


def test_a_gpu_without_memory_for_an_encoder_is_told_plainly(monkeypatch, in_root):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    monkeypatch.setattr(TransformersTower, "encode", full)
    with pytest.raises(ConfigError, match=r"encoder text: a batch .* set device: cpu"):
        smoke_test("text", TEXT)


def test_a_full_cache_ends_before_anything_is_fetched(tmp_path, monkeypatch):
    fetched = []
    listed = namedtuple("listed", "file_size will_download")

    def snapshot(_, dry_run=False, **__):
        if not dry_run:
            fetched.append(1)
        return [listed(10**18, True), listed(10**18, False)]

    monkeypatch.setattr(weights, "snapshot_download", snapshot)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "not" / "there"))
    source = VlmCheckpoint(kind="transformers", source="a/b", revision="c0ffee")
    with pytest.raises(WeightsError, match=r"a/b: 931322574\.6 GiB have to be fetched"):
        weights.checkpoint_folder(source)
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
    monkeypatch.setattr("mmsent.vlm.prompts.read_image", lambda path: read.append(path) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        step_memory(settings(), model, posts, tmp_path, torch.device("cpu"))
    assert posts.set_index("image_file").loc[read[0].name, "width"] == posts["width"].max()
    monkeypatch.undo()
    assert step_memory(settings(), model, posts, tmp_path, torch.device("cpu")) > 100


@pytest.mark.parametrize("experiment", [settings(), zero_shot()], ids=["trained", "zero_shot"])
@pytest.mark.parametrize("damaged", [False, True])
def test_a_vision_language_model_is_loaded_before_anything_trains(
    tmp_path, vlm, capsys, in_root, experiment, damaged
):
    posts, model = vlm
    named = model.model_copy(update={"sha256": "a" * 64}) if damaged else model
    checked = tmp_path / "preflight.json"
    arguments = {
        "posts": posts, "views": {"small": VIEWS["small"]},
        "encoders": {"text": TEXT}, "images": tmp_path, "vlm": named,
        "vlm_experiments": {"mine": experiment.model_dump()}, "checked": checked,
    }  # fmt: skip
    if damaged:
        with pytest.raises(WeightsError, match="aaaa"):
            preflight(**arguments)
        assert not checked.exists()
    else:
        preflight(**arguments)
        said = capsys.readouterr().err
        assert "mine: " in said
        assert ("a training step takes" in said) == ("answers" not in experiment.model_dump())
        assert json.loads(checked.read_text())["memory"].keys() == {"small"}
