"""Results of a run (an experiment on a fold) and the files that they are written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
import yaml
from safetensors.torch import save_file

from mmsent.files import write_json, write_text, written_whole
from mmsent.tables import write_table


@dataclass(frozen=True)
class Run:
    """Results of a run.

    Attributes
    ----------
    predictions
        A row for each post of each predicted split, with the columns of
        :func:`mmsent.evaluation.pooling.prediction_columns`.
    history, weights
        As in :class:`mmsent.training.fitting.Trainer`, and the trained weights by name; None if
        nothing was trained.
    cost
        Time and memory, which differ between repeated runs.
    """

    predictions: pd.DataFrame
    metrics: dict[str, object]
    settings: dict[str, Any]
    history: list[dict[str, float]] | None = None
    weights: Mapping[str, torch.Tensor] | None = None
    cost: dict[str, object] | None = None


def write_run(
    run: Run,
    predictions: Path,
    metrics: Path | None = None,
    config: Path | None = None,
    history: Path | None = None,
    model: Path | None = None,
) -> None:
    """Write the named files of a run; ``history`` and ``model`` only if something was trained."""
    write_table(predictions, run.predictions)
    if metrics:
        write_json(metrics, run.metrics)
    if config:
        write_text(config, yaml.safe_dump(run.settings, sort_keys=False, width=100))
    if history and run.history is not None:
        write_table(history, pd.DataFrame(run.history))
    if model and run.weights is not None:
        weights = {name: t.detach().cpu().contiguous() for name, t in run.weights.items()}
        with written_whole(model) as temporary:
            save_file(weights, temporary)
