"""The files that a run leaves, and what makes them the same bytes each time."""

from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml
from safetensors.torch import save_file

from mmsent.files import write_json, write_text, written_whole
from mmsent.tables import write_table

PREDICTIONS, HISTORY, METRICS = "predictions.parquet", "history.csv", "metrics.json"
MODEL, CONFIG = "model.safetensors", "config.yaml"


def make_deterministic() -> None:
    """Have torch compute the same bits each time: one thread, no choice among kernels.

    The order in which threads add up differs from machine to machine, so a run uses one, however
    many the job may have.
    """
    torch.set_num_threads(1)
    # Not use_deterministic_algorithms: that imports the compiler first, for a second.
    torch.set_deterministic_debug_mode("error")


def write_run_files(
    folder: Path,
    predictions: pd.DataFrame,
    history: list[dict[str, float]],
    metrics: dict[str, object],
    settings: dict[str, Any],
    state: dict[str, torch.Tensor],
) -> None:
    """Write the files of a run; ``state`` holds what was trained, by name."""
    write_answers(folder, predictions, metrics, settings)
    write_table(folder / HISTORY, pd.DataFrame(history))
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    with written_whole(folder / MODEL) as temporary:
        save_file(weights, temporary)


def write_answers(
    folder: Path, predictions: pd.DataFrame, metrics: dict[str, object], settings: dict[str, Any]
) -> None:
    """Write the files of a run that has trained nothing."""
    write_table(folder / PREDICTIONS, predictions)
    write_json(folder / METRICS, metrics)
    write_text(folder / CONFIG, yaml.safe_dump(settings, sort_keys=False, width=100))
