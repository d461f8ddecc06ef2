import pytest
import torch

from conftest import ROOT
from mmsent.config.experiment import load_experiment
from mmsent.training.files import make_deterministic
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit
from mmsent.training.search import drawn_trials, run_search

CPU = torch.device("cpu")


def experiment():
    v5 = load_experiment(ROOT / "config/experiments/v5_multi_fusion.yaml")
    return v5.model_copy(
        update={
            "projection": v5.projection.model_copy(update={"size": 8}),
            "head": v5.head.model_copy(update={"hidden": [8, 8]}),
            "search": v5.search.model_copy(
                update={"trials": 3, "during": {"schedule": {"epochs": 3}}}
            ),
        }
    )


def inputs(posts, seed):
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(posts) % 3
    embeddings = {
        name: torch.randn(posts, 1, 6, generator=generator)
        + torch.nn.functional.one_hot(label, 6).unsqueeze(1)
        for name in ("text", "image")
    }
    return Inputs([str(n) for n in range(posts)], label, embeddings)


def test_trials_come_from_the_seed_and_do_not_repeat():
    v5 = load_experiment(ROOT / "config/experiments/v5_multi_fusion.yaml")
    trials = drawn_trials(v5, 5)
    assert trials == drawn_trials(v5, 5)
    assert trials != drawn_trials(v5, 6)
    assert len(trials) == 12 == len({tuple(sorted(trial.items())) for trial in trials})
    assert {trial["fusion"] for trial in trials} == {0, 1, 2}


def test_the_best_trial_on_inner_validation_is_chosen_and_can_be_trained_again():
    make_deterministic()
    train, validation = inputs(90, 1), inputs(45, 2)
    found = run_search(experiment(), train, validation, 5, 9, CPU)
    scores = [trial["validation_f1"] for trial in found["trials"]]
    assert found["best"] == scores.index(max(scores))
    best = found["trials"][found["best"]]
    assert found["chosen"] == list(best["settings"].values())
    chosen = experiment().varied({"schedule": {"epochs": 3}}, *found["chosen"])
    assert chosen.search is None
    again = fit(chosen, train, validation, 9, CPU)
    assert again.history[again.best_epoch - 1]["validation_f1"] == max(scores)
    assert found == run_search(experiment(), train, validation, 5, 9, CPU)


def test_what_a_trial_sets_is_checked_when_the_settings_are_read():
    v5 = load_experiment(ROOT / "config/experiments/v5_multi_fusion.yaml")
    with pytest.raises(ValueError, match="fusion"):
        v5.varied({"search": {"trials": 1, "space": {"fusion": [{"fusion": "late"}]}}},
                  {"fusion": "lat"})  # fmt: skip
    settings = v5.model_dump()
    settings["search"]["space"]["rate"] = [{"optimiser": {"learning_rat": 1e-3}}]
    with pytest.raises(ValueError, match="learning_rat"):
        type(v5).model_validate(settings)
