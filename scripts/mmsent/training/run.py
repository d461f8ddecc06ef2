"""A run: one experiment on one fold, and the files that it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from safetensors.torch import save_file

from mmsent.config.experiment import Experiment
from mmsent.evaluation.pooling import PREDICTION_COLUMNS, WEIGHT, prediction_metrics
from mmsent.files import write_json, write_text, written_whole
from mmsent.labels import PROBABILITY_COLUMNS, TRAIN, VALIDATION
from mmsent.models.fusion import ADAPTIVE_PARTS
from mmsent.models.network import trained_parameters, trained_state
from mmsent.tables import write_table
from mmsent.training.inputs import Inputs
from mmsent.training.loop import Fitted, fit
from mmsent.training.postprocessing import fitted_threshold, postprocessed
from mmsent.training.prediction import predict

#: Columns of a predictions table beside the common ones, of experiments with adaptive fusion.
WEIGHT_COLUMNS = [f"{WEIGHT}{part}" for part in ADAPTIVE_PARTS]

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
    encoders: Mapping[str, Any] | None = None,
) -> Run:
    """Train on a fold, choose on its inner validation, predict its other posts once.

    Test posts with a modality taken away are predicted by the same network: nothing is trained or
    chosen for them.
    """
    fitted = fit(experiment, inputs[TRAIN], inputs[VALIDATION], seed, device, encoders)
    label = dict(zip(posts["guid"], posts["label"], strict=True))
    predicted = {
        subset: predict(fitted.network, given, device)
        for subset, given in inputs.items()
        if subset != TRAIN
    }
    rule = experiment.postprocessing
    threshold = fitted_threshold(predicted[VALIDATION].probabilities, rule)
    tables = []
    for subset, prediction in predicted.items():
        guids, chances = inputs[subset].guids, prediction.probabilities
        table = pd.DataFrame(chances, columns=PROBABILITY_COLUMNS)
        table["guid"] = guids
        table["fold"] = fold
        table["subset"] = subset
        table["label"] = np.array([label[guid] for guid in guids], dtype=np.int64)
        table["predicted"] = postprocessed(chances, rule, threshold).astype(np.int64)
        table = table[PREDICTION_COLUMNS]
        if prediction.weights is not None:
            table[WEIGHT_COLUMNS] = prediction.weights
        tables.append(table)
    predictions = pd.concat(tables, ignore_index=True)
    validation = predictions[predictions["subset"] == VALIDATION]
    metrics: dict[str, object] = {
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.history),
        "train_posts": len(inputs[TRAIN]),
        "trained_parameters": trained_parameters(fitted.network),
        "postprocessing_threshold": threshold,
        "validation": prediction_metrics(validation),
    }
    return Run(predictions, fitted, metrics)


def write_run(folder: Path, run: Run, experiment: Experiment) -> None:
    """Write the files of a run; the weights hold the trained parameters only."""
    write_table(folder / PREDICTIONS, run.predictions)
    write_table(folder / HISTORY, pd.DataFrame(run.fitted.history))
    write_json(folder / METRICS, run.metrics)
    write_text(folder / CONFIG, yaml.safe_dump(experiment.model_dump(), sort_keys=False, width=100))
    state = {n: t.detach().cpu().contiguous() for n, t in trained_state(run.fitted.network).items()}
    with written_whole(folder / MODEL) as temporary:
        save_file(state, temporary)
