"""Fine-tuning a vision-language model: the loop, a killed run, the files, read by others."""

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
from mmsent.data.images import UnreadableImageError
from mmsent.evaluation.pooling import PREDICTION_COLUMNS
from mmsent.labels import PROBABILITY_COLUMNS
from mmsent.tables import write_table
from mmsent.training.roles import posts_by_role
from mmsent.vlm.loop import NotFiniteError, fit, steps_per_epoch
from mmsent.vlm.memory import OutOfMemoryError, memory_advice
from mmsent.vlm.network import VlmClassifier, load_trained_state, trained_state
from mmsent.vlm.precision import numbers_for
from mmsent.vlm.prompts import Posts
from mmsent.vlm.reading import Reading, logits_of
from mmsent.vlm.run import build, load_run, make_deterministic, run_vlm
from vlm_posts import TINY, settings, write_posts

CPU = torch.device("cpu")

#: Nothing drawn at random in training but the order of the posts.
DRY = {"lora": {"r": 4, "alpha": 8, "dropout": 0.0}, "head": {"hidden": [16], "dropout": [0.0]}}


@pytest.fixture(autouse=True)
def _deterministic():
    make_deterministic(CPU)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, *write_posts(folder)


def roles_of(data, given):
    folder, posts, folds = data
    both = given.modality == "both"
    return {
        role: Posts(own, folder, given)
        for role, own in posts_by_role(posts, folds, 0, both_modalities=both).items()
    }


def run_of(data, given, seed=3, state_file=None, posts=None):
    label_of = dict(zip(data[1]["guid"], data[1]["label"], strict=True))
    posts = posts or roles_of(data, given)
    return run_vlm(given, TINY, posts, label_of, 0, seed, CPU, 0, state_file)


def weights_of(run):
    return trained_state(run.fitted.network)


def same_bits(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


def fitted(data, given, numbers=None, change=None, state_file=None, mark="", posts=None):
    numbers = numbers or numbers_for("auto", CPU)
    network, prompts = build(given, TINY, numbers, 3)
    if change:
        change(network)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    posts = posts or roles_of(data, given)
    found = fit(given, network, numbers, Reading(prompts), posts["train"], posts["validation"], 3,
                state_file, mark)  # fmt: skip
    return found, before


def test_a_run_predicts_what_every_run_predicts(data):
    given = settings()
    run = run_of(data, given)
    table = run.predictions
    assert list(table.columns) == PREDICTION_COLUMNS
    _, posts, folds = data
    parts = {role: set(own["guid"]) for role, own in posts_by_role(posts, folds, 0).items()}
    del parts["train"]
    assert {role: set(own["guid"]) for role, own in table.groupby("subset")} == parts
    assert len(table) == sum(map(len, parts.values()))
    label = posts.set_index("guid")["label"]
    assert (table["label"] == table["guid"].map(label)).all()
    assert (table["fold"] == 0).all()
    chances = table[PROBABILITY_COLUMNS].to_numpy()
    np.testing.assert_allclose(chances.sum(1), 1)
    assert (table["predicted"] == chances.argmax(1)).all()
    assert run.metrics["exercise"] is True
    assert run.metrics["trained_parameters"] == sum(t.numel() for t in weights_of(run).values())
    assert run.metrics["parameters"] == sum(p.numel() for p in run.fitted.network.parameters())
    columns = ["epoch", "learning_rate"]
    for part in ("train", "validation"):
        scores = ("loss", "f1", "precision", "recall", "accuracy")
        columns += [f"{part}_{name}" for name in scores]
    assert list(pd.DataFrame(run.fitted.history)) == columns


def test_one_modality_has_no_posts_without_it(data):
    run = run_of(data, settings(modality="text", schedule={"epochs": 1, "warmup_epochs": 0.0}))
    assert set(run.predictions["subset"]) == {"validation", "test", "unlabelled"}


def test_test_posts_influence_nothing_but_their_own_rows(data):
    folder, posts, folds = data
    test = set(folds.loc[folds["split_0"] == "test", "guid"])
    changed = posts.assign(label=posts["label"].where(~posts["guid"].isin(test), 0),
                           text=posts["text"].where(~posts["guid"].isin(test), "x"))  # fmt: skip
    one, other = run_of(data, settings()), run_of((folder, changed, folds), settings())
    assert same_bits(weights_of(one), weights_of(other))
    assert one.metrics == other.metrics
    kept = ~one.predictions["guid"].isin(test)
    pd.testing.assert_frame_equal(one.predictions[kept], other.predictions[kept])


def test_the_kept_epoch_is_the_best_on_validation(data):
    found, _ = fitted(data, settings(optimiser={"learning_rate": 0.03},
                                     schedule={"epochs": 5, "warmup_epochs": 0.0}))  # fmt: skip
    scores = [row["validation_f1"] for row in found.history]
    assert found.best_epoch == 1 + scores.index(max(scores)) < 5
    validation = roles_of(data, settings())["validation"]
    _, prompts = build(settings(), TINY, numbers_for("auto", CPU), 3)
    logits, labels = logits_of(found.network, Reading(prompts), validation, settings(), "again")
    again = f1_score(labels, logits.argmax(1), average="weighted")
    assert again == pytest.approx(max(scores))


def test_the_frozen_weights_stay_and_the_trained_ones_move(data):
    found, before = fitted(data, settings(schedule={"epochs": 1, "warmup_epochs": 0.0}))
    after = found.network.state_dict()
    trained = trained_state(found.network)
    assert 0 < len(trained) < len(after)
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name]) == (name not in trained), name


