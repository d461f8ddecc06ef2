"""A small seeded hyper-parameter search, judged on inner validation alone."""

from collections.abc import Mapping
from typing import Any

import torch
from sklearn.model_selection import ParameterSampler

from mmsent.config.experiment import Experiment
from mmsent.training.inputs import Inputs
from mmsent.training.loop import fit


def drawn_trials(experiment: Experiment, seed: int) -> list[dict[str, int]]:
    """The trials of a search: for each, the number of the value that each name takes.

    Random search without repetition (Bergstra and Bengio 2012). The draw depends on the seed and
    the space alone, so that every fold tries the same settings.

    Raises
    ------
    ValueError
        If the experiment has no search.
    """
    if experiment.search is None:
        raise ValueError(f"{experiment.title}: no search in its settings")
    space = {name: list(range(len(v))) for name, v in experiment.search.space.items()}
    size = 1
    for values in space.values():
        size *= len(values)
    trials = min(experiment.search.trials, size)
    return list(ParameterSampler(space, trials, random_state=seed))


def run_search(
    experiment: Experiment,
    train: Inputs,
    validation: Inputs,
    draw_seed: int,
    fit_seed: int,
    device: torch.device,
    encoders: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train each trial on a fold; the best on its inner validation is chosen.

    Parameters
    ----------
    draw_seed, fit_seed
        Of the trials' settings, the same for all folds, and of their training.

    Returns
    -------
    dict
        ``trials``: for each its ``settings`` (what its names were set to), ``validation_f1``
        (weighted, at the best epoch), ``best_epoch``; ``best``: number of the first with the
        highest; ``chosen``: the parts of the experiment's settings that it replaces.

    Raises
    ------
    ValueError
        If the experiment has no search.
    """
    trials: list[dict[str, Any]] = []
    overlays = []
    scores: list[float] = []
    for numbers in drawn_trials(experiment, draw_seed):
        chosen = [experiment.search.space[name][n] for name, n in numbers.items()]  # type: ignore[union-attr]
        trial = experiment.varied(experiment.search.during, *chosen)  # type: ignore[union-attr]
        fitted = fit(trial, train, validation, fit_seed, device, encoders)
        best = fitted.history[fitted.best_epoch - 1]
        trials.append(
            {
                "settings": dict(zip(numbers, chosen, strict=True)),
                "validation_f1": best["validation_f1"],
                "best_epoch": fitted.best_epoch,
            }
        )
        overlays.append(chosen)
        scores.append(best["validation_f1"])
    number = scores.index(max(scores))
    return {"trials": trials, "best": number, "chosen": overlays[number]}
