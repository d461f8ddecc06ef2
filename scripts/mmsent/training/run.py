"""A run: one experiment on one fold, and the files that it leaves."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml
from safetensors.torch import save_file

from mmsent.config.experiment import Experiment
from mmsent.evaluation.pooling import PREDICTION_COLUMNS, prediction_metrics
from mmsent.files import write_json, write_text, written_whole
from mmsent.labels import PROBABILITY_COLUMNS, TEST, TRAIN, UNLABELLED_ROLE, VALIDATION
from mmsent.models.network import trained_parameters
from mmsent.tables import write_table
from mmsent.training.inputs import Inputs
from mmsent.training.loop import Fitted, fit, probabilities
from mmsent.training.postprocessing import postprocessed

#: Subsets that a run predicts: inner validation, the fold's test posts, the posts without a label.
PREDICTED = (VALIDATION, TEST, UNLABELLED_ROLE)

PREDICTIONS, HISTORY, METRICS = "predictions.parquet", "history.csv", "metrics.json"
MODEL, CONFIG = "model.safetensors", "config.yaml"


@dataclass(frozen=True)
class Run:
    """What a run has found out."""

    predictions: pd.DataFrame
    fitted: Fitted
    metrics: dict[str, object]


def make_deterministic() -> None:
    """Have torch compute the same bits each time: one thread, no choice among kernels.

    The order in which threads add up differs from machine to machine, so a run uses one, however
    many the job may have.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def run_experiment(
    experiment: Experiment,
    inputs: dict[str, Inputs],
    posts: pd.DataFrame,
    fold: int,
    seed: int,
    device: torch.device,
) -> Run:
    """Train on a fold, choose on its inner validation, predict its test posts once."""
    fitted = fit(experiment, inputs[TRAIN], inputs[VALIDATION], seed, device)
    label = dict(zip(posts["guid"], posts["label"], strict=True))
    tables = [
        _predictions(experiment, fitted, inputs[subset], subset, fold, label, device)
        for subset in PREDICTED
    ]
    predictions = pd.concat(tables, ignore_index=True)
    validation = predictions[predictions["subset"] == VALIDATION]
    metrics = {
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.history),
        "train_posts": len(inputs[TRAIN]),
        "trained_parameters": trained_parameters(fitted.network),
        "validation": prediction_metrics(validation),
    }
    return Run(predictions, fitted, metrics)


def _predictions(
    experiment: Experiment,
    fitted: Fitted,
    inputs: Inputs,
    subset: str,
    fold: int,
    label: dict[str, int],
    device: torch.device,
) -> pd.DataFrame:
    chances = probabilities(fitted.network, inputs, device)
    table = pd.DataFrame(chances, columns=PROBABILITY_COLUMNS)
    table["guid"] = inputs.guids
    table["fold"] = fold
    table["subset"] = subset
    table["label"] = np.array([label[guid] for guid in inputs.guids], dtype=np.int64)
    table["predicted"] = postprocessed(chances, experiment.postprocessing).astype(np.int64)
    return table[PREDICTION_COLUMNS]


def write_run(folder: Path, run: Run, experiment: Experiment) -> None:
    """Write the files of a run; the weights hold the trained parameters only."""
    write_table(folder / PREDICTIONS, run.predictions)
    write_table(folder / HISTORY, pd.DataFrame(run.fitted.history))
    write_json(folder / METRICS, run.metrics)
    write_text(folder / CONFIG, yaml.safe_dump(experiment.model_dump(), sort_keys=False, width=100))
    state = {name: t.detach().cpu() for name, t in run.fitted.network.state_dict().items()}
    with written_whole(folder / MODEL) as temporary:
        save_file(state, temporary)
