"""Search the hyper-parameters of an experiment on folds, each on its inner validation."""

from pathlib import Path
from typing import Any

from mmsent.config.experiment import Experiment
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import seed_of, write_json
from mmsent.labels import TRAIN, VALIDATION
from mmsent.tables import read_table
from mmsent.training.inputs import load_inputs
from mmsent.training.run import fold_seed
from mmsent.training.search import run_search


def search(
    experiment: dict[str, Any],
    name: str,
    encoders: dict[str, Any],
    posts: Path,
    folds: Path,
    fold: list[int],
    text: list[Path],
    image: list[Path],
    seed: int,
    results: list[Path],
    gpus: int = 0,
) -> None:
    """Write the trials of each fold and which was chosen; parameters as those of ``train``."""
    make_deterministic()
    device, table, split = device_for(gpus), read_table(posts), read_table(folds)
    settings, draw_seed = Experiment(**experiment), seed_of(seed, Path(name).name)
    for one, path in zip(fold, results, strict=True):
        files = {"text": text, "image": image}
        inputs = load_inputs(settings, table, split, one, files, (TRAIN, VALIDATION))
        trials = run_search(
            settings, inputs[TRAIN], inputs[VALIDATION], draw_seed, fold_seed(seed, name, one),
            device, encoders,
        )  # fmt: skip
        write_json(path, trials)
