"""The training loop: epochs over stored embeddings, the best epoch kept."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import f1_score, precision_score, recall_score
from torch import nn

from mmsent.config.experiment import Experiment, Optimiser
from mmsent.labels import LABELS
from mmsent.models.network import FusionNetwork
from mmsent.training.inputs import Inputs
from mmsent.training.losses import balanced_class_weights
from mmsent.training.schedules import learning_rate_factor

EVALUATION_BATCH = 1024


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
    experiment: Experiment, train: Inputs, validation: Inputs, seed: int, device: torch.device
) -> Fitted:
    """Train on ``train``; epoch and early stopping are chosen on ``validation``.

    Deterministic on one machine: the same inputs and seed give the same weights, bit for bit.
    """
    torch.manual_seed(seed)
    train, validation = train.to(device), validation.to(device)
    sizes = {name: tensor.shape[-1] for name, tensor in train.embeddings.items()}
    network = FusionNetwork(experiment, sizes).to(device)
    criterion = loss_function(experiment, train.labels.cpu().numpy()).to(device)
    settings = experiment.optimiser
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    batches = number_of_batches(len(train), settings.batch_size)
    factor = learning_rate_factor(experiment.schedule, batches)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
    generator = torch.Generator().manual_seed(seed)
    history: list[dict[str, float]] = []
    best_epoch, best_f1 = 0, -1.0
    best_state = copy.deepcopy(network.state_dict())
    for epoch in range(1, experiment.schedule.epochs + 1):
        rate = optimiser.param_groups[0]["lr"]
        row = _train_epoch(network, criterion, optimiser, scheduler, train, generator, settings)
        row |= _evaluate(network, criterion, validation)
        history.append({"epoch": epoch, "learning_rate": rate, **row})
        if row["validation_f1"] > best_f1 + experiment.early_stopping.threshold:
            best_epoch, best_f1 = epoch, row["validation_f1"]
            best_state = copy.deepcopy(network.state_dict())
        elif epoch - best_epoch >= experiment.early_stopping.patience:
            break
    network.load_state_dict(best_state)
    return Fitted(network, history, best_epoch)


def loss_function(experiment: Experiment, labels: np.ndarray) -> nn.CrossEntropyLoss:
    """Cross-entropy with the class weights that the experiment names."""
    weights = None
    if experiment.loss.class_weights == "balanced":
        balanced = balanced_class_weights(labels, experiment.loss.neutral_factor)
        weights = torch.tensor(balanced, dtype=torch.float32)
    return nn.CrossEntropyLoss(weights, label_smoothing=experiment.loss.label_smoothing)


def number_of_batches(posts: int, size: int) -> int:
    """Batches an epoch: a last post left alone joins the batch before (batch statistics need 2)."""
    return max(posts // size + (posts % size > 1), 1)


def probabilities(network: nn.Module, inputs: Inputs, device: torch.device) -> np.ndarray:
    """Class probabilities ``(posts, 3)`` in double precision, from the evaluation views."""
    if len(inputs) == 0:
        return np.zeros((0, len(LABELS)))
    logits = _logits(network, inputs.to(device))
    return torch.softmax(logits.double(), dim=1).cpu().numpy()


@torch.inference_mode()
def _logits(network: nn.Module, inputs: Inputs) -> torch.Tensor:
    network.eval()
    return torch.cat(
        [
            network({name: e[start : start + EVALUATION_BATCH, 0] for name, e in
                     inputs.embeddings.items()})
            for start in range(0, len(inputs), EVALUATION_BATCH)
        ]
    )  # fmt: skip


def _train_epoch(
    network: nn.Module,
    criterion: nn.CrossEntropyLoss,
    optimiser: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LambdaLR,
    train: Inputs,
    generator: torch.Generator,
    settings: Optimiser,
) -> dict[str, float]:
    network.train()
    total = 0.0
    predicted: list[torch.Tensor] = []
    labels: list[torch.Tensor] = []
    for rows in _shuffled_batches(len(train), settings.batch_size, generator):
        batch = {
            name: tensor[rows, torch.randint(tensor.shape[1], (len(rows),), generator=generator)]
            for name, tensor in train.embeddings.items()
        }
        target = train.labels[rows]
        logits = network(batch)
        loss = criterion(logits, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if settings.clip_norm is not None:
            nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
        optimiser.step()
        scheduler.step()
        total += loss.item() * len(rows)
        predicted.append(logits.detach().argmax(1))
        labels.append(target)
    scores = _scores(torch.cat(labels), torch.cat(predicted), "train")
    return {"train_loss": total / len(train), **scores}


def _shuffled_batches(
    posts: int, size: int, generator: torch.Generator
) -> tuple[torch.Tensor, ...]:
    batches = list(torch.randperm(posts, generator=generator).split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        last = batches.pop()
        batches[-1] = torch.cat([batches[-1], last])
    return tuple(batches)


def _evaluate(
    network: nn.Module, criterion: nn.CrossEntropyLoss, validation: Inputs
) -> dict[str, float]:
    logits = _logits(network, validation)
    loss = criterion(logits, validation.labels).item()
    scores = _scores(validation.labels, logits.argmax(1), "validation")
    return {"validation_loss": loss, **scores}


def _scores(labels: torch.Tensor, predicted: torch.Tensor, part: str) -> dict[str, float]:
    true, guess = labels.cpu().numpy(), predicted.cpu().numpy()
    options = {"average": "weighted", "zero_division": 0}
    return {
        f"{part}_f1": float(f1_score(true, guess, **options)),
        f"{part}_precision": float(precision_score(true, guess, **options)),
        f"{part}_recall": float(recall_score(true, guess, **options)),
        f"{part}_accuracy": float((true == guess).mean()),
    }
