"""A run of a vision-language model: one experiment on one fold, and the files that it leaves."""

import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import yaml
from safetensors.torch import load_file

from mmsent.config.encoders import TinyVlm, VlmCheckpoint, vlm_model
from mmsent.config.vlm import Prompted, VlmExperiment
from mmsent.evaluation.pooling import prediction_metrics, prediction_table
from mmsent.labels import TRAIN, VALIDATION
from mmsent.sources import code_hash
from mmsent.training.files import CONFIG, MODEL
from mmsent.vlm.checkpoint import load_processor, load_vlm, parameters, vlm_folder
from mmsent.vlm.loop import Fitted, fit, trained_parameters
from mmsent.vlm.memory import memory_advice, peak_memory
from mmsent.vlm.network import VlmClassifier, load_trained_state
from mmsent.vlm.precision import Numbers, numbers_for
from mmsent.vlm.prompts import Posts, Prompts
from mmsent.vlm.reading import Reading, logits_of
from mmsent.vlm.state import fingerprint

#: Key of the model's own settings among those of a run.
VLM = "vlm"

#: What reads posts, and computes with them, beside this project's code.
_PACKAGES = ("torch", "torchvision", "transformers", "tokenizers", "peft", "bitsandbytes",
             "accelerate", "pillow", "emoji")  # fmt: skip


@dataclass(frozen=True)
class VlmRun:
    """What a run has found out; ``cost`` differs from run to run and has a file of its own."""

    predictions: pd.DataFrame
    fitted: Fitted
    metrics: dict[str, object]
    cost: dict[str, object]


def make_deterministic(device: torch.device) -> None:
    """Have torch compute the same bits each time on the CPU; on a GPU its fastest kernels work."""
    if device.type == "cpu":
        torch.set_num_threads(1)
        # As in training.files: the plain call imports the compiler first.
        torch.set_deterministic_debug_mode("error")


def run_vlm(
    settings: VlmExperiment,
    spec: TinyVlm | VlmCheckpoint,
    posts: dict[str, Posts],
    label_of: dict[str, int],
    fold: int,
    seed: int,
    device: torch.device,
    workers: int = 0,
    state_file: Path | None = None,
) -> VlmRun:
    """Fine-tune on a fold, choose on its inner validation, predict its other posts once.

    Parameters
    ----------
    posts
        By role; :func:`mmsent.training.roles.posts_by_role` hides the test labels.
    label_of
        Of each post, for the predictions table alone.
    state_file
        Where the state after each epoch is kept, so that a killed run goes on.

    Raises
    ------
    WeightsError
        If the weights are missing or not the ones that ``spec`` names.
    OutOfMemoryError
        If the device's memory is not enough.
    NotFiniteError
        If the loss overflows.
    """
    start = time.perf_counter()
    numbers = numbers_for(settings.precision, device)
    with memory_advice(settings, device):
        network, prompts = build(settings, spec, numbers, seed)
        reading = Reading(prompts, workers)
        mark = _mark(settings, spec, posts, seed, numbers)
        train, validation = posts[TRAIN], posts[VALIDATION]
        fitted = fit(settings, network, numbers, reading, train, validation, seed, state_file, mark)
        asked = {role: own for role, own in posts.items() if role != TRAIN}
        before = time.perf_counter()
        chances = {
            role: _probabilities(fitted, reading, own, settings, role)
            for role, own in asked.items()
        }
        seconds = time.perf_counter() - before
    predictions = predictions_of(asked, chances, label_of, fold)
    metrics = _training_metrics(fitted, len(train)) | shared_metrics(
        predictions, spec, parameters(network)
    )
    cost: dict[str, object] = {
        "train_posts_per_second": fitted.posts_per_second,
        "predicted_posts_per_second": sum(map(len, asked.values())) / seconds,
        "seconds": time.perf_counter() - start,
    }
    return VlmRun(predictions, fitted, metrics, cost | device_cost(numbers))


