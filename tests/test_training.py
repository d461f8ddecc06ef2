"""Training on stored inputs: loss, learning rate, loop, run and its files."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from conftest import shipped
from mmsent.config.fitting import EarlyStopping, Optimiser, Plateau, Schedule
from mmsent.encoders.device import make_deterministic
from mmsent.labels import LABELS
from mmsent.models.network import FusionNetwork
from mmsent.training.fitting import (
    LearningRate,
    NotFiniteError,
    balanced_class_weights,
    loss_function,
)
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit, shuffled_batches, steps_per_epoch
from mmsent.training.outputs import write_run
from mmsent.training.run import WEIGHT_COLUMNS, predict, train_fold
from predictions import run_paths

CPU = torch.device("cpu")
SIZES = {"text": 6, "image": 8}

#: Labels of the 3400 training posts of sections 4 to 6.
STUDY_LABELS = np.repeat([0, 1, 2], [1014, 356, 2030])


@pytest.fixture(autouse=True)
def _deterministic():
    make_deterministic()


def experiment(**changes):
    base = shipped("v4_balanced_clip")
    small = {
        "projection": base.projection.model_copy(update={"size": 16}),
        "head": base.head.model_copy(update={"hidden": [16, 8]}),
        "schedule": Schedule(epochs=4, kind="cosine", warmup_epochs=1),
    }
    return base.model_copy(update=small | changes)


def inputs(posts, views, seed, labels=True):
    """Vectors that correlate with the labels."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(3, (posts,), generator=generator)
    embeddings = {
        name: torch.randn(posts, views if name == "image" else 1, size, generator=generator)
        + 2 * torch.nn.functional.one_hot(label, size).float().unsqueeze(1)
        for name, size in SIZES.items()
    }
    guids = [str(seed * 10_000 + n) for n in range(posts)]
    return Inputs(guids, label if labels else torch.full_like(label, -1), embeddings)


def first_views(part, posts=None):
    embeddings = {name: tensor[:posts, :1] for name, tensor in part.embeddings.items()}
    return Inputs(part.guids[:posts], part.labels[:posts], embeddings)


def splits_of(train_posts=65):
    return {
        "train": inputs(train_posts, 3, 1),
        "validation": inputs(30, 1, 2),
        "test": inputs(30, 1, 3, labels=False),
        "unlabelled": inputs(5, 1, 4, labels=False),
    }


def run_of(settings, data, seed=9, test_label=0):
    label_of = {
        guid: test_label if split == "test" else int(label)
        for split, part in data.items()
        for guid, label in zip(part.guids, part.labels, strict=True)
    }
    return train_fold(settings, data, label_of, 0, seed, CPU)


def test_class_weights_are_those_of_the_study():
    weights = balanced_class_weights(STUDY_LABELS, rare_factor=1.5)
    np.testing.assert_allclose(weights, [0.5198, 2.2206, 0.2596], atol=5e-5)
    plain = balanced_class_weights(STUDY_LABELS, rare_factor=1.0)
    np.testing.assert_allclose(plain, [0.6900, 1.9653, 0.3447], atol=5e-5)
    with pytest.raises(ValueError, match="neutral"):
        balanced_class_weights(np.array([0, 2, 2]), 1.5)


def test_square_root_weights_are_roots_of_the_balanced_ones():
    loss = experiment().loss.model_copy(update={"rare_factor": 1.0})
    balanced, root, none = (
        loss_function(loss.model_copy(update={"class_weights": kind}), STUDY_LABELS).weight
        for kind in ("balanced", "square_root", "none")
    )
    assert none is None
    assert root.sum().item() == pytest.approx(3)
    torch.testing.assert_close(root / root[0], (balanced / balanced[0]).sqrt())


def learning_rate(schedule, steps, *rates):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return LearningRate(torch.optim.AdamW(groups), schedule, steps)


