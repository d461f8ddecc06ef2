"""Training and encoding on a GPU; skipped without one."""

import numpy as np
import pandas as pd
import pytest
import torch

import checkpoints
from conftest import ROOT
from mmsent.config.profile import load_profile
from mmsent.config.validation import ConfigError
from mmsent.encoders.device import make_deterministic
from mmsent.encoders.load import load_tower
from mmsent.encoders.smoke_test import smoke_test
from mmsent.encoders.text_rows import text_rows
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit
from mmsent.training.run import predict
from mmsent.vlm.device import precision_for
from mmsent.vlm.network import trained_state
from test_checkpoints import BUILDERS, VIEW, text_spec
from test_models import VERSIONS, batch_of, version
from test_store import image_states, images
from test_vlm_training import fitted, interrupted_splits
from vlm_posts import settings, write_posts

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")

GPU = torch.device("cuda")


ENCODERS = load_profile(ROOT / "config/profiles/offline.yaml").encoders


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return folder, *write_posts(folder)


@pytest.fixture(autouse=True)
def _restore_kernels():
    """Only the training of versions is restricted to deterministic kernels on a GPU."""
    yield
    torch.set_deterministic_debug_mode("default")


def text_encoder(builder, folder):
    builder(folder)
    return text_spec(folder)


def inputs_of(experiment, posts, size):
    """Posts with random inputs of the shapes that an experiment reads, in one view."""
    batch = batch_of(experiment, posts, size, seed=posts)
    labels = torch.arange(posts) % 3
    embeddings = {name: tensor.unsqueeze(1) for name, tensor in batch.items()}
    return Inputs([f"{posts}-{n}" for n in range(posts)], labels, embeddings)


def trained(experiment, device, encoders, size=32):
    make_deterministic()
    train, validation = (inputs_of(experiment, posts, size) for posts in (33, 15))
    trainer = fit(experiment, train, validation, 5, device, encoders)
    return trainer, predict(trainer.network, validation, device)[0]


def short(name, **changes):
    return version(name, schedule={"epochs": 3}, early_stopping={"patience": 9}, **changes)


CASES = [*((name, "bert") for name in VERSIONS), *(("v2_enhanced", kind) for kind in BUILDERS)]


@pytest.mark.parametrize(("name", "kind"), dict.fromkeys(CASES))
def test_every_version_and_encoder_trains_to_the_same_bits_twice(name, kind, tmp_path):
    specs = {"text": text_encoder(BUILDERS[kind], tmp_path),
             "pixels": ENCODERS.specification("pixels")}  # fmt: skip
    # The encoder has two or three layers; its states have 32 numbers.
    experiment = short(name)
    if experiment.text.trained_layers:
        experiment = short(name, text={"trained_layers": 1})
    (one, first), (other, second) = (trained(experiment, GPU, specs) for _ in range(2))
    assert next(one.network.parameters()).device.type == "cuda"
    assert one.history == other.history
    state, same = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(state[key], same[key]) for key in state)
    assert np.array_equal(first, second)
    # Nearly the loss on the CPU, where dropout draws otherwise.
    on_cpu, _ = trained(experiment, torch.device("cpu"), specs)
    losses = [trainer.history[0]["train_loss"] for trainer in (one, on_cpu)]
    assert losses[0] == pytest.approx(losses[1], rel=0.25)


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("below", [0, 1])
def test_stored_states_do_not_depend_on_company_and_are_near_those_of_the_cpu(
    builder, below, tmp_path
):
    spec = text_encoder(builder, tmp_path)
    texts = ["good day", *(f"{'good weather ' * n} in the city" for n in range(12)), ""]
    table = pd.DataFrame({"guid": map(str, range(len(texts))), "text": texts})
    views = {"view": VIEW | {"below": below}}

    def rows(numbers, gpus, tower):
        return text_rows(tower, table, views, {"view": numbers}, gpus, 1)["view"][0][1]

    numbers, tower = range(len(texts) + 1), load_tower(spec, "text")
    slow, together = rows(numbers, 0, load_tower(spec, "text")), rows(numbers, 1, tower)
    assert tower.device.type == "cuda"
    for name, array in together.items():
        np.testing.assert_allclose(array, slow[name], atol=4e-3, err_msg=name)
        for row in numbers:
            alone = rows([row], 1, tower)[name][0]
            part = array[row] if name != "states" else array[row][: len(alone)]
            assert np.array_equal(alone, part), name


def test_images_are_encoded_nearly_as_on_the_cpu(tmp_path):
    table, spec = images(tmp_path, 70), ENCODERS.specification("image")
    tower = load_tower(spec, "image")
    slow, fast = (image_states(tower, table, tmp_path, gpus) for gpus in (0, 1))
    assert next(tower.model.parameters()).device.type == "cuda"
    for name, states in fast.items():
        np.testing.assert_allclose(states, slow[name], atol=2e-2, err_msg=name)


def test_an_encoder_that_does_not_fit_into_memory_is_an_error_of_the_settings(tmp_path):
    spec = text_encoder(checkpoints.bert, tmp_path)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-7)
    try:
        with pytest.raises(ConfigError, match="16 posts does not fit into the GPU's memory"):
            smoke_test("text", spec, 1)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.parametrize("name", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("change", [{}, {"four_bit": True}, {"gradient_checkpointing": True}])
def test_a_vision_language_model_learns_in_each_precision(data, name, change):
    experiment = settings(schedule={"epochs": 6, "warmup_epochs": 0.0}, **change)
    trainer, before = fitted(data, experiment, precision_for(name, GPU))
    losses = [row["train_loss"] for row in trainer.history]
    assert min(losses[1:]) < losses[0], losses
    for key, tensor in trained_state(trainer.network).items():
        assert tensor.device.type == "cuda"
        assert tensor.dtype == torch.float32
        assert tensor.isfinite().all()
        assert not torch.equal(tensor.cpu(), before[key].cpu()), key


def test_an_interrupted_run_on_a_gpu_resumes(data, tmp_path):
    experiment = settings(schedule={"epochs": 4, "kind": "cosine", "warmup_epochs": 0.3})
    state, precision = tmp_path / "state.pt", precision_for("fp32", GPU)
    whole, _ = fitted(data, experiment, precision)
    with pytest.raises(KeyboardInterrupt):
        fitted(data, experiment, precision, state, interrupted_splits(data, experiment))
    resumed, _ = fitted(data, experiment, precision, state)
    assert [row["epoch"] for row in resumed.history] == [1, 2, 3, 4]
    for one, other in zip(whole.history, resumed.history, strict=True):
        assert one["train_loss"] == pytest.approx(other["train_loss"], rel=1e-3)
