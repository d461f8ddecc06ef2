"""A run: fine-tune a vision-language model on a fold and predict the fold's other posts.

The training resumes after an interruption.
"""

import math
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.vlm import VlmExperiment
from mmsent.evaluation.pooling import prediction_metrics, prediction_table
from mmsent.files import canonical_json, sha256_bytes, written_whole
from mmsent.labels import TRAIN, VALIDATION
from mmsent.sources import code_hash
from mmsent.training.fitting import LearningRate, Trainer, loss_function, optimiser_for
from mmsent.training.outputs import Run
from mmsent.vlm.checkpoint import parameters
from mmsent.vlm.device import Precision, device_cost, peak_memory, precision_for
from mmsent.vlm.network import (
    VlmClassifier,
    load_classifier,
    load_trained_state,
    predict_logits,
    trained_state,
)
from mmsent.vlm.prompts import Batcher, Posts

#: Without a backward pass, a batch may have this many times the posts.
EVALUATION_FACTOR = 2

#: Packages that read posts or compute with them.
_PACKAGES = ("torch", "torchvision", "transformers", "tokenizers", "peft", "bitsandbytes",
             "accelerate", "pillow", "emoji")  # fmt: skip


def fine_tune_fold(
    settings: VlmExperiment,
    spec: TinyVlm | VlmCheckpoint,
    posts: Mapping[str, Posts],
    label_of: Mapping[str, int],
    fold: int,
    seed: int,
    device: torch.device,
    workers: int = 0,
    state_file: Path | None = None,
) -> Run:
    """Fine-tune on a fold, select the epoch on validation, predict the other splits once.

    Parameters
    ----------
    posts, label_of
        Posts by split, from :func:`mmsent.vlm.prompts.load_posts`, which hides the test labels;
        all labels by guid, for the predictions table alone.
    workers
        Number of processes that decode images ahead.
    state_file
        Where the state after each epoch is stored, so that an interrupted run resumes.

    Raises
    ------
    WeightsError
        If the weights are missing or not those of ``spec``.
    NotFiniteError
        If the loss overflows.
    """
    start = time.perf_counter()
    precision = precision_for(settings.precision, device)
    network, prompts = load_classifier(settings, spec, precision, seed)
    batcher = Batcher(prompts, device, EVALUATION_FACTOR * settings.optimiser.batch_size, workers)
    all_settings = settings.model_dump() | {"vlm": spec.model_dump()}
    trainer = fit(
        settings, network, precision, batcher, posts[TRAIN], posts[VALIDATION], seed, state_file,
        _fingerprint(all_settings, posts, seed, precision),
    )  # fmt: skip
    fitted = time.perf_counter()
    tables = []
    for split, part in posts.items():
        if split != TRAIN:
            logits, _ = predict_logits(network, batcher, part, split)
            values = torch.softmax(logits.double(), 1).cpu().numpy()
            tables.append(prediction_table(part.guids, label_of, fold, split, values))
    predictions = pd.concat(tables, ignore_index=True)
    end = time.perf_counter()
    cost: dict[str, object] = {
        "train_posts_per_second": trainer.posts_per_second,
        "predicted_posts_per_second": len(predictions) / (end - fitted),
        "seconds": end - start,
        **device_cost(precision),
    }
    weights = trained_state(network)
    metrics: dict[str, object] = {
        "best_epoch": trainer.best_epoch,
        "epochs": len(trainer.history),
        "train_posts": len(posts[TRAIN]),
        "trained_parameters": sum(tensor.numel() for tensor in weights.values()),
        "parameters": parameters(network),
        "exercise": isinstance(spec, TinyVlm),
        "postprocessing_threshold": None,
        "validation": prediction_metrics(predictions[predictions["subset"] == VALIDATION]),
    }
    return Run(predictions, metrics, all_settings, trainer.history, weights, cost)


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


def _fingerprint(
    settings: dict[str, Any], posts: Mapping[str, Posts], seed: int, precision: Precision
) -> str:
    """Hash all that determines a training: a state of another training must not be resumed."""
    used = (posts[TRAIN], posts[VALIDATION])
    parts = [
        settings,
        [[part.guids, part.labels.tolist(), part.content] for part in used],
        [seed, precision.name, precision.device.type],
        [version(name) for name in _PACKAGES],
        code_hash("fine_tune_vlm"),
    ]
    return sha256_bytes(canonical_json(parts).encode())
