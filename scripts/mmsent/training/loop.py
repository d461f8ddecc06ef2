"""The fine-tuning loop over stored inputs, with early stopping."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from mmsent.config.experiment import Experiment
from mmsent.config.fitting import Optimiser
from mmsent.models.network import FusionNetwork
from mmsent.training.fitting import LearningRate, Trainer, loss_function, optimiser_for
from mmsent.training.inputs import Inputs

#: Posts of a batch where no gradients are computed: few enough to stay in the cache of a CPU core.
EVALUATION_BATCH = 32


def fit(
    experiment: Experiment,
    train: Inputs,
    validation: Inputs,
    seed: int,
    device: torch.device,
    encoders: Mapping[str, Any] | None = None,
) -> Trainer[FusionNetwork]:
    """Train on ``train``; select the epoch and stop early on ``validation``.

    Deterministic on one machine: equal inputs and seeds give equal weights, bit for bit. The
    returned trainer's network has the weights of the best epoch.

    Raises
    ------
    ValueError
        If the loss has class weights and a class has no training post.
    NotFiniteError
        If the loss overflows.
    """
    torch.manual_seed(seed)
    train, validation = train.to(device), validation.to(device)
    network = FusionNetwork(experiment, train.sizes, encoders).to(device)
    network.standardise({name: views[:, 0] for name, views in train.embeddings.items()})
    settings = experiment.optimiser
    optimiser = optimiser_for(network, network.encoder_parameters(), settings)
    steps = steps_per_epoch(len(train), settings)
    trainer = Trainer(
        network,
        loss_function(experiment.loss, train.labels.cpu().numpy()).to(device),
        LearningRate(optimiser, experiment.schedule, steps),
        settings,
        experiment.early_stopping.threshold,
    )
    generator = torch.Generator().manual_seed(seed)
    for _ in range(experiment.schedule.epochs):
        batches = shuffled_batches(train, settings, generator)
        inputs = ((train.batch(rows, generator), train.labels[rows]) for rows in batches)
        row = trainer.train_epoch(inputs, [len(rows) for rows in batches])
        trainer.end_epoch(row, *_logits(network, validation), network.state_dict())
        if len(trainer.history) - trainer.best_epoch >= experiment.early_stopping.patience:
            break
    network.load_state_dict(trainer.best_state)
    return trainer


def steps_per_epoch(posts: int, settings: Optimiser) -> int:
    """Return the number of optimiser steps of an epoch; the last one may have fewer batches."""
    size = settings.batch_size
    # A last batch of one post joins the batch before it: batch statistics need two posts.
    batches = max(posts // size + (posts % size > 1), 1)
    return math.ceil(batches / settings.accumulation)


def shuffled_batches(
    train: Inputs, settings: Optimiser, generator: torch.Generator
) -> list[torch.Tensor]:
    """Return the rows of the training posts in random batches.

    The posts of an optimiser step are sorted by the length of their texts to save padding.
    """
    batches = list(torch.randperm(len(train), generator=generator).split(settings.batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        last = batches.pop()
        batches[-1] = torch.cat([batches[-1], last])
    in_order: list[torch.Tensor] = []
    for start in range(0, len(batches), settings.accumulation):
        step = batches[start : start + settings.accumulation]
        in_order += train.by_length(torch.cat(step)).split([len(rows) for rows in step])
    return in_order


@torch.inference_mode()
def _logits(network: FusionNetwork, posts: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits ``(posts, classes)`` and labels ``(posts,)`` of posts sorted by length."""
    network.eval()
    order = posts.by_length(torch.arange(len(posts)))
    logits = [network(posts.batch(rows)) for rows in order.split(EVALUATION_BATCH)]
    return torch.cat(logits), posts.labels[order]
