"""Seeded random search of hyper-parameters, scored on inner validation alone."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from sklearn.model_selection import ParameterSampler

from mmsent.config.experiment import Experiment
from mmsent.config.fitting import Search
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit


def drawn_trials(search: Search, seed: int) -> list[dict[str, int]]:
    """Return the trials of a search: for each name in its space, the index of a value.

    Random search without repetition (Bergstra and Bengio 2012). The draw depends on the seed and
    the space alone, so that every fold tries the same settings.
    """
    space = {name: list(range(len(values))) for name, values in search.space.items()}
    size = math.prod(map(len, space.values()))
    return list(ParameterSampler(space, min(search.trials, size), random_state=seed))


def run_search(
    experiment: Experiment,
    train: Inputs,
    validation: Inputs,
    draw_seed: int,
    fit_seed: int,
    device: torch.device,
    encoders: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train each trial on a fold and choose the best on its inner validation.

    Parameters
    ----------
    draw_seed, fit_seed
        Of the trials' settings, equal for all folds, and of their training.

    Returns
    -------
    dict
        ``trials``: for each its ``settings``, its ``validation_f1`` (weighted, at the best epoch)
        and its ``best_epoch``; ``best``: index of the first trial with the highest
        ``validation_f1``; ``chosen``: its settings, as :meth:`Experiment.varied` takes them.

    Raises
    ------
    ValueError
        If the experiment has no search.
    """
    search = experiment.search
    if search is None:
        raise ValueError("the experiment has no `search` settings")
    trials: list[dict[str, Any]] = []
    for indices in drawn_trials(search, draw_seed):
        settings = {name: search.space[name][index] for name, index in indices.items()}
        trial = experiment.varied(search.during, *settings.values())
        trainer = fit(trial, train, validation, fit_seed, device, encoders)
        f1 = trainer.history[trainer.best_epoch - 1]["validation_f1"]
        trials.append({"settings": settings, "validation_f1": f1, "best_epoch": trainer.best_epoch})
    scores = [trial["validation_f1"] for trial in trials]
    best = scores.index(max(scores))
    return {"trials": trials, "best": best, "chosen": list(trials[best]["settings"].values())}
