"""A run: fine-tune a vision-language model on a fold and predict the fold's other posts."""

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
from mmsent.files import canonical_json, sha256_bytes
from mmsent.labels import TRAIN, VALIDATION
from mmsent.sources import code_hash
from mmsent.training.outputs import Run
from mmsent.vlm.checkpoint import parameters
from mmsent.vlm.device import Precision, device_cost, precision_for
from mmsent.vlm.loop import fit
from mmsent.vlm.network import VlmClassifier, load_classifier, predict_logits, trained_state
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
    predictions = _predictions(network, batcher, posts, label_of, fold)
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


def _predictions(
    network: VlmClassifier,
    batcher: Batcher,
    posts: Mapping[str, Posts],
    label_of: Mapping[str, int],
    fold: int,
) -> pd.DataFrame:
    """Return the predictions table of every split but training."""
    tables = []
    for split, part in posts.items():
        if split != TRAIN:
            logits, _ = predict_logits(network, batcher, part, split)
            values = torch.softmax(logits.double(), 1).cpu().numpy()
            tables.append(prediction_table(part.guids, label_of, fold, split, values))
    return pd.concat(tables, ignore_index=True)


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
