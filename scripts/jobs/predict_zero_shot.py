"""Predict a fold's posts by a vision-language model zero-shot."""

from pathlib import Path

from mmsent.config.encoders import VlmModel
from mmsent.config.vlm import ZeroShot
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import write_json
from mmsent.labels import TRAIN
from mmsent.tables import Table
from mmsent.training.outputs import write_run
from mmsent.training.splits import SPLITS
from mmsent.vlm.device import memory_advice
from mmsent.vlm.prompts import load_posts
from mmsent.vlm.zero_shot import predict_fold


def predict_zero_shot(
    experiment: ZeroShot,
    name: str,
    vlm: VlmModel,
    posts: Table,
    images: Path,
    folds: Table,
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
    splits = tuple(split for split in SPLITS if split != TRAIN)
    inputs = load_posts(experiment, posts, folds, fold, images, splits)
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    with memory_advice(name, experiment, device):
        run = predict_fold(experiment, vlm, inputs, label_of, fold, device, workers)
    write_run(run, predictions, metrics, config)
    write_json(cost, run.cost)
