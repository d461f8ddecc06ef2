"""Fine-tuning a vision-language model: loop, interruption and resume, run and its files."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file
from sklearn.metrics import f1_score

from conftest import ROOT
from job import run
from mmsent.config.vlm import VlmExperiment
from mmsent.encoders.device import make_deterministic
from mmsent.evaluation.pooling import prediction_columns
from mmsent.labels import LABELS
from mmsent.tables import write_table
from mmsent.training.splits import posts_by_split
from mmsent.vlm.device import OutOfMemoryError, memory_advice, precision_for
from mmsent.vlm.network import (
    load_classifier,
    load_trained_state,
    predict_logits,
    trained_state,
)
from mmsent.vlm.prompts import Batcher, Posts, load_posts
from mmsent.vlm.run import fine_tune_fold, fit
from predictions import run_paths
from vlm_posts import TINY, settings, write_posts

CPU = torch.device("cpu")
FP32 = precision_for("auto", CPU)

#: Nothing random in training but the order of the posts.
DRY = {"lora": {"r": 4, "alpha": 8, "dropout": 0.0}, "head": {"hidden": [16], "dropout": [0.0]}}
ONE_EPOCH = {"epochs": 1, "kind": "constant", "warmup_epochs": 0.0}


@pytest.fixture(autouse=True)
def _deterministic():
    make_deterministic()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return folder, *write_posts(folder)


def splits_of(data, experiment):
    folder, posts, folds = data
    return load_posts(experiment, posts, folds, 0, folder)


def run_of(data, experiment, seed=3, state_file=None, splits=None, spec=TINY):
    label_of = dict(zip(data[1]["guid"], data[1]["label"], strict=True))
    splits = splits or splits_of(data, experiment)
    return fine_tune_fold(experiment, spec, splits, label_of, 0, seed, CPU, 0, state_file)


def same_bits(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def fitted(data, experiment, precision=FP32, state_file=None, splits=None):
    """Return a trainer after training, and the network's weights before it."""
    network, prompts = load_classifier(experiment, TINY, precision, 3)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    splits = splits or splits_of(data, experiment)
    batcher = Batcher(prompts, precision.device, 8)
    trainer = fit(experiment, network, precision, batcher, splits["train"], splits["validation"],
                  3, state_file)  # fmt: skip
    return trainer, before


def logits_of(data, experiment, network, prompts, split="validation", workers=0):
    posts = splits_of(data, experiment)[split]
    return predict_logits(network, Batcher(prompts, CPU, 8, workers), posts, split)


def test_a_run_predicts_every_split_but_training(data):
    run = run_of(data, settings())
    table = run.predictions
    assert list(table.columns) == prediction_columns()
    _, posts, folds = data
    parts = {split: set(part["guid"]) for split, part in posts_by_split(posts, folds, 0).items()}
    del parts["train"]
    assert {split: set(rows["guid"]) for split, rows in table.groupby("subset")} == parts
    assert len(table) == sum(map(len, parts.values()))
    label = posts.set_index("guid")["label"]
    assert (table["label"] == table["guid"].map(label)).all()
    assert (table["fold"] == 0).all()
    probabilities = table[LABELS.probability_columns].to_numpy()
    np.testing.assert_allclose(probabilities.sum(1), 1)
    assert (table["predicted"] == probabilities.argmax(1)).all()
    assert run.metrics["exercise"] is True
    trained = sum(tensor.numel() for tensor in run.weights.values())
    assert 0 < run.metrics["trained_parameters"] == trained < run.metrics["parameters"]
    scores = ("loss", "f1", "precision", "recall", "accuracy")
    assert list(pd.DataFrame(run.history)) == [
        "epoch", "learning_rate", *(f"train_{name}" for name in scores),
        *(f"validation_{name}" for name in scores),
    ]  # fmt: skip


def test_one_modality_has_no_posts_without_it(data):
    run = run_of(data, settings(modality="text", schedule=ONE_EPOCH))
    assert set(run.predictions["subset"]) == {"validation", "test", "unlabelled"}


def test_test_posts_influence_nothing_but_their_own_rows(data):
    folder, posts, folds = data
    test = set(folds.loc[folds["split_0"] == "test", "guid"])
    changed = posts.assign(label=posts["label"].where(~posts["guid"].isin(test), 0),
                           text=posts["text"].where(~posts["guid"].isin(test), "x"))  # fmt: skip
    one, other = run_of(data, settings()), run_of((folder, changed, folds), settings())
    assert same_bits(one.weights, other.weights)
    assert one.metrics == other.metrics
    others = ~one.predictions["guid"].isin(test)
    pd.testing.assert_frame_equal(one.predictions[others], other.predictions[others])


def test_the_selected_epoch_is_the_best_on_validation(data):
    experiment = settings(
        optimiser={"learning_rate": 0.03}, schedule={"epochs": 5, "warmup_epochs": 0.0}
    )
    trainer, _ = fitted(data, experiment)
    scores = [row["validation_f1"] for row in trainer.history]
    assert trainer.best_epoch == 1 + scores.index(max(scores)) < 5
    _, prompts = load_classifier(experiment, TINY, FP32, 3)
    logits, labels = logits_of(data, experiment, trainer.network, prompts)
    f1 = f1_score(labels, logits.argmax(1), average="weighted")
    assert f1 == pytest.approx(max(scores))


