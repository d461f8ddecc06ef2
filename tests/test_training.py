from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from mmsent.config.experiment import Experiment, load_experiment
from mmsent.config.fitting import EarlyStopping, Plateau, Schedule
from mmsent.labels import PROBABILITY_COLUMNS
from mmsent.models.network import FusionNetwork
from mmsent.training.files import make_deterministic
from mmsent.training.inputs import Inputs
from mmsent.training.loop import _shuffled_batches, fit, number_of_batches, steps_per_epoch
from mmsent.training.losses import balanced_class_weights, loss_function
from mmsent.training.prediction import predict
from mmsent.training.run import WEIGHT_COLUMNS, run_experiment, write_run
from mmsent.training.schedules import LearningRate, learning_rate_factor

CPU = torch.device("cpu")
SIZES = {"text": 6, "image": 8}


@pytest.fixture(autouse=True)
def _deterministic():
    make_deterministic()


def experiment(**changes) -> Experiment:
    base = load_experiment(ROOT / "config/experiments/v4_balanced_clip.yaml")
    small = {
        "projection": base.projection.model_copy(update={"size": 16}),
        "head": base.head.model_copy(update={"hidden": [16, 8]}),
        "schedule": Schedule(epochs=4, kind="cosine", warmup_epochs=1),
    }
    return base.model_copy(update=small | changes)


def inputs(posts: int, views: int, seed: int, labels: bool = True) -> Inputs:
    generator = torch.Generator().manual_seed(seed)
    label = torch.randint(3, (posts,), generator=generator)
    embeddings = {
        name: torch.randn(posts, views if name == "image" else 1, size, generator=generator)
        + 2 * torch.nn.functional.one_hot(label, size).float().unsqueeze(1)
        for name, size in SIZES.items()
    }
    guids = [str(seed * 10_000 + n) for n in range(posts)]
    return Inputs(guids, label if labels else torch.full_like(label, -1), embeddings)


def parts(train_posts: int = 65) -> dict[str, Inputs]:
    return {
        "train": inputs(train_posts, 3, 1),
        "validation": inputs(30, 1, 2),
        "test": inputs(30, 1, 3, labels=False),
        "unlabelled": inputs(5, 1, 4, labels=False),
    }


def posts_of(data: dict[str, Inputs], test_label: int = 0) -> pd.DataFrame:
    guids = [guid for part in data.values() for guid in part.guids]
    labels = [int(label) for part in data.values() for label in part.labels]
    test = set(data["test"].guids)
    labels = [test_label if g in test else n for g, n in zip(guids, labels, strict=True)]
    return pd.DataFrame({"guid": guids, "label": labels})


def test_class_weights_are_those_of_the_study():
    # 3400 training posts of section 4 to 6: 2030 positive, 356 neutral, 1014 negative.
    labels = np.repeat([0, 1, 2], [1014, 356, 2030])
    weights = balanced_class_weights(labels, neutral_factor=1.5)
    np.testing.assert_allclose(weights, [0.5198, 2.2206, 0.2596], atol=5e-5)
    plain = balanced_class_weights(labels, neutral_factor=1.0)
    np.testing.assert_allclose(plain, [0.6900, 1.9653, 0.3447], atol=5e-5)


def test_square_root_weights_lie_between_none_and_balanced():
    labels = np.repeat([0, 1, 2], [1014, 356, 2030])
    loss = experiment().loss.model_copy(update={"neutral_factor": 1.0})
    balanced = loss_function(loss, labels).weight
    root = loss_function(loss.model_copy(update={"class_weights": "square_root"}), labels).weight
    assert root.sum().item() == pytest.approx(3)
    torch.testing.assert_close(root / root[0], (balanced / balanced[0]).sqrt())


def test_a_class_without_posts_is_an_error_not_a_division_by_zero():
    with pytest.raises(ValueError, match="neutral"):
        balanced_class_weights(np.array([0, 2, 2]), 1.5)


def test_the_loss_uses_the_weights_only_if_asked():
    labels = np.array([0, 1, 2, 2])
    weighted, plain = experiment(), experiment()
    plain = plain.model_copy(
        update={"loss": plain.loss.model_copy(update={"class_weights": "none"})}
    )
    assert loss_function(weighted.loss, labels).weight is not None
    assert loss_function(plain.loss, labels).weight is None


