"""Fine-tuning: epochs over prompts, the best epoch kept, a killed run gone on with."""

import math
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmsent.config.vlm import VlmExperiment
from mmsent.progress import Progress
from mmsent.training.losses import loss_function
from mmsent.training.schedules import LearningRate
from mmsent.training.scores import epoch_scores
from mmsent.vlm.memory import peak_memory
from mmsent.vlm.network import VlmClassifier, load_trained_state, trained_state
from mmsent.vlm.precision import Numbers
from mmsent.vlm.prompts import Posts
from mmsent.vlm.reading import Reading, logits_of, split
from mmsent.vlm.state import random_state, restore_random_state, save_state, stored_state


class NotFiniteError(RuntimeError):
    """The loss is no number; the message says what to change."""


@dataclass(frozen=True)
class Fitted:
    """A fine-tuned network at its best epoch.

    ``history`` has the columns of :class:`mmsent.training.loop.Fitted`; ``posts_per_second`` is
    that of the last epoch's training, None if no epoch ran here because all were done before.
    """

    network: VlmClassifier
    history: list[dict[str, float]]
    best_epoch: int
    posts_per_second: float | None


def fit(
    settings: VlmExperiment,
    network: VlmClassifier,
    numbers: Numbers,
    reading: Reading,
    train: Posts,
    validation: Posts,
    seed: int,
    state_file: Path | None = None,
    mark: str = "",
) -> Fitted:
    """Fine-tune on ``train``; the epoch is chosen on ``validation`` by weighted F1.

    (The study chose it by accuracy, and reports the same posts.) On the CPU the same inputs and
    seed give the same bits, whether the run was killed in between or not.

    Parameters
    ----------
    state_file
        Written after each epoch; where it is there and its mark is ``mark``, the run goes on.

    Raises
    ------
    NotFiniteError
        If the loss overflows.
    """
    training = _Training(settings, network, numbers, reading, train, seed)
    stored = stored_state(state_file, mark) if state_file else None
    if stored:
        training.load_state_dict(stored)
        print(
            f"going on after epoch {training.epoch} of {settings.schedule.epochs}", file=sys.stderr
        )
    rate = None
    while training.epoch < settings.schedule.epochs:
        rate = training.run_epoch(validation)
        if state_file:
            save_state(state_file, training.state_dict() | {"fingerprint": mark})
    load_trained_state(network, training.best_state)
    return Fitted(network, training.history, training.best_epoch, rate)


