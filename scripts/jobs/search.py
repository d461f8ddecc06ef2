"""Search the hyper-parameters of an experiment on folds, each on its inner validation."""

from pathlib import Path
from typing import Any

from mmsent.config.experiment import Experiment
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import seed_of, write_json
from mmsent.labels import TRAIN, VALIDATION
from mmsent.tables import Table
from mmsent.training.inputs import load_inputs
from mmsent.training.run import fold_seed
from mmsent.training.search import run_search


def search(
    experiment: Experiment,
    name: str,
    encoders: dict[str, Any],
    posts: Table,
    folds: Table,
    fold: list[int],
    text: list[Path],
    image: list[Path],
    seed: int,
    results: list[Path],
    gpus: int = 0,
) -> None:
    """Write the trials of each fold and which was chosen; parameters as those of ``train``."""
    make_deterministic()
    files, draw_seed = {"text": text, "image": image}, seed_of(seed, Path(name).name)
    for number, path in zip(fold, results, strict=True):
        inputs = load_inputs(experiment, posts, folds, number, files, (TRAIN, VALIDATION))
        trials = run_search(
            experiment, inputs[TRAIN], inputs[VALIDATION], draw_seed, fold_seed(seed, name, number),
            device_for(gpus), encoders,
        )  # fmt: skip
        write_json(path, trials)
