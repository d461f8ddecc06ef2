"""What only a GPU can show; skipped where there is none."""

import numpy as np
import pandas as pd
import pytest
import torch

import checkpoints
from conftest import ROOT
from mmsent.config.encoders import load_models
from mmsent.config.fitting import EarlyStopping, Schedule
from mmsent.config.validation import ConfigError
from mmsent.encoders.device import make_deterministic
from mmsent.encoders.encode_text import encode_texts, text_tower, text_tower_on
from mmsent.encoders.reading import TextReading
from mmsent.encoders.trial import tried
from mmsent.files import canonical_json
from mmsent.models.network import TOKENS
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit
from mmsent.training.run import predict
from mmsent.vlm.device import peak_memory, precision_for
from mmsent.vlm.network import trained_state
from mmsent.vlm.smoke_test import step_memory
from test_checkpoints import BUILDERS, text_spec
from test_models import VERSIONS, version
from test_vlm_training import fitted, interrupted_splits
from vlm_posts import TINY, settings, write_posts

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")

GPU = torch.device("cuda")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, *write_posts(folder)


@pytest.fixture(autouse=True)
def _as_the_scripts_start():
    """What trains versions asks for deterministic kernels; on a GPU nothing else does."""
    yield
    torch.set_deterministic_debug_mode("default")


def text_encoder(builder, folder):
    builder(folder)
    return text_spec(folder)


def inputs_of(experiment, posts, seed, size):
    """Posts whose inputs tell their label, of the shapes that the experiment reads."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(posts) % 3
    mark = labels.view(posts, 1, 1)
    views = experiment.image.views + 1
    embeddings = {}
    if experiment.text.trained_layers:
        tokens = torch.randint(2, 9, (posts, 1), generator=generator)
        states = torch.randn(posts, 1, 8, size, generator=generator) + mark.unsqueeze(-1)
        there = torch.arange(8) < tokens.unsqueeze(-1)
        embeddings = {"text": (states * there.unsqueeze(-1)).half(), TOKENS: tokens}
    else:
        embeddings["text"] = torch.randn(posts, 1, size, generator=generator) + mark
    if experiment.image.network:
        noise = torch.randint(150, (posts, views, 3, 64, 64), generator=generator)
        embeddings["image"] = (noise + 50 * mark.view(posts, 1, 1, 1, 1)).to(torch.uint8)
    else:
        embeddings["image"] = torch.randn(posts, views, 1280, generator=generator) + mark
    return Inputs([f"{seed}-{n}" for n in range(posts)], labels, embeddings)


def trained(experiment, device, encoders, size=32):
    make_deterministic()
    train, validation = (inputs_of(experiment, posts, posts, size) for posts in (33, 15))
    trainer = fit(experiment, train, validation, 5, device, encoders)
    return trainer, predict(trainer.network, validation, device)[0]


def short(name, **changes):
    stopping = EarlyStopping(patience=9, threshold=0.0)
    return version(name, schedule=Schedule(epochs=3), early_stopping=stopping, **changes)


@pytest.mark.parametrize("name", VERSIONS)
def test_every_version_trains_to_the_same_bits_twice(name, tmp_path):
    models = load_models(ROOT / "config/models/offline.yaml")
    specs = {
        "text": text_encoder(checkpoints.bert, tmp_path),
        "pixels": models.specification("pixels"),
    }
    # A bert of two layers; its states have 32 numbers.
    experiment = short(name)
    if experiment.text.trained_layers:
        experiment = short(name, text={"trained_layers": 1})
    (one, first), (other, second) = (trained(experiment, GPU, specs) for _ in range(2))
    assert next(one.network.parameters()).device.type == "cuda"
    assert one.history == other.history
    state, same = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(state[key], same[key]) for key in state)
    assert np.array_equal(first, second)
    # Nearly what the CPU computes; dropout draws otherwise there.
    start, on_cpu = one.history[0]["train_loss"], trained(experiment, torch.device("cpu"), specs)
    assert start == pytest.approx(on_cpu[0].history[0]["train_loss"], rel=0.25)


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
def test_trained_layers_of_every_architecture_have_deterministic_gradients(builder, tmp_path):
    models = load_models(ROOT / "config/models/offline.yaml")
    specs = {"text": text_encoder(builder, tmp_path), "pixels": models.specification("pixels")}
    experiment = short("v2_enhanced", text={"trained_layers": 1})
    (one, _), (other, _) = (trained(experiment, GPU, specs) for _ in range(2))
    state, same = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(state[key], same[key]) for key in state)


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("below", [0, 1])
def test_stored_states_do_not_depend_on_company_and_are_near_those_of_the_cpu(
    builder, below, tmp_path
):
    spec = text_encoder(builder, tmp_path)
    texts = ["good day", *(f"{'good weather ' * n} in the city" for n in range(12)), ""]
    index = pd.DataFrame({"guid": map(str, range(len(texts))), "text": texts})
    reading = TextReading("none", 0, below)
    tower = text_tower_on(canonical_json(spec), 1)
    assert tower.device.type == "cuda"
    rows = list(range(len(texts) + 1))
    together = encode_texts(tower, index, rows, reading)
    slow = encode_texts(text_tower(spec), index, rows, reading)
    for name, array in together.items():
        np.testing.assert_allclose(array, slow[name], atol=4e-3, err_msg=name)
        for row in rows:
            alone = encode_texts(tower, index, [row], reading)[name][0]
            held = array[row] if name != "states" else array[row][: len(alone)]
            assert np.array_equal(alone, held), name


def test_an_encoder_that_does_not_fit_is_told_plainly(tmp_path):
    spec = text_encoder(checkpoints.bert, tmp_path)
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-7)
    try:
        with pytest.raises(ConfigError, match="16 posts does not fit into the GPU's memory"):
            tried(spec, 1)
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


def test_the_memory_of_a_step_is_that_of_the_gpu(data):
    folder, posts, _ = data
    torch.cuda.reset_peak_memory_stats()
    small = step_memory(settings(), TINY, posts, folder, GPU)
    torch.cuda.reset_peak_memory_stats()
    large = step_memory(settings(optimiser={"batch_size": 24}), TINY, posts, folder, GPU)
    assert 0 < small < large <= peak_memory(GPU)