@pytest.mark.parametrize("modality", ["text", "image"])
def test_it_learns_what_is_there_to_learn(tmp_path, modality):
    more = tmp_path, *write_posts(tmp_path, 72, 0)
    given = settings(modality=modality, schedule={"epochs": 8, "warmup_epochs": 0.5})
    found, _ = fitted(more, given)
    assert max(row["validation_accuracy"] for row in found.history) > 0.9


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_half_precision_trains(data, name):
    given = settings(schedule={"epochs": 2, "warmup_epochs": 0.0}, gradient_checkpointing=True)
    found, before = fitted(data, given, numbers_for(name, CPU))
    for key, tensor in trained_state(found.network).items():
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()
        assert not torch.equal(tensor, before[key]), key


def test_four_bits_train_and_are_read_back(data, tmp_path):
    given = settings(four_bit=True)
    run = run_of(data, given)
    losses = [row["train_loss"] for row in run.fitted.history]
    assert losses[-1] < losses[0]
    network, prompts = build(given, TINY, numbers_for("auto", CPU), 0)
    load_trained_state(network, weights_of(run))
    validation = roles_of(data, given)["validation"]
    logits = [logits_of(own, Reading(prompts), validation, given, "")[0]
              for own in (network.eval(), run.fitted.network.eval())]  # fmt: skip
    assert torch.equal(*logits)


def test_four_bits_pass_gradients_after_a_validation_as_before(data):
    given = settings(four_bit=True, **DRY)
    network, prompts = build(given, TINY, numbers_for("auto", CPU), 3)
    validation = roles_of(data, given)["validation"]
    batch = prompts.batch([validation[n] for n in range(4)])

    def gradients():
        network.zero_grad()
        network.train()
        network(batch).square().sum().backward()
        return {name: weight.grad.clone() for name, weight in network.named_parameters()
                if weight.requires_grad}  # fmt: skip

    first = gradients()
    logits_of(network.eval(), Reading(prompts), validation, given, "")
    again = gradients()
    assert first.keys() == again.keys() == trained_state(network).keys()
    assert any(gradient.any() for name, gradient in first.items() if "lora_B" in name)
    for name, gradient in first.items():
        torch.testing.assert_close(again[name], gradient, msg=name)


def test_accumulated_batches_are_one_step_of_the_same_gradient(data):
    # 12 training posts: one step over 8 and one over 4, in batches of 8 or of 3, 3, 2 and 3, 1.
    states = []
    for size, accumulation in ((8, 1), (2, 4)):
        given = settings(
            **DRY,
            optimiser={"batch_size": size, "accumulation": accumulation, "learning_rate": 1e-3},
            schedule={"epochs": 1, "kind": "constant", "warmup_epochs": 0.0},
        )
        assert steps_per_epoch(12, given) == 2
        found, before = fitted(data, given)
        states.append(trained_state(found.network))
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=2e-5, rtol=1e-3)
    moved = max((states[0][name] - before[name]).abs().max() for name in states[0])
    assert moved > 1e-3


def test_gradients_are_clipped_over_adapters_and_head_together(data):
    given = settings(**DRY, optimiser={"batch_size": 12, "clip_norm": 1e-9, "learning_rate": 1e-3,
                                       "weight_decay": 0.0},
                     schedule={"epochs": 1, "kind": "constant", "warmup_epochs": 0.0})  # fmt: skip
    found, before = fitted(data, given)
    moved = max((t - before[n]).abs().max() for n, t in trained_state(found.network).items())
    # AdamW's first step is the rate itself for any gradient far above its epsilon of 1e-8.
    assert 0 < moved < 2e-4


