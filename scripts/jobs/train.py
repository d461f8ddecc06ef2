"""Train an experiment on folds, and predict the test posts of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmsent.config.experiment import Experiment
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import read_json
from mmsent.tables import read_table
from mmsent.training.inputs import load_inputs
from mmsent.training.outputs import write_run
from mmsent.training.run import fold_seed, train_fold


def train(
    experiment: dict[str, Any],
    name: str,
    encoders: dict[str, Any],
    posts: Path,
    folds: Path,
    fold: list[int],
    text: list[Path],
    image: list[Path],
    searches: list[Path],
    seed: int,
    repetitions: list[int],
    predictions: list[Path],
    metrics: Sequence[Path] = (),
    config: Sequence[Path] = (),
    history: Sequence[Path] = (),
    model: Sequence[Path] = (),
    gpus: int = 0,
) -> None:
    """Train fold by fold and write the files of each run.

    Parameters
    ----------
    experiment, name
        Resolved settings, and the name from which the seed of each fold derives.
    encoders
        Settings of the encoders of which a part is trained.
    folds
        Fold table.
    text, image
        Embeddings: evaluation view, then augmented ones.
    searches
        What a search chose on each fold; without, the settings are those of the experiment.
    repetitions
        Numbers of repeated runs, each with another seed; without, the run that tables show.
    predictions, metrics, config, history, model
        Files to write, of each fold of each repetition.
    """
    make_deterministic()
    device, table, split = device_for(gpus), read_table(posts), read_table(folds)
    label_of = dict(zip(table["guid"], table["label"], strict=True))
    chosen = [read_json(path)["chosen"] for path in searches] or [[]] * len(fold)
    outputs = {"predictions": predictions, "metrics": metrics, "config": config,
               "history": history, "model": model}  # fmt: skip
    for place, one in enumerate(fold):
        settings = Experiment(**experiment).varied(*chosen[place])
        inputs = load_inputs(settings, table, split, one, {"text": text, "image": image})
        for number, repetition in enumerate(repetitions or [None]):
            run = train_fold(
                settings, inputs, label_of, one, fold_seed(seed, name, one, repetition), device,
                encoders,
            )  # fmt: skip
            at = number * len(fold) + place
            write_run(run, **{kind: files[at] for kind, files in outputs.items() if files})