@pytest.mark.parametrize(("epochs", "warmup", "steps"), [(15, 1, 213), (10, 0.5, 7), (3, 0, 5)])
def test_the_cosine_ends_with_the_last_step(epochs, warmup, steps):
    factor = learning_rate_factor(
        Schedule(epochs=epochs, kind="cosine", warmup_epochs=warmup), steps
    )
    values = [factor(step) for step in range(epochs * steps)]
    peak = round(warmup * steps)
    assert values[peak] == 1.0 == max(values)
    assert all(before < after for before, after in pairwise(values[: peak + 1]))
    assert all(before > after for before, after in pairwise(values[peak:]))
    assert 0 < values[-1] < 0.05
    assert factor(epochs * steps) == pytest.approx(0, abs=1e-12)


def rates(schedule: Schedule, gains: list[bool], steps: int = 4) -> list[float]:
    """The learning rate after each epoch."""
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    rate = LearningRate(optimiser, schedule, steps)
    after = []
    for gained in gains:
        for _ in range(steps):
            rate.step()
        rate.end_epoch(gained)
        after.append(rate.current)
    return after


def test_a_plateau_halves_the_rate_for_good():
    schedule = Schedule(epochs=20, kind="constant", warmup_epochs=0,
                        plateau=Plateau(epochs=2, factor=0.5))  # fmt: skip
    gains = [True, False, False, False, True, False, False]
    assert rates(schedule, gains) == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


def test_the_cosine_does_not_undo_a_plateau():
    plain = Schedule(epochs=8, kind="cosine", warmup_epochs=1)
    halved = plain.model_copy(update={"plateau": Plateau(epochs=2, factor=0.5)})
    gains = [True, True, False, False, True, True, True]
    ratio = np.array(rates(halved, gains)) / np.array(rates(plain, gains))
    assert ratio.tolist() == [1, 1, 1, 0.5, 0.5, 0.5, 0.5]


def test_each_group_of_parameters_keeps_its_own_rate():
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimiser = torch.optim.AdamW(
        [{"params": [parameters[0]], "lr": 1.0}, {"params": [parameters[1]], "lr": 0.1}]
    )
    rate = LearningRate(optimiser, Schedule(epochs=4, kind="cosine", warmup_epochs=1), 3)
    for _ in range(12):
        new, encoder = (group["lr"] for group in optimiser.param_groups)
        assert encoder == pytest.approx(new / 10)
        rate.step()


@pytest.mark.parametrize("posts", [64, 59])
def test_accumulated_batches_are_one_step_of_the_same_gradient(posts):
    """Of 59 posts, the last of the eight batches of a step has three."""
    data = parts(posts)
    dry = {"projection": {"norm": "none", "dropout": 0.0},
           "head": {"norm": "none", "dropout": [0.0, 0.0]}, "loss": {"class_weights": "none"},
           "schedule": {"epochs": 1, "kind": "constant", "warmup_epochs": 0.0},
           "image": {"views": 0, "augmentation": None}}  # fmt: skip
    train = Inputs(data["train"].guids, data["train"].labels,
                   {k: v[:, :1] for k, v in data["train"].embeddings.items()})  # fmt: skip
    states = []
    for size, accumulation in ((32, 1), (8, 4)):
        settings = experiment().varied(
            dry, {"optimiser": {"batch_size": size, "accumulation": accumulation}}
        )
        fitted = fit(settings, train, data["validation"], 0, CPU)
        states.append(fitted.network.state_dict())
        assert steps_per_epoch(len(train), settings.optimiser) == 2
    for name, tensor in states[0].items():
        torch.testing.assert_close(tensor, states[1][name], atol=1e-5, rtol=1e-4)


def test_the_optimiser_takes_as_many_steps_as_the_schedule_expects():
    data = parts()
    fitted = fit(experiment(early_stopping=EarlyStopping(patience=99)), data["train"],
                 data["validation"], 0, CPU)  # fmt: skip
    rates = [row["learning_rate"] for row in fitted.history]
    batches = number_of_batches(65, 16)
    factor = learning_rate_factor(experiment().schedule, batches)
    expected = [5e-4 * factor(epoch * batches) for epoch in range(4)]
    assert rates == pytest.approx(expected)


