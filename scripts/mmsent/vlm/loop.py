"""The fine-tuning loop over prompts, which resumes after an interruption."""

import math
import sys
from pathlib import Path
from typing import Any

import torch

from mmsent.config.vlm import VlmExperiment
from mmsent.files import written_whole
from mmsent.training.fitting import LearningRate, Trainer, loss_function, optimiser_for
from mmsent.vlm.device import Precision, peak_memory
from mmsent.vlm.network import VlmClassifier, load_trained_state, predict_logits, trained_state
from mmsent.vlm.prompts import Batcher, Posts


def fit(
    settings: VlmExperiment,
    network: VlmClassifier,
    precision: Precision,
    batcher: Batcher,
    train: Posts,
    validation: Posts,
    seed: int,
    state_file: Path | None = None,
    fingerprint: str = "",
) -> Trainer[VlmClassifier]:
    """Fine-tune on ``train``; select the epoch on ``validation`` by weighted F1.

    (The study selected it by accuracy, on the posts that it reports.) On the CPU equal inputs and
    seeds give equal bits, with and without an interruption. The returned trainer's network has
    the weights of the best epoch.

    Parameters
    ----------
    state_file
        Written after each epoch. The training resumes from it if its fingerprint is
        ``fingerprint``.

    Raises
    ------
    NotFiniteError
        If the loss overflows.
    """
    size, epochs = settings.optimiser.batch_size, settings.schedule.epochs
    optimiser = optimiser_for(network, network.encoder_parameters(), settings.optimiser)
    steps = math.ceil(len(train) / (size * settings.optimiser.accumulation))
    trainer = Trainer(
        network,
        loss_function(settings.loss, train.labels.numpy()).to(network.device),
        LearningRate(optimiser, settings.schedule, steps),
        settings.optimiser,
        scaler=precision.scaler(),
    )
    order = torch.Generator().manual_seed(seed)
    if state_file:
        _resume(state_file, fingerprint, trainer, order)

    def loss_and_memory() -> str:
        return f"loss {trainer.loss:.3f}, {peak_memory(network.device):.0f} MiB"

    while len(trainer.history) < epochs:
        rows = [part.tolist() for part in torch.randperm(len(train), generator=order).split(size)]
        name = f"epoch {len(trainer.history) + 1} of {epochs}"
        batches = batcher.batches(train, rows, name, loss_and_memory)
        row = trainer.train_epoch(batches, [len(part) for part in rows])
        logits, labels = predict_logits(network, batcher, validation, "validation")
        trainer.end_epoch(row, logits, labels, trained_state(network))
        if state_file:
            with written_whole(state_file) as temporary:
                torch.save(_state(trainer, order) | {"fingerprint": fingerprint}, temporary)
    load_trained_state(network, trainer.best_state)
    return trainer


def _state(trainer: Trainer[VlmClassifier], order: torch.Generator) -> dict[str, Any]:
    """Return the history, and all that the next epoch depends on."""
    cuda = trainer.network.device.type == "cuda"
    return {
        "history": trainer.history,
        "best_epoch": trainer.best_epoch,
        "best": trainer.best_state,
        "trained": trained_state(trainer.network),
        "optimiser": trainer.optimiser.state_dict(),
        "rate": trainer.rate.state_dict(),
        "scaler": trainer.scaler.state_dict(),
        "order": order.get_state(),
        "random": torch.get_rng_state(),
        "cuda_random": torch.cuda.get_rng_state(trainer.network.device) if cuda else None,
    }


def _resume(
    path: Path, fingerprint: str, trainer: Trainer[VlmClassifier], order: torch.Generator
) -> None:
    """Restore the state of an interrupted training if the file contains this training."""
    if not path.is_file():
        return
    # weights_only: tensors and plain values; no code in the file is run.
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["fingerprint"] != fingerprint:
        print(f"{path}: other settings, posts or versions: starting anew", file=sys.stderr)
        return
    trainer.history, trainer.best_epoch = state["history"], state["best_epoch"]
    trainer.best_state = state["best"]
    load_trained_state(trainer.network, state["trained"])
    trainer.optimiser.load_state_dict(state["optimiser"])
    trainer.rate.load_state_dict(state["rate"])
    trainer.scaler.load_state_dict(state["scaler"])
    order.set_state(state["order"])
    torch.set_rng_state(state["random"])
    if state["cuda_random"] is not None:
        torch.cuda.set_rng_state(state["cuda_random"], trainer.network.device)
    print(f"resumed after epoch {len(trainer.history)}", file=sys.stderr)