@pytest.mark.parametrize(("epochs", "warmup", "steps"), [(15, 1, 213), (10, 0.5, 7), (3, 0, 5)])
def test_the_cosine_ends_with_the_last_step(epochs, warmup, steps):
    schedule = Schedule(epochs=epochs, kind="cosine", warmup_epochs=warmup)
    factor = learning_rate(schedule, steps, 1.0).factor
    values = [factor(step) for step in range(epochs * steps)]
    peak = round(warmup * steps)
    assert values[peak] == 1.0 == max(values)
    assert all(before < after for before, after in pairwise(values[: peak + 1]))
    assert all(before > after for before, after in pairwise(values[peak:]))
    assert 0 < values[-1] < 0.05
    assert factor(epochs * steps) == pytest.approx(0, abs=1e-12)


def rates(schedule, improvements, steps=4):
    """Learning rate after each epoch."""
    rate, after = learning_rate(schedule, steps, 1.0), []
    for improved in improvements:
        for _ in range(steps):
            rate.step()
        rate.end_epoch(improved)
        after.append(rate.current)
    return after


def test_a_plateau_reduces_the_rate_permanently():
    schedule = Schedule(epochs=20, kind="constant", warmup_epochs=0,
                        plateau=Plateau(epochs=2, factor=0.5))  # fmt: skip
    improvements = [True, False, False, False, True, False, False]
    assert rates(schedule, improvements) == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_the_cosine_does_not_undo_a_plateau():
    plain = Schedule(epochs=8, kind="cosine", warmup_epochs=1)
    halved = plain.model_copy(update={"plateau": Plateau(epochs=2, factor=0.5)})
    improvements = [True, True, False, False, True, True, True]
    ratio = np.array(rates(halved, improvements)) / np.array(rates(plain, improvements))
    assert ratio.tolist() == [1, 1, 1, 0.5, 0.5, 0.5, 0.5]


def test_each_parameter_group_has_its_own_rate():
    rate = learning_rate(Schedule(epochs=4, kind="cosine", warmup_epochs=1), 3, 1.0, 0.1)
    for _ in range(12):
        new, encoder = (group["lr"] for group in rate.optimiser.param_groups)
        assert encoder == pytest.approx(new / 10)
        rate.step()


@pytest.mark.parametrize("posts", [64, 59])
def test_accumulated_batches_are_one_step_of_the_same_gradient(posts):
    """Of 59 posts, the last of the eight batches of a step has three."""
    data = splits_of(posts)
    no_randomness = {
        "projection": {"norm": "none", "dropout": 0.0},
        "head": {"norm": "none", "dropout": [0.0, 0.0]}, "loss": {"class_weights": "none"},
        "schedule": {"epochs": 1, "kind": "constant", "warmup_epochs": 0.0},
        "image": {"views": 0, "augmentation": None},
    }  # fmt: skip
    states = []
    for size, accumulation in ((32, 1), (8, 4)):
        settings = experiment().varied(
            no_randomness, {"optimiser": {"batch_size": size, "accumulation": accumulation}}
        )
        trainer = fit(settings, first_views(data["train"]), data["validation"], 0, CPU)
        states.append(trainer.network.state_dict())
        assert steps_per_epoch(posts, settings.optimiser) == 2
    for name, tensor in states[0].items():
        torch.testing.assert_close(tensor, states[1][name], atol=1e-5, rtol=1e-4)


def test_the_optimiser_takes_as_many_steps_as_the_schedule_expects():
    data = splits_of()
    settings = experiment(early_stopping=EarlyStopping(patience=99))
    trainer = fit(settings, data["train"], data["validation"], 0, CPU)
    steps = steps_per_epoch(65, settings.optimiser)
    expected = [5e-4 * trainer.rate.factor(epoch * steps) for epoch in range(4)]
    assert [row["learning_rate"] for row in trainer.history] == pytest.approx(expected)