def test_the_learning_rate_follows_the_optimisers_steps(data):
    given = settings(optimiser={"learning_rate": 1e-3, "batch_size": 4},
                     schedule={"epochs": 4, "kind": "cosine", "warmup_epochs": 0.0})  # fmt: skip
    found, _ = fitted(data, given)
    rates = [row["learning_rate"] for row in found.history]
    # 12 posts in batches of 4 are three steps an epoch.
    expected = [1e-3 * 0.5 * (1 + np.cos(np.pi * step / 12)) for step in (0, 3, 6, 9)]
    assert rates == pytest.approx(expected)


class Interrupted(Posts):
    """Posts that stop being read in the middle of the third epoch, as a kill would have it."""

    reads = 0

    def __getitem__(self, row):
        self.reads += 1
        if self.reads > 2 * len(self) + 5:
            raise KeyboardInterrupt
        return super().__getitem__(row)


def test_a_run_broken_off_goes_on_to_the_same_bits(data, tmp_path):
    folder, posts, folds = data
    given = settings(schedule={"epochs": 4, "kind": "cosine", "warmup_epochs": 0.3,
                               "plateau": {"epochs": 1, "factor": 0.5}})  # fmt: skip
    whole = run_of(data, given)
    state = tmp_path / "state.pt"
    broken = roles_of(data, given)
    broken["train"] = Interrupted(posts_by_role(posts, folds, 0)["train"], folder, given)
    with pytest.raises(KeyboardInterrupt):
        run_of(data, given, state_file=state, posts=broken)
    assert torch.load(state, weights_only=True)["epoch"] == 2
    torch.rand(5)  # what was drawn before must not matter
    resumed = run_of(data, given, state_file=state)
    assert resumed.fitted.history == whole.fitted.history
    assert same_bits(weights_of(resumed), weights_of(whole))
    pd.testing.assert_frame_equal(resumed.predictions, whole.predictions)
    assert resumed.metrics == whole.metrics
    # All epochs are done: once more, nothing is trained.
    again = run_of(data, given, state_file=state)
    assert again.fitted.posts_per_second is None
    assert same_bits(weights_of(again), weights_of(whole))


@pytest.mark.parametrize("change", ["settings", "seed", "posts", "texts", "model", "code"])
def test_a_state_of_another_training_is_not_gone_on_with(
    data, tmp_path, change, capsys, monkeypatch
):
    once = {"schedule": {"epochs": 1, "warmup_epochs": 0.0}}
    state = tmp_path / "state.pt"
    run_of(data, settings(**once), state_file=state)
    folder, posts, folds = data
    given, seed, spec = settings(**once), 3, TINY
    if change == "settings":
        given = settings(**once, prompt="Feeling?")
    elif change == "seed":
        seed = 4
    elif change == "posts":
        posts = posts.assign(text_sha256=posts["image_sha256"])
    elif change == "texts":  # the same files, read otherwise
        posts = posts.assign(text=posts["text"] + " more")
    elif change == "code":
        monkeypatch.setattr("mmsent.vlm.run.code_hash", lambda script: f"other {script}")
    else:
        spec = TINY.model_copy(update={"seed": 1})
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    run = run_vlm(given, spec, roles_of((folder, posts, folds), given), label_of, 0, seed, CPU, 0,
                  state)  # fmt: skip
    assert run.fitted.posts_per_second is not None
    assert "starting anew" in capsys.readouterr().err


def test_pictures_decoded_by_other_processes_are_the_same(data):
    given = settings()
    network, prompts = build(given, TINY, numbers_for("auto", CPU), 3)
    test = roles_of(data, given)["test"]
    here, there = (
        logits_of(network, Reading(prompts, workers), test, given, "test")[0] for workers in (0, 2)
    )
    assert torch.equal(here, there)


def test_a_loss_that_overflows_ends_the_run_with_advice(data):
    with pytest.raises(NotFiniteError, match="precision: bf16"):
        fitted(data, settings(), change=lambda net: net.head[0].weight.data.fill_(torch.inf))


def test_an_unreadable_picture_ends_the_run(data, tmp_path):
    folder, posts, folds = data
    bad = posts.assign(image_file=posts["image_file"].where(posts.index != 7, "none.png"))
    (folder / "none.png").write_bytes(b"nothing")
    with pytest.raises(UnreadableImageError):
        run_of((folder, bad, folds), settings())


