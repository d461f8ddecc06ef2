"""Predict a fold's posts by a vision-language model zero-shot."""

from pathlib import Path
from typing import Any

from mmsent.config.encoders import vlm_model
from mmsent.config.vlm import ZeroShot
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import write_json
from mmsent.labels import TRAIN
from mmsent.tables import read_table
from mmsent.training.outputs import write_run
from mmsent.training.splits import SPLITS
from mmsent.vlm.device import memory_advice
from mmsent.vlm.prompts import load_posts
from mmsent.vlm.zero_shot import predict_fold


def predict_zero_shot(
    experiment: dict[str, Any],
    name: str,
    model_settings: dict[str, Any],
    posts: Path,
    images: Path,
    folds: Path,
    fold: int,
    predictions: Path,
    metrics: Path,
    config: Path,
    cost: Path,
    gpus: int = 0,
    workers: int = 0,
) -> None:
    """Predict, and write predictions, metrics and settings; parameters as of ``fine_tune_vlm``."""
    device = device_for(gpus)
    if device.type == "cpu":
        make_deterministic()
    settings, spec, table = ZeroShot(**experiment), vlm_model(model_settings), read_table(posts)
    splits = tuple(split for split in SPLITS if split != TRAIN)
    inputs = load_posts(settings, table, read_table(folds), fold, images, splits)
    label_of = dict(zip(table["guid"], table["label"], strict=True))
    with memory_advice(name, settings, device):
        run = predict_fold(settings, spec, inputs, label_of, fold, device, workers)
    write_run(run, predictions, metrics, config)
    write_json(cost, run.cost)