class _Training:
    """A training and where it stands."""

    def __init__(
        self,
        settings: VlmExperiment,
        network: VlmClassifier,
        numbers: Numbers,
        reading: Reading,
        train: Posts,
        seed: int,
    ) -> None:
        self.epoch = 0
        self.history: list[dict[str, float]] = []
        self.best_epoch, self.best_f1 = 0, -1.0
        self.best_state = _copied(trained_state(network))
        self._settings = settings
        self._network = network
        self._numbers = numbers
        self._reading = reading
        self._train = train
        self._criterion = loss_function(settings.loss, train.labels.numpy()).to(numbers.device)
        self._optimiser = _optimiser(network, settings)
        steps = steps_per_epoch(len(train), settings)
        self._rate = LearningRate(self._optimiser, settings.schedule, steps)
        self._scaler = numbers.scaler()
        self._order = torch.Generator().manual_seed(seed)

    def state_dict(self) -> dict[str, Any]:
        """All that the next epoch depends on, and what was found so far."""
        return {
            "epoch": self.epoch,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "best_f1": self.best_f1,
            "best": self.best_state,
            "trained": _copied(trained_state(self._network)),
            "optimiser": self._optimiser.state_dict(),
            "rate": self._rate.state_dict(),
            "scaler": self._scaler.state_dict(),
            "order": self._order.get_state(),
            "random": random_state(self._numbers.device),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Stand where :meth:`state_dict` stood."""
        self.epoch, self.history = state["epoch"], state["history"]
        self.best_epoch, self.best_f1 = state["best_epoch"], state["best_f1"]
        self.best_state = state["best"]
        load_trained_state(self._network, state["trained"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._rate.load_state_dict(state["rate"])
        self._scaler.load_state_dict(state["scaler"])
        self._order.set_state(state["order"])
        restore_random_state(state["random"], self._numbers.device)

    def run_epoch(self, validation: Posts) -> float:
        """Train for an epoch and evaluate; posts trained on per second."""
        row: dict[str, float] = {"epoch": self.epoch + 1, "learning_rate": self._rate.current}
        start = time.perf_counter()
        row |= self._train_epoch()
        seconds = time.perf_counter() - start
        row |= self._evaluate(validation)
        self.epoch += 1
        self.history.append(row)
        gained = row["validation_f1"] > self.best_f1
        if gained:
            self.best_epoch, self.best_f1 = self.epoch, row["validation_f1"]
            self.best_state = _copied(trained_state(self._network))
        self._rate.end_epoch(gained)
        return len(self._train) / seconds

    def _train_epoch(self) -> dict[str, float]:
        self._network.train()
        total, posts = 0.0, len(self._train)
        predicted: list[torch.Tensor] = []
        labels: list[torch.Tensor] = []
        size, together = self._settings.optimiser.batch_size, self._settings.optimiser.accumulation
        order = torch.randperm(posts, generator=self._order).tolist()
        batches = list(split(order, size))
        # The mean loss over the posts of a step, whatever the size of its last batch.
        in_step = [len(rows) for rows in split(order, size * together) for _ in split(rows, size)]
        name = f"epoch {self.epoch + 1} of {self._settings.schedule.epochs}"
        with Progress(posts, name) as progress:
            given = self._reading.batches(self._train, batches, self._numbers.device)
            for number, (batch, target) in enumerate(given, start=1):
                logits = self._network(batch)
                loss = self._criterion(logits, target)
                value = self._finite(loss.item())
                weight = len(target) / in_step[number - 1]
                self._scaler.scale(loss * weight).backward()
                if number % together == 0 or number == len(batches):
                    self._step()
                total += value * len(target)
                predicted.append(logits.detach().argmax(1))
                labels.append(target)
                progress.update(len(target), f"loss {value:.3f}, {self._memory()} MiB")
        scores = epoch_scores(torch.cat(labels), torch.cat(predicted), "train")
        return {"train_loss": total / posts, **scores}

    def _step(self) -> None:
        self._scaler.unscale_(self._optimiser)
        norm = self._settings.optimiser.clip_norm
        if norm is not None:
            nn.utils.clip_grad_norm_(trained_parameters(self._network), norm)
        self._scaler.step(self._optimiser)  # left out where scaled gradients overflow
        self._scaler.update()
        self._optimiser.zero_grad(set_to_none=True)
        self._rate.step()

    @torch.no_grad()
    def _evaluate(self, validation: Posts) -> dict[str, float]:
        logits, labels = logits_of(
            self._network, self._reading, validation, self._settings, "validation"
        )
        loss = self._finite(self._criterion(logits, labels).item())
        return {"validation_loss": loss, **epoch_scores(labels, logits.argmax(1), "validation")}

    def _finite(self, loss: float) -> float:
        if math.isfinite(loss):
            return loss
        raise NotFiniteError(
            f"{self._settings.title}: the loss is {loss} in epoch {self.epoch + 1}, computed in "
            f"{self._numbers.name}. Qwen2-VL's activations may exceed fp16: set precision: bf16 or "
            "fp32; else lower optimiser.learning_rate."
        )

    def _memory(self) -> str:
        return f"{peak_memory(self._numbers.device):.0f}"


def steps_per_epoch(posts: int, settings: VlmExperiment) -> int:
    """Optimiser steps of an epoch, each over ``accumulation`` batches but perhaps the last."""
    return math.ceil(posts / (settings.optimiser.batch_size * settings.optimiser.accumulation))


def trained_parameters(network: nn.Module) -> list[nn.Parameter]:
    """The parameters of adapters and head."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def _optimiser(network: VlmClassifier, settings: VlmExperiment) -> torch.optim.AdamW:
    rates = settings.optimiser
    adapters = [p for p in network.base.parameters() if p.requires_grad]
    groups = [
        {"params": list(network.head.parameters()), "lr": rates.learning_rate},
        {"params": adapters, "lr": rates.encoder_learning_rate or rates.learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=rates.weight_decay, fused=True)


def _copied(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.cpu().clone() for name, tensor in state.items()}
