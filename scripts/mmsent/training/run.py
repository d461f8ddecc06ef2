"""A run: one experiment on one fold, and the files that it leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mmsent.config.experiment import Experiment
from mmsent.evaluation.pooling import WEIGHT, prediction_metrics, prediction_table
from mmsent.labels import TRAIN, VALIDATION
from mmsent.models.fusion import ADAPTIVE_PARTS
from mmsent.models.network import trained_parameters, trained_state
from mmsent.training.files import write_run_files
from mmsent.training.inputs import Inputs
from mmsent.training.loop import Fitted, fit
from mmsent.training.postprocessing import fitted_threshold, postprocessed
from mmsent.training.prediction import predict

#: Columns of a predictions table beside the common ones, of experiments with adaptive fusion.
WEIGHT_COLUMNS = [f"{WEIGHT}{part}" for part in ADAPTIVE_PARTS]


@dataclass(frozen=True)
class Run:
    """What a run has found out."""

    predictions: pd.DataFrame
    fitted: Fitted
    metrics: dict[str, object]


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
        chances = prediction.probabilities
        classes = postprocessed(chances, rule, threshold)
        table = prediction_table(inputs[subset].guids, label, fold, subset, chances, classes)
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
    write_run_files(
        folder,
        run.predictions,
        run.fitted.history,
        run.metrics,
        experiment.model_dump(),
        trained_state(run.fitted.network),
    )
