"""Predictions tables of posts that exist nowhere else."""

from pathlib import Path

import numpy as np
import pandas as pd

from mmsent import paths
from mmsent.labels import LABELS


def run_paths(folder):
    """The paths of a run's files in a folder, by the arguments of a job."""
    return {kind: folder / Path(name).name for kind, name in paths.run_files("any", "0").items()}


def predictions(label, predicted, chances=None, **columns):
    """A predictions table; unless given, the predicted class has probability 0.8."""
    label, predicted = np.asarray(label), np.asarray(predicted)
    if chances is None:
        chances = np.full((len(label), len(LABELS)), 0.2 / (len(LABELS) - 1))
        chances[np.arange(len(label)), predicted] = 0.8
    guids = [str(number) for number in range(1, len(label) + 1)]
    about = {"guid": guids, "group": guids, "fold": 0, "subset": "test"} | columns
    table = pd.DataFrame(chances, columns=LABELS.probability_columns)
    return table.assign(label=label, predicted=predicted, **about)


def guesses(label, right, generator):
    """Predicted classes of which about a fraction ``right`` is correct."""
    miss = (label + generator.integers(1, 3, len(label))) % 3
    return np.where(generator.random(len(label)) < right, label, miss)


def fold_run(folds, fold, chances, **columns):
    """The run of a fold: its posts are the test posts, those of the next one inner validation."""
    parts = []
    for subset, tested in (("validation", (fold + 1) % (folds["fold"].max() + 1)), ("test", fold)):
        rows = (folds["fold"] == tested).to_numpy()
        own = chances[rows]
        about = {"guid": folds.loc[rows, "guid"].to_numpy(), "fold": fold, "subset": subset}
        table = predictions(folds.loc[rows, "label"], own.argmax(1), own, **about, **columns)
        parts.append(table.drop(columns="group"))
    return pd.concat(parts, ignore_index=True)
