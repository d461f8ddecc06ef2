"""What both fine-tuning loops share: loss, optimiser, learning rate, epochs and their scores."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import nn

from mmsent.config.fitting import Loss, Optimiser, Schedule
from mmsent.config.validation import ConfigError
from mmsent.evaluation.metrics import confusion_counts, metrics_from_confusion
from mmsent.labels import LABELS
from mmsent.training.optimiser import AdamW

Network = TypeVar("Network", bound=nn.Module)


class NotFiniteError(ConfigError):
    """The loss is infinite or NaN; the message names the settings to change."""


def balanced_class_weights(labels: np.ndarray, rare_factor: float) -> np.ndarray:
    """Return class weights ``(classes,)`` from the labels of the training posts.

    The study's section 6: posts / (classes x posts of the class), that of the rare class times
    ``rare_factor``, then normalised to a mean of 1.

    Raises
    ------
    ValueError
        If a class has no post.
    """
    counts = np.bincount(labels, minlength=len(LABELS))
    if (counts == 0).any():
        empty = [name for name, count in zip(LABELS, counts, strict=True) if count == 0]
        raise ValueError(f"no training post is {', '.join(empty)}")
    weights = len(labels) / (len(LABELS) * counts)
    if LABELS.rare is not None:
        weights[LABELS.rare] *= rare_factor
    return weights / weights.sum() * len(LABELS)


def loss_function(settings: Loss, labels: np.ndarray) -> nn.CrossEntropyLoss:
    """Return the cross-entropy with class weights of the training posts' ``labels``."""
    weights = None
    if settings.class_weights != "none":
        balanced = balanced_class_weights(labels, settings.rare_factor)
        if settings.class_weights == "square_root":
            balanced = np.sqrt(balanced)
            balanced *= len(LABELS) / balanced.sum()
        weights = torch.tensor(balanced, dtype=torch.float32)
    return nn.CrossEntropyLoss(weights, label_smoothing=settings.label_smoothing)


def optimiser_for(
    network: nn.Module, encoder: Iterable[nn.Parameter], settings: Optimiser
) -> AdamW:
    """Return AdamW over the trainable parameters.

    Those in ``encoder`` are parts of a pretrained encoder, with another learning rate.
    """
    encoder = list(encoder)
    known = {id(parameter) for parameter in encoder}
    new = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": new, "lr": settings.learning_rate}]
    if encoder:
        rate = settings.encoder_learning_rate or settings.learning_rate
        groups.append({"params": encoder, "lr": rate})
    return AdamW(groups, settings.weight_decay)


