import pytest
import torch

from conftest import shipped
from mmsent.encoders.device import make_deterministic
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit
from mmsent.training.search import drawn_trials, run_search

CPU = torch.device("cpu")


def v5():
    return shipped("v5_multi_fusion")


def inputs(posts, seed):
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(posts) % 3
    embeddings = {
        name: torch.randn(posts, 1, 6, generator=generator)
        + torch.nn.functional.one_hot(label, 6).unsqueeze(1)
        for name in ("text", "image")
    }
    return Inputs([str(n) for n in range(posts)], label, embeddings)


def test_trials_depend_on_the_seed_and_do_not_repeat():
    search = v5().search
    trials = drawn_trials(search, 5)
    assert trials == drawn_trials(search, 5) != drawn_trials(search, 6)
    assert len(trials) == 12 == len({tuple(sorted(trial.items())) for trial in trials})
    assert {trial["fusion"] for trial in trials} == {0, 1, 2}


def test_the_best_trial_on_inner_validation_is_chosen_and_can_be_trained_again():
    make_deterministic()
    short = {"schedule": {"epochs": 3}}
    small = {"projection": {"size": 8}, "head": {"hidden": [8, 8]}}
    settings = shipped("v5_multi_fusion", small | {"search": {"trials": 3, "during": short}})
    train, validation = inputs(90, 1), inputs(45, 2)
    result = run_search(settings, train, validation, 5, 9, CPU)
    scores = [trial["validation_f1"] for trial in result["trials"]]
    assert result["best"] == scores.index(max(scores))
    best = result["trials"][result["best"]]
    assert result["chosen"] == list(best["settings"].values())
    chosen = settings.varied(short, *result["chosen"])
    assert chosen.search is None
    again = fit(chosen, train, validation, 9, CPU)
    assert again.history[again.best_epoch - 1]["validation_f1"] == max(scores)
    assert result == run_search(settings, train, validation, 5, 9, CPU)
    with pytest.raises(ValueError, match="no `search`"):
        run_search(chosen, train, validation, 5, 9, CPU)


def test_settings_of_a_trial_are_checked_when_the_experiment_is_read():
    settings = v5().model_dump()
    settings["search"]["space"]["rate"] = [{"optimiser": {"learning_rat": 1e-3}}]
    with pytest.raises(ValueError, match="learning_rat"):
        type(v5()).model_validate(settings)