@given(st.integers(2, 200), st.integers(2, 64))
@settings(deadline=None, max_examples=60)
def test_batches_hold_each_post_once_and_never_a_single_one(posts, size):
    batches = _shuffled_batches(posts, size, torch.Generator().manual_seed(0))
    assert sorted(torch.cat(batches).tolist()) == list(range(posts))
    assert min(len(batch) for batch in batches) > 1
    assert len(batches) == number_of_batches(posts, size)


def test_the_same_run_twice_is_the_same_bytes(tmp_path):
    data = parts()
    for name in ("a", "b"):
        torch.rand(7)  # what was drawn before must not matter
        write_run(tmp_path / name, run_experiment(experiment(), data, posts_of(data), 0, 9, CPU),
                  experiment())  # fmt: skip
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
    other = run_experiment(experiment(), data, posts_of(data), 0, 10, CPU)
    first = pd.read_parquet(tmp_path / "a" / "predictions.parquet")
    assert not first.equals(other.predictions)


def test_test_posts_influence_nothing_but_their_own_rows():
    data = parts()
    run = run_experiment(experiment(), data, posts_of(data, test_label=0), 0, 9, CPU)
    test = data["test"]
    first = {name: tensor[:7] for name, tensor in test.embeddings.items()}
    fewer = data | {"test": Inputs(test.guids[:7], test.labels[:7], first)}
    other = run_experiment(experiment(), fewer, posts_of(fewer, test_label=2), 0, 9, CPU)
    of = run.predictions.set_index("guid")[PROBABILITY_COLUMNS]
    again = other.predictions.set_index("guid")[PROBABILITY_COLUMNS]
    np.testing.assert_allclose(of.loc[again.index], again, atol=1e-6)
    assert run.fitted.best_epoch == other.fitted.best_epoch


def test_training_ends_at_the_best_epoch_and_stops_when_patience_is_over():
    data = parts()
    long = experiment(schedule=Schedule(epochs=30, kind="constant", warmup_epochs=0),
                      early_stopping=EarlyStopping(patience=3, threshold=0.001))  # fmt: skip
    fitted = fit(long, data["train"], data["validation"], 0, CPU)
    scores = [row["validation_f1"] for row in fitted.history]
    assert len(scores) == fitted.best_epoch + 3 < 30
    assert scores[fitted.best_epoch - 1] >= max(scores) - 0.001
    kept = predict(fitted.network, data["validation"], CPU).probabilities.argmax(1)
    from sklearn.metrics import f1_score

    assert f1_score(data["validation"].labels, kept, average="weighted") == pytest.approx(
        scores[fitted.best_epoch - 1]
    )


def test_evaluation_reads_the_first_view_and_is_not_random():
    data = parts()
    network = FusionNetwork(experiment(), SIZES)
    part = inputs(20, 3, 6)
    first_view = Inputs(part.guids, part.labels, {k: v[:, :1] for k, v in part.embeddings.items()})
    network.train()
    a, b = (predict(network, some, CPU).probabilities for some in (part, first_view))
    np.testing.assert_array_equal(a, b)
    nobody = Inputs([], torch.zeros(0), {k: v[:0] for k, v in data["test"].embeddings.items()})
    assert predict(network, nobody, CPU).probabilities.shape == (0, 3)


def test_weights_of_an_adaptive_fusion_stand_with_the_predictions():
    data = parts()
    adaptive = experiment().varied({"fusion": "adaptive", "optimiser": {"learning_rate": 1e-2}})
    run = run_experiment(adaptive, data, posts_of(data), 0, 9, CPU)
    weights = run.predictions[WEIGHT_COLUMNS].to_numpy()
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert weights.std(0).min() > 1e-4  # one set of weights for all posts would not be adaptive
    plain = run_experiment(experiment(), data, posts_of(data), 0, 9, CPU)
    assert not set(WEIGHT_COLUMNS) & set(plain.predictions.columns)


def test_it_learns_what_is_there_to_learn():
    data = parts(200)
    longer = experiment(
        schedule=Schedule(epochs=15, kind="cosine", warmup_epochs=1),
        optimiser=experiment().optimiser.model_copy(update={"learning_rate": 5e-3}),
    )
    run = run_experiment(longer, data, posts_of(data), 0, 3, CPU)
    assert run.metrics["validation"]["weighted_f1"] > 0.9