def test_frozen_weights_stay_and_trained_ones_change(data):
    trainer, before = fitted(data, settings(schedule=ONE_EPOCH))
    after, trained = trainer.network.state_dict(), trained_state(trainer.network)
    assert 0 < len(trained) < len(after)
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name]) == (name not in trained), name


@pytest.mark.parametrize("modality", ["text", "image"])
def test_it_learns_a_learnable_task(tmp_path, modality):
    more = tmp_path, *write_posts(tmp_path, 72, 0)
    experiment = settings(modality=modality, schedule={"epochs": 8, "warmup_epochs": 0.5})
    trainer, _ = fitted(more, experiment)
    assert max(row["validation_accuracy"] for row in trainer.history) > 0.9


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_half_precision_trains(data, name):
    experiment = settings(schedule={"epochs": 2, "warmup_epochs": 0.0}, gradient_checkpointing=True)
    trainer, before = fitted(data, experiment, precision_for(name, CPU))
    for key, tensor in trained_state(trainer.network).items():
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()
        assert not torch.equal(tensor, before[key]), key


def test_four_bit_weights_train_and_are_read_back(data):
    experiment = settings(four_bit=True)
    trainer, _ = fitted(data, experiment)
    losses = [row["train_loss"] for row in trainer.history]
    assert losses[-1] < losses[0]
    network, prompts = load_classifier(experiment, TINY, FP32, 0)
    load_trained_state(network, trained_state(trainer.network))
    logits = [logits_of(data, experiment, net, prompts)[0] for net in (network, trainer.network)]
    assert torch.equal(*logits)


def test_four_bit_weights_pass_gradients_after_an_evaluation(data):
    experiment = settings(four_bit=True, **DRY)
    network, prompts = load_classifier(experiment, TINY, FP32, 3)
    validation = splits_of(data, experiment)["validation"]
    batch = prompts.batch([validation[n] for n in range(4)])

    def gradients():
        network.zero_grad()
        network.train()
        network(batch).square().sum().backward()
        return {name: weight.grad.clone() for name, weight in network.named_parameters()
                if weight.requires_grad}  # fmt: skip

    first = gradients()
    logits_of(data, experiment, network, prompts)
    again = gradients()
    assert first.keys() == again.keys() == trained_state(network).keys()
    assert any(gradient.any() for name, gradient in first.items() if "lora_B" in name)
    for name, gradient in first.items():
        torch.testing.assert_close(again[name], gradient, msg=name)


def test_gradients_are_clipped_over_adapters_and_head_together(data):
    optimiser = {"batch_size": 12, "clip_norm": 1e-9, "learning_rate": 1e-3, "weight_decay": 0.0}
    trainer, before = fitted(data, settings(**DRY, optimiser=optimiser, schedule=ONE_EPOCH))
    moved = max((t - before[n]).abs().max() for n, t in trained_state(trainer.network).items())
    # AdamW's first step is the rate itself for any gradient far above its epsilon of 1e-8.
    assert 0 < moved < 2e-4


class Interrupted(Posts):
    """Posts that raise in the middle of the third epoch, as if the process were killed."""

    reads = 0

    def __getitem__(self, row):
        self.reads += 1
        if self.reads > 2 * len(self) + 5:
            raise KeyboardInterrupt
        return super().__getitem__(row)


def interrupted_splits(data, experiment):
    folder, posts, folds = data
    train = Interrupted(posts_by_split(posts, folds, 0)["train"], folder, experiment)
    return splits_of(data, experiment) | {"train": train}


def test_an_interrupted_run_resumes_to_the_same_bits(data, tmp_path):
    experiment = settings(schedule={"epochs": 4, "kind": "cosine", "warmup_epochs": 0.3,
                                    "plateau": {"epochs": 1, "factor": 0.5}})  # fmt: skip
    whole = run_of(data, experiment)
    state = tmp_path / "state.pt"
    splits = interrupted_splits(data, experiment)
    with pytest.raises(KeyboardInterrupt):
        run_of(data, experiment, state_file=state, splits=splits)
    assert len(torch.load(state, weights_only=True)["history"]) == 2
    torch.rand(5)  # earlier draws must not matter
    resumed = run_of(data, experiment, state_file=state)
    assert resumed.history == whole.history
    assert same_bits(resumed.weights, whole.weights)
    pd.testing.assert_frame_equal(resumed.predictions, whole.predictions)
    assert resumed.metrics == whole.metrics
    # All epochs are done: nothing is trained any more.
    again = run_of(data, experiment, state_file=state)
    assert again.cost["train_posts_per_second"] is None
    assert same_bits(again.weights, whole.weights)