class LearningRate:
    """Sets an optimiser's learning rates: schedule factor times plateau factor.

    A reduction on a plateau lasts: the schedule continues from the reduced rate. (In the study's
    code the next scheduled step overwrote it.)
    """

    def __init__(self, optimiser: AdamW, schedule: Schedule, steps_per_epoch: int) -> None:
        """Set the rates of the first step."""
        self.optimiser = optimiser
        self._initial = [float(group["lr"]) for group in optimiser.param_groups]
        self._schedule = schedule
        self._warmup = round(schedule.warmup_epochs * steps_per_epoch)
        self._total = schedule.epochs * steps_per_epoch
        self._steps, self._waited, self._reduced = 0, 0, 1.0
        self._set()

    def factor(self, step: int) -> float:
        """Return the schedule's factor at an optimiser step, counted from 0.

        Linear warm-up; with ``cosine`` then a half cosine that reaches 0 one step after the last
        one, so that no step has a learning rate of 0.
        """
        if step < self._warmup:
            return (step + 1) / (self._warmup + 1)
        if self._schedule.kind == "constant":
            return 1.0
        progress = min((step - self._warmup) / (self._total - self._warmup), 1.0)
        return 0.5 * (1 + math.cos(math.pi * progress))

    @property
    def current(self) -> float:
        """The learning rate of the first parameter group."""
        return float(self.optimiser.param_groups[0]["lr"])

    def step(self) -> None:
        """Set the rates of the next optimiser step."""
        self._steps += 1
        self._set()

    def end_epoch(self, improved: bool) -> None:
        """Reduce the rates after ``plateau.epochs`` epochs in a row without improvement."""
        self._waited = 0 if improved else self._waited + 1
        plateau = self._schedule.plateau
        if plateau is not None and self._waited >= plateau.epochs:
            self._reduced *= plateau.factor
            self._waited = 0
            self._set()

    def state_dict(self) -> dict[str, float]:
        """Return the position in the schedule and on a plateau."""
        return {"steps": self._steps, "waited": self._waited, "reduced": self._reduced}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Resume from a state of :meth:`state_dict`."""
        self._steps, self._waited = int(state["steps"]), int(state["waited"])
        self._reduced = state["reduced"]
        self._set()

    def _set(self) -> None:
        factor = self.factor(self._steps) * self._reduced
        for group, initial in zip(self.optimiser.param_groups, self._initial, strict=True):
            group["lr"] = initial * factor


class Trainer(Generic[Network]):
    """Trains a network epoch by epoch and selects the best epoch.

    That is the epoch with the highest weighted F1 on validation; a later one is better only if
    its F1 is higher by more than ``min_delta``.

    Attributes
    ----------
    history
        A row for each epoch: epoch, learning_rate, then for ``train`` and ``validation`` the loss,
        weighted F1, weighted precision, weighted recall and accuracy.
    best_epoch, best_state
        Number of the best epoch, from 1, and a copy of its weights on the CPU.
    loss, posts_per_second
        Of the latest training batch, and of the latest training epoch (None if there was none).
    """

    def __init__(
        self,
        network: Network,
        criterion: nn.CrossEntropyLoss,
        rate: LearningRate,
        settings: Optimiser,
        min_delta: float = 0.0,
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        """Prepare the first epoch; without a ``scaler``, gradients are not scaled."""
        self.network, self.rate = network, rate
        self.optimiser = rate.optimiser
        self.scaler = scaler or torch.amp.GradScaler("cpu", enabled=False)
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.best_state: dict[str, torch.Tensor] = {}
        self.loss = math.nan
        self.posts_per_second: float | None = None
        self._criterion, self._settings, self._min_delta = criterion, settings, min_delta

    def train_epoch(
        self, batches: Iterable[tuple[Any, torch.Tensor]], sizes: Sequence[int]
    ) -> dict[str, float]:
        """Train on each batch once, with an optimiser step every ``accumulation`` batches.

        Parameters
        ----------
        batches
            Inputs of the network and labels ``(batch,)``.
        sizes
            Number of posts of each batch.

        Returns
        -------
        dict
            The epoch's row of ``history`` without the validation scores.
        """
        row = {"epoch": len(self.history) + 1, "learning_rate": self.rate.current}
        start, total, together = time.perf_counter(), 0.0, self._settings.accumulation
        predicted: list[torch.Tensor] = []
        labels: list[torch.Tensor] = []
        self.network.train()
        for number, (inputs, target) in enumerate(batches):
            first = number - number % together
            logits = self.network(inputs)
            loss = self._criterion(logits, target)
            self.loss = self._finite(loss)
            # The mean over the posts of a step, whatever the size of its last batch.
            weight = len(target) / sum(sizes[first : first + together])
            self.scaler.scale(loss * weight).backward()
            if number + 1 in (first + together, len(sizes)):
                self._step()
            total += self.loss * len(target)
            predicted.append(logits.detach().argmax(1))
            labels.append(target)
        row |= _scores("train", total / sum(sizes), torch.cat(labels), torch.cat(predicted))
        self.posts_per_second = sum(sizes) / (time.perf_counter() - start)
        return row

    @torch.no_grad()
    def end_epoch(
        self,
        row: dict[str, float],
        logits: torch.Tensor,
        labels: torch.Tensor,
        state: Mapping[str, torch.Tensor],
    ) -> None:
        """Add an epoch to the history; copy its weights if it is the best so far.

        Parameters
        ----------
        row
            From :meth:`train_epoch`.
        logits, labels
            Of the validation posts, ``(posts, classes)`` and ``(posts,)``.
        state
            The network's weights by name.
        """
        loss = self._finite(self._criterion(logits, labels))
        row |= _scores("validation", loss, labels, logits.argmax(1))
        best = self.history[self.best_epoch - 1]["validation_f1"] if self.history else -math.inf
        improved = row["validation_f1"] > best + self._min_delta
        self.history.append(row)
        if improved:
            self.best_epoch = len(self.history)
            self.best_state = {name: t.detach().cpu().clone() for name, t in state.items()}
        self.rate.end_epoch(improved)

    def _step(self) -> None:
        self.scaler.unscale_(self.optimiser)  # type: ignore[arg-type]
        if self._settings.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self._settings.clip_norm)
        # Skipped if scaled gradients overflow.
        self.scaler.step(self.optimiser)  # type: ignore[arg-type]
        self.scaler.update()
        self.optimiser.zero_grad()
        self.rate.step()

    def _finite(self, loss: torch.Tensor) -> float:
        value = loss.item()
        if math.isfinite(value):
            return value
        advice = "lower optimiser.learning_rate"
        if self.scaler.is_enabled():
            advice += ", or set precision: bf16 or fp32, as activations may exceed fp16"
        raise NotFiniteError(f"epoch {len(self.history) + 1}: the loss is {value}; {advice}")


def _scores(
    part: str, loss: float, labels: torch.Tensor, predicted: torch.Tensor
) -> dict[str, float]:
    """Loss, F1, precision, recall (all weighted) and accuracy, their names prefixed by ``part``."""
    counts = confusion_counts(labels.cpu().numpy(), predicted.cpu().numpy())
    metrics = metrics_from_confusion(counts)
    precision, recall = (
        np.average([metrics[f"{name}_{label}"] for label in LABELS], weights=counts.sum(1))
        for name in ("precision", "recall")
    )
    return {
        f"{part}_loss": loss,
        f"{part}_f1": float(metrics["weighted_f1"]),
        f"{part}_precision": float(precision),
        f"{part}_recall": float(recall),
        f"{part}_accuracy": float(metrics["accuracy"]),
    }