def _training_metrics(fitted: Fitted, posts: int) -> dict[str, object]:
    return {
        "best_epoch": fitted.best_epoch,
        "epochs": len(fitted.history),
        "train_posts": posts,
        "trained_parameters": sum(p.numel() for p in trained_parameters(fitted.network)),
        "postprocessing_threshold": None,
    }


def _probabilities(
    fitted: Fitted, reading: Reading, posts: Posts, settings: VlmExperiment, role: str
) -> np.ndarray:
    """Of posts, ``(posts, 3)`` in double precision."""
    logits, _ = logits_of(fitted.network, reading, posts, settings, role)
    return torch.softmax(logits.double(), 1).cpu().numpy()


def build(
    settings: VlmExperiment, spec: TinyVlm | VlmCheckpoint, numbers: Numbers, seed: int
) -> tuple[VlmClassifier, Prompts]:
    """The network with fresh adapters and head, and its prompts."""
    with vlm_folder(spec) as folder:
        model = load_vlm(folder, numbers, settings.four_bit)
        processor = load_processor(folder, settings.pixels)
    torch.manual_seed(seed)
    return VlmClassifier(model, settings, numbers), Prompts(processor, settings)


def predictions_of(
    posts: dict[str, Posts],
    probabilities: dict[str, np.ndarray],
    label_of: dict[str, int],
    fold: int,
) -> pd.DataFrame:
    """The predictions table of posts by role, with their probabilities ``(posts, 3)``."""
    tables = [
        prediction_table(own.guids, label_of, fold, role, chances, chances.argmax(1))
        for role, own in posts.items()
        for chances in (probabilities[role],)
    ]
    return pd.concat(tables, ignore_index=True)


def shared_metrics(
    predictions: pd.DataFrame, spec: TinyVlm | VlmCheckpoint, size: int
) -> dict[str, object]:
    """Metrics that a run has whether anything was trained or not.

    ``exercise`` marks random weights: such a row is never ranked.
    """
    validation = predictions[predictions["subset"] == VALIDATION]
    return {
        "parameters": size,
        "exercise": isinstance(spec, TinyVlm),
        "validation": prediction_metrics(validation),
    }


def device_cost(numbers: Numbers) -> dict[str, object]:
    """What a run took of a device; ``peak_memory`` in MiB, see :func:`peak_memory`."""
    device = numbers.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    return {"device": name, "precision": numbers.name, "peak_memory": peak_memory(device)}


def resolved(settings: Prompted, spec: TinyVlm | VlmCheckpoint) -> dict[str, Any]:
    """All settings of a run: those of the experiment, and under ``vlm`` those of the model."""
    return settings.model_dump() | {VLM: spec.model_dump()}


def load_run(folder: Path, device: torch.device) -> tuple[VlmClassifier, Prompts]:
    """The network and the prompts of a finished run, from its files alone.

    Raises
    ------
    ValueError
        If the weights do not fit the settings.
    """
    content = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    spec = vlm_model(content.pop(VLM))
    settings = VlmExperiment.model_validate(content)
    network, prompts = build(settings, spec, numbers_for(settings.precision, device), 0)
    load_trained_state(network, load_file(folder / MODEL))
    return network.eval(), prompts


def _mark(
    settings: VlmExperiment,
    spec: TinyVlm | VlmCheckpoint,
    posts: dict[str, Posts],
    seed: int,
    numbers: Numbers,
) -> str:
    """What must be the same for a state to be gone on from, this project's code among it."""
    return fingerprint(
        resolved(settings, spec),
        [[posts[role].guids, posts[role].labels.tolist()] for role in (TRAIN, VALIDATION)],
        [posts[role].content for role in (TRAIN, VALIDATION)],
        [seed, numbers.name, numbers.device.type],
        [version(name) for name in _PACKAGES],
        [code_hash("train_vlm")],
    )
