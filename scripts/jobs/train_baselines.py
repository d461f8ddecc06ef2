"""Predict the posts of every fold by baselines."""

from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from mmsent.baselines.runs import baseline_run, left_out, load_fold, reason_to_leave_out
from mmsent.config.baselines import Baseline
from mmsent.encoders.embeddings import Embeddings
from mmsent.files import write_json
from mmsent.tables import Table, write_table


def train_baselines(
    posts: Table,
    folds: Table,
    fold: list[int],
    text: list[Path],
    image: list[Path],
    pooling: str,
    clip: dict[str, Any] | None,
    predictions: dict[Baseline, list[Path]],
    metrics: dict[Baseline, list[Path]],
) -> None:
    """Write predictions and metrics of each baseline on each fold.

    A baseline that cannot be computed has tables without rows, and the reason as metrics.

    Parameters
    ----------
    text, image
        Embeddings of the view without augmentation; without, no experiment reads frozen states.
    pooling
        Name of the array of the texts' states.
    clip
        Settings of the CLIP whose states those of the images are; None: of another encoder.
    """
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    states = {modality: Embeddings(files[0], array) for modality, files, array in
              (("text", text, pooling), ("image", image, "state")) if files}  # fmt: skip
    reasons = {name: reason_to_leave_out(name, posts, states, clip) for name in predictions}
    # The number of threads decides in which order numbers are added up.
    with threadpool_limits(1):
        for place, number in enumerate(fold):
            rows = load_fold(posts, folds, number, states, clip)
            for name, reason in reasons.items():
                run = left_out(reason) if reason else baseline_run(name, rows, number, label_of)
                write_table(predictions[name][place], run[0])
                write_json(metrics[name][place], run[1])