@given(st.integers(2, 200), st.integers(2, 64))
@settings(deadline=None, max_examples=60)
def test_batches_contain_each_post_once_and_never_a_single_one(posts, size):
    optimiser = Optimiser(batch_size=size)
    train = Inputs([""] * posts, torch.zeros(posts), {})
    batches = shuffled_batches(train, optimiser, torch.Generator().manual_seed(0))
    assert sorted(torch.cat(batches).tolist()) == list(range(posts))
    assert min(len(batch) for batch in batches) > 1
    assert len(batches) == steps_per_epoch(posts, optimiser)


def test_the_same_run_twice_is_the_same_bytes(tmp_path):
    data = splits_of()
    for name in ("a", "b"):
        torch.rand(7)  # earlier draws must not matter
        write_run(run_of(experiment(), data), **run_paths(tmp_path / name))
    files = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert files.keys() == {path.name for path in run_paths(tmp_path).values()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    first, other = run_of(experiment(), data), run_of(experiment(), data, seed=10)
    assert not first.predictions.equals(other.predictions)


def test_test_posts_influence_nothing_but_their_own_rows():
    data = splits_of()
    run = run_of(experiment(), data, test_label=0)
    fewer = run_of(experiment(), data | {"test": first_views(data["test"], 7)}, test_label=2)
    before, after = (
        table.predictions.set_index("guid")[LABELS.probability_columns] for table in (run, fewer)
    )
    np.testing.assert_allclose(before.loc[after.index], after, atol=1e-6)
    assert run.history == fewer.history
    assert all(torch.equal(tensor, fewer.weights[name]) for name, tensor in run.weights.items())


def test_training_selects_the_best_epoch_and_stops_when_patience_is_over():
    data = splits_of()
    long = experiment(schedule=Schedule(epochs=30, kind="constant", warmup_epochs=0),
                      early_stopping=EarlyStopping(patience=3, threshold=0.001))  # fmt: skip
    trainer = fit(long, data["train"], data["validation"], 0, CPU)
    scores = [row["validation_f1"] for row in trainer.history]
    best = scores[trainer.best_epoch - 1]
    assert len(scores) == trainer.best_epoch + 3 < 30
    assert best >= max(scores) - 0.001
    selected = predict(trainer.network, data["validation"], CPU)[0].argmax(1)
    f1 = f1_score(data["validation"].labels, selected, average="weighted")
    assert f1 == pytest.approx(best)


def test_a_loss_that_overflows_is_an_error():
    data = splits_of()
    data["train"].embeddings["text"][3] = torch.inf
    with pytest.raises(NotFiniteError, match=r"epoch 1: .*learning_rate"):
        fit(experiment(), data["train"], data["validation"], 0, CPU)


def test_evaluation_reads_the_first_view_and_is_not_random():
    network = FusionNetwork(experiment(), SIZES).train()
    part = inputs(20, 3, 6)
    a, b = (predict(network, posts, CPU)[0] for posts in (part, first_views(part)))
    np.testing.assert_array_equal(a, b)
    assert predict(network, first_views(part, 0), CPU)[0].shape == (0, 3)


def test_weights_of_an_adaptive_fusion_are_stored_with_the_predictions():
    data = splits_of()
    adaptive = experiment().varied({"fusion": "adaptive", "optimiser": {"learning_rate": 1e-2}})
    weights = run_of(adaptive, data).predictions[WEIGHT_COLUMNS].to_numpy()
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert weights.std(0).min() > 1e-4  # equal weights for all posts would not be adaptive
    assert not set(WEIGHT_COLUMNS) & set(run_of(experiment(), data).predictions.columns)


def test_it_learns_a_learnable_task():
    longer = experiment(
        schedule=Schedule(epochs=15, kind="cosine", warmup_epochs=1),
        optimiser=experiment().optimiser.model_copy(update={"learning_rate": 5e-3}),
    )
    assert run_of(longer, splits_of(200), seed=3).metrics["validation"]["weighted_f1"] > 0.9
