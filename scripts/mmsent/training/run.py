"""A run: train an experiment on a fold and predict the fold's other posts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mmsent.config.experiment import Experiment
from mmsent.evaluation.pooling import WEIGHT, prediction_metrics, prediction_table
from mmsent.evaluation.postprocessing import fitted_threshold, postprocessed
from mmsent.files import seed_of
from mmsent.labels import LABELS, TRAIN, VALIDATION
from mmsent.models.fusion import ADAPTIVE_PARTS
from mmsent.models.network import FusionNetwork, trained_parameters, trained_state
from mmsent.training.inputs import Inputs
from mmsent.training.loop import EVALUATION_BATCH, fit
from mmsent.training.outputs import Run

#: Additional columns of the predictions table of experiments with adaptive fusion.
WEIGHT_COLUMNS = [f"{WEIGHT}{part}" for part in ADAPTIVE_PARTS]


def fold_seed(seed: int, name: str, fold: int, repetition: int | None = None) -> int:
    """The seed of a fold: another for each experiment, fold and repeated run."""
    first = seed_of(seed, Path(name).name, fold)
    return first if repetition is None else seed_of(first, "repetition", repetition)


def train_fold(
    experiment: Experiment,
    inputs: Mapping[str, Inputs],
    label_of: Mapping[str, int],
    fold: int,
    seed: int,
    device: torch.device,
    encoders: Mapping[str, Any] | None = None,
) -> Run:
    """Train on a fold, select the epoch on validation, predict the other splits once.

    Test posts with a blank modality are predicted by the same network: nothing is trained or
    selected for them.

    Parameters
    ----------
    inputs
        By split, from :func:`mmsent.training.inputs.load_inputs`, which hides the test labels.
    label_of
        Label of each post by its guid, for the predictions table alone.
    """
    trainer = fit(experiment, inputs[TRAIN], inputs[VALIDATION], seed, device, encoders)
    network = trainer.network
    predicted = {
        split: predict(network, posts, device) for split, posts in inputs.items() if split != TRAIN
    }
    rule = experiment.postprocessing
    threshold = fitted_threshold(predicted[VALIDATION][0], rule)
    tables = []
    for split, (probabilities, weights) in predicted.items():
        classes = postprocessed(probabilities, rule, threshold)
        guids = inputs[split].guids
        table = prediction_table(guids, label_of, fold, split, probabilities, classes)
        if weights is not None:
            table[WEIGHT_COLUMNS] = weights
        tables.append(table)
    predictions = pd.concat(tables, ignore_index=True)
    metrics: dict[str, object] = {
        "best_epoch": trainer.best_epoch,
        "epochs": len(trainer.history),
        "train_posts": len(inputs[TRAIN]),
        "trained_parameters": trained_parameters(network),
        "postprocessing_threshold": threshold,
        "validation": prediction_metrics(predictions[predictions["subset"] == VALIDATION]),
    }
    weights_by_name = trained_state(network)
    return Run(predictions, metrics, experiment.model_dump(), trainer.history, weights_by_name)


@torch.inference_mode()
def predict(
    network: FusionNetwork, posts: Inputs, device: torch.device
) -> tuple[np.ndarray, np.ndarray | None]:
    """Predict posts from their evaluation views; deterministic.

    Returns
    -------
    probabilities
        ``(posts, classes)`` in double precision.
    weights
        Weight of each part of an adaptive fusion, ``(posts, parts)``; None of other fusions.
    """
    network.eval()
    posts = posts.to(device)
    if not len(posts):
        return np.zeros((0, len(LABELS))), None
    order = posts.by_length(torch.arange(len(posts)))
    batches = [posts.batch(rows) for rows in order.split(EVALUATION_BATCH)]
    logits, weights = zip(*(network.weighed(batch) for batch in batches), strict=True)
    parts = [part for part in weights if part is not None]
    place = torch.argsort(order)
    return (
        torch.softmax(torch.cat(logits)[place].double(), dim=1).cpu().numpy(),
        torch.cat(parts)[place].double().cpu().numpy() if parts else None,
    )