def test_the_end_of_memory_names_the_settings_to_lower():
    given = settings(optimiser={"batch_size": 6, "accumulation": 2})
    with pytest.raises(OutOfMemoryError) as caught, memory_advice(given, CPU):
        torch.empty(2**52)  # torch's own error
    message = str(caught.value)
    for words in ("optimiser.batch_size: 6", "accumulation, now 2", "pixels.max: 3136",
                  "text.max_tokens: 256", "gradient_checkpointing: true"):  # fmt: skip
        assert words in message
    text = settings(modality="text", gradient_checkpointing=True)
    with pytest.raises(OutOfMemoryError) as caught, memory_advice(text, CPU):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    assert "CUDA out of memory" in str(caught.value)
    assert "pixels" not in str(caught.value)
    assert "gradient_checkpointing" not in str(caught.value)
    with pytest.raises(RuntimeError, match="of another kind"), memory_advice(given, CPU):
        raise RuntimeError("of another kind")


EPOCHS = 12


@pytest.fixture
def command(data, tmp_path):
    """The command line of a run over files, but for its output."""
    folder, posts, folds = data
    write_table(tmp_path / "posts.parquet", posts)
    write_table(tmp_path / "folds.tsv", folds)
    # Epochs enough that a kill comes before the last.
    given = settings(schedule={"epochs": EPOCHS, "kind": "cosine", "warmup_epochs": 0.3})
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(given.model_dump()))
    return [
        "--experiment", str(tmp_path / "mine.yaml"), "--model", TINY.model_dump_json(),
        "--posts", str(tmp_path / "posts.parquet"), "--pictures", str(folder),
        "--folds", str(tmp_path / "folds.tsv"), "--fold", "0",
    ]  # fmt: skip


def start(arguments):
    script = ROOT / "scripts/train_vlm.py"
    return subprocess.Popen([sys.executable, str(script), *arguments], stderr=subprocess.PIPE)


def test_a_killed_process_is_gone_on_with_and_its_weights_read_by_another(
    command, data, tmp_path, monkeypatch
):
    state, out, straight = tmp_path / "state.pt", tmp_path / "out", tmp_path / "straight"
    process = start([*command, "--state", str(state), "--out", str(out)])
    deadline = time.monotonic() + 60
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    done = torch.load(state, weights_only=True)["epoch"]
    assert 1 <= done < EPOCHS
    process = start([*command, "--state", str(state), "--out", str(out), "--cost",
                     str(tmp_path / "cost.json")])  # fmt: skip
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert f"going on after epoch {done} of {EPOCHS}" in errors.decode()
    assert not state.exists()
    cost = json.loads((tmp_path / "cost.json").read_text())
    assert cost["peak_memory"] > 50
    assert (cost["device"], cost["precision"]) == ("CPU", "fp32")

    monkeypatch.syspath_prepend(ROOT / "scripts")
    import train_vlm

    monkeypatch.setattr(sys, "argv", ["train_vlm", *command, "--out", str(straight)])
    train_vlm.main()
    names = {path.name for path in straight.iterdir()}
    assert names == {"predictions.parquet", "history.csv", "metrics.json", "config.yaml",
                     "model.safetensors"}  # fmt: skip
    assert {path.name for path in out.iterdir()} == names
    for name in names:
        assert (out / name).read_bytes() == (straight / name).read_bytes(), name

    # Here the killed run's network is read from its files: the same logits as there.
    assert all(
        "lora_" in name or name[:5] == "head." for name in load_file(out / "model.safetensors")
    )
    network, prompts = load_run(out, CPU)
    given = settings()
    test = roles_of(data, given)["test"]
    logits, _ = logits_of(network, Reading(prompts), test, given, "test")
    table = pd.read_parquet(out / "predictions.parquet")
    stored = table.loc[table["subset"] == "test", PROBABILITY_COLUMNS].to_numpy()
    np.testing.assert_array_equal(torch.softmax(logits.double(), 1).numpy(), stored)


def test_a_run_without_memory_leaves_nothing_behind(command, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import train_vlm

    forward = VlmClassifier.forward

    def greedy(self, batch):
        torch.empty(2**52)
        return forward(self, batch)

    monkeypatch.setattr(VlmClassifier, "forward", greedy)
    monkeypatch.setattr(sys, "argv", ["train_vlm", *command, "--out", str(tmp_path / "out"),
                                      "--state", str(tmp_path / "state.pt")])  # fmt: skip
    with pytest.raises(SystemExit) as caught:
        train_vlm.main()
    assert caught.value.code == 1
    assert "optimiser.batch_size" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "state.pt").exists()