@pytest.mark.parametrize("change", ["settings", "seed", "posts", "texts", "model", "code"])
def test_the_state_of_another_training_is_not_resumed(data, tmp_path, change, capsys, monkeypatch):
    state = tmp_path / "state.pt"
    experiment, seed, spec = settings(schedule=ONE_EPOCH), 3, TINY
    run_of(data, experiment, seed, state)
    folder, posts, folds = data
    if change == "settings":
        experiment = settings(schedule=ONE_EPOCH, prompt="Feeling?")
    elif change == "seed":
        seed = 4
    elif change == "posts":
        posts = posts.assign(text_sha256=posts["image_sha256"])
    elif change == "texts":  # the same files, cleaned in another way
        posts = posts.assign(text=posts["text"] + " more")
    elif change == "code":
        monkeypatch.setattr("mmsent.vlm.run.code_hash", lambda script: f"other {script}")
    else:
        spec = TINY.model_copy(update={"seed": 1})
    run = run_of((folder, posts, folds), experiment, seed, state, spec=spec)
    assert run.cost["train_posts_per_second"] is not None
    assert "starting anew" in capsys.readouterr().err


def test_images_decoded_by_other_processes_are_the_same(data):
    network, prompts = load_classifier(settings(), TINY, FP32, 3)
    here, there = (
        logits_of(data, settings(), network, prompts, "test", workers)[0] for workers in (0, 2)
    )
    assert torch.equal(here, there)


def test_an_out_of_memory_error_names_the_settings_to_lower():
    experiment = settings(optimiser={"batch_size": 6, "accumulation": 2})
    with pytest.raises(OutOfMemoryError) as caught, memory_advice("mine", experiment, CPU):
        torch.empty(2**52)  # torch's own error
    for words in ("mine: ", "optimiser.batch_size: 6", "accumulation: 2", "pixels.max: 3136",
                  "text.max_tokens: 256", "gradient_checkpointing: true"):  # fmt: skip
        assert words in str(caught.value)
    text = settings(modality="text", gradient_checkpointing=True)
    with pytest.raises(OutOfMemoryError) as caught, memory_advice("mine", text, CPU):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    assert "CUDA out of memory" in str(caught.value)
    assert "pixels" not in str(caught.value)
    assert "gradient_checkpointing" not in str(caught.value)
    with pytest.raises(RuntimeError, match="another"), memory_advice("mine", text, CPU):
        raise RuntimeError("another error")


EPOCHS = 12


@pytest.fixture
def arguments(data, tmp_path):
    """Arguments of the job that trains on a fold, without its outputs."""
    folder, posts, folds = data
    write_table(tmp_path / "posts.parquet", posts)
    write_table(tmp_path / "folds.tsv", folds)
    # Enough epochs that a kill comes before the last.
    experiment = settings(schedule={"epochs": EPOCHS, "kind": "cosine", "warmup_epochs": 0.3})
    return {
        "experiment": experiment.model_dump(), "name": "mine", "seed": 42, "fold": 0,
        "vlm": TINY.model_dump(), "posts": str(tmp_path / "posts.parquet"),
        "images": str(folder), "folds": str(tmp_path / "folds.tsv"),
    }  # fmt: skip


def outputs(folder, **more):
    files = {kind: str(path) for kind, path in run_paths(folder).items()}
    return files | {"cost": str(folder.with_suffix(".json"))} | more


def start(arguments):
    job = [sys.executable, str(ROOT / "scripts/job.py"), "fine_tune_vlm", json.dumps(arguments)]
    return subprocess.Popen(job, cwd=ROOT, stderr=subprocess.PIPE)


def test_a_killed_process_resumes_and_its_weights_are_read_by_another(
    arguments, data, tmp_path, in_root
):
    state, out, straight = tmp_path / "state.pt", tmp_path / "out", tmp_path / "straight"
    resumed = arguments | outputs(out, state=str(state))
    process = start(resumed)
    deadline = time.monotonic() + 300
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    done = len(torch.load(state, weights_only=True)["history"])
    assert 1 <= done < EPOCHS
    process = start(resumed)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()
    assert f"resumed after epoch {done}\n" in errors.decode()
    assert not state.exists()
    cost = json.loads(out.with_suffix(".json").read_text())
    assert cost["peak_memory"] > 50
    assert (cost["device"], cost["precision"]) == ("CPU", "fp32")

    run(["fine_tune_vlm", json.dumps(arguments | outputs(straight))])
    files = {path.name: path.read_bytes() for path in straight.iterdir()}
    assert files.keys() == {path.name for path in run_paths(out).values()}
    assert files == {path.name: path.read_bytes() for path in out.iterdir()}

    # The network is rebuilt from the run's files: the same probabilities.
    weights = load_file(out / "model.safetensors")
    assert all("lora_" in name or name.startswith("head.") for name in weights)
    content = yaml.safe_load((out / "config.yaml").read_text())
    assert type(TINY).model_validate(content.pop("vlm")) == TINY
    experiment = VlmExperiment.model_validate(content)
    network, prompts = load_classifier(experiment, TINY, FP32, 0)
    load_trained_state(network, weights)
    logits, _ = logits_of(data, experiment, network, prompts, "test")
    table = pd.read_parquet(out / "predictions.parquet")
    stored = table.loc[table["subset"] == "test", LABELS.probability_columns].to_numpy()
    np.testing.assert_array_equal(torch.softmax(logits.double(), 1).numpy(), stored)
