"""Train an experiment on folds, and predict the test posts of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmsent.config.experiment import Experiment
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.tables import Json, Table
from mmsent.training.inputs import load_inputs
from mmsent.training.outputs import write_run
from mmsent.training.run import fold_seed, train_fold


def train(
    experiment: Experiment,
    name: str,
    encoders: dict[str, Any],
    posts: Table,
    folds: Table,
    fold: list[int],
    text: list[Path],
    image: list[Path],
    searches: list[Json],
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
    name
        Of the experiment; the seed of each fold derives from it.
    encoders
        Settings of the encoders of which a part is trained.
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
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    outputs = {"predictions": predictions, "metrics": metrics, "config": config,
               "history": history, "model": model}  # fmt: skip
    for place, fold_number in enumerate(fold):
        settings = experiment.varied(*(searches[place]["chosen"] if searches else []))
        inputs = load_inputs(settings, posts, folds, fold_number, {"text": text, "image": image})
        for index, repetition in enumerate(repetitions or [None]):
            run_seed = fold_seed(seed, name, fold_number, repetition)
            run = train_fold(
                settings, inputs, label_of, fold_number, run_seed, device_for(gpus), encoders
            )
            at = index * len(fold) + place
            write_run(run, **{kind: files[at] for kind, files in outputs.items() if files})
