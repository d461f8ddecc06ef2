"""The training loop: epochs over stored inputs, the best epoch kept."""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mmsent.config.experiment import Experiment
from mmsent.config.fitting import Optimiser
from mmsent.models.network import FusionNetwork
from mmsent.training.inputs import Inputs
from mmsent.training.losses import loss_function
from mmsent.training.optimiser import optimiser_for
from mmsent.training.schedules import LearningRate
from mmsent.training.scores import epoch_scores

EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Fitted:
    """A trained network: at its best epoch, with the history of all of them.

    ``history`` has a row for each epoch: epoch, learning_rate, train_loss, validation_loss, and
    F1, precision, recall (all weighted) and accuracy of both parts.
    """

    network: FusionNetwork
    history: list[dict[str, float]]
    best_epoch: int


def fit(
    experiment: Experiment,
    train: Inputs,
    validation: Inputs,
    seed: int,
    device: torch.device,
    encoders: Mapping[str, Any] | None = None,
) -> Fitted:
    """Train on ``train``; epoch and early stopping are chosen on ``validation``.

    Deterministic on one machine: the same inputs and seed give the same weights, bit for bit.

    Parameters
    ----------
    encoders
        As :class:`~mmsent.models.network.FusionNetwork` takes them.
    """
    torch.manual_seed(seed)
    train, validation = train.to(device), validation.to(device)
    network = FusionNetwork(experiment, train.sizes, encoders).to(device)
    network.standardise({name: views[:, 0] for name, views in train.embeddings.items()})
    criterion = loss_function(experiment.loss, train.labels.cpu().numpy()).to(device)
    settings = experiment.optimiser
    optimiser = optimiser_for(network, settings)
    rate = LearningRate(optimiser, experiment.schedule, steps_per_epoch(len(train), settings))
    generator = torch.Generator().manual_seed(seed)
    history: list[dict[str, float]] = []
    best_epoch, best_f1 = 0, -1.0
    best_state = copy.deepcopy(network.state_dict())
    for epoch in range(1, experiment.schedule.epochs + 1):
        row = {"epoch": epoch, "learning_rate": rate.current}
        row |= _train_epoch(network, criterion, optimiser, rate, train, generator, settings)
        row |= _evaluate(network, criterion, validation)
        history.append(row)
        gained = row["validation_f1"] > best_f1 + experiment.early_stopping.threshold
        if gained:
            best_epoch, best_f1 = epoch, row["validation_f1"]
            best_state = copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= experiment.early_stopping.patience:
            break
        rate.end_epoch(gained)
    network.load_state_dict(best_state)
    return Fitted(network, history, best_epoch)


def steps_per_epoch(posts: int, settings: Optimiser) -> int:
    """Optimiser steps of an epoch, each over ``accumulation`` batches but perhaps the last."""
    return math.ceil(number_of_batches(posts, settings.batch_size) / settings.accumulation)


def number_of_batches(posts: int, size: int) -> int:
    """Batches an epoch: a last post left alone joins the batch before (batch statistics need 2)."""
    return max(posts // size + (posts % size > 1), 1)


def _train_epoch(
    network: nn.Module,
    criterion: nn.CrossEntropyLoss,
    optimiser: torch.optim.Optimizer,
    rate: LearningRate,
    train: Inputs,
    generator: torch.Generator,
    settings: Optimiser,
) -> dict[str, float]:
    network.train()
    total = 0.0
    predicted: list[torch.Tensor] = []
    labels: list[torch.Tensor] = []
    batches = _shuffled_batches(len(train), settings.batch_size, generator)
    for start in range(0, len(batches), settings.accumulation):
        together = batches[start : start + settings.accumulation]
        # One step is made of the same posts, however they lie in its batches.
        sizes = [len(rows) for rows in together]
        together = train.by_length(torch.cat(together)).split(sizes)
        optimiser.zero_grad(set_to_none=True)
        for rows in together:
            target = train.labels[rows]
            logits = network(train.batch(rows, generator))
            loss = criterion(logits, target)
            # The mean over the posts of a step, whatever the size of its last batch.
            (loss * (len(rows) / sum(sizes))).backward()
            total += loss.item() * len(rows)
            predicted.append(logits.detach().argmax(1))
            labels.append(target)
        if settings.clip_norm is not None:
            nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
        optimiser.step()
        rate.step()
    scores = epoch_scores(torch.cat(labels), torch.cat(predicted), "train")
    return {"train_loss": total / len(train), **scores}


def _shuffled_batches(
    posts: int, size: int, generator: torch.Generator
) -> tuple[torch.Tensor, ...]:
    batches = list(torch.randperm(posts, generator=generator).split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        last = batches.pop()
        batches[-1] = torch.cat([batches[-1], last])
    return tuple(batches)


def evaluation_batches(posts: int) -> tuple[torch.Tensor, ...]:
    """Rows of the posts in order, in batches."""
    return torch.arange(posts).split(EVALUATION_BATCH)


@torch.inference_mode()
def _evaluate(
    network: nn.Module, criterion: nn.CrossEntropyLoss, validation: Inputs
) -> dict[str, float]:
    network.eval()
    order = validation.by_length(torch.arange(len(validation)))
    batches = order.split(EVALUATION_BATCH)
    logits = torch.cat([network(validation.batch(rows)) for rows in batches])
    labels = validation.labels[order]
    loss = criterion(logits, labels).item()
    scores = epoch_scores(labels, logits.argmax(1), "validation")
    return {"validation_loss": loss, **scores}
