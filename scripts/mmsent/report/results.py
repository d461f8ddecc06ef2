"""What tables are made of: results of experiments, and the figures that the study prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmsent.config.experiment import Experiment
from mmsent.files import read_json


@dataclass(frozen=True)
class Result:
    """One experiment: its settings, its metrics, and the metrics of its runs."""

    name: str
    experiment: Experiment
    metrics: dict[str, Any]
    runs: list[dict[str, Any]]

    def value(self, metric: str) -> float:
        """A metric of the pooled out-of-fold predictions."""
        return float(self.metrics["test"][metric])

    @property
    def trained_parameters(self) -> int:
        """Parameters that training changes."""
        return int(self.runs[0]["trained_parameters"])

    @property
    def train_posts(self) -> float:
        """Posts that a run trains on, mean over the folds."""
        return float(np.mean([run["train_posts"] for run in self.runs]))

    @property
    def mean_best_epoch(self) -> float:
        """Mean over the folds of the selected epoch."""
        return float(np.mean([run["best_epoch"] for run in self.runs]))


def load_results(
    experiments: Mapping[str, dict[str, Any]],
    metrics: Mapping[str, dict[str, Any]],
    runs: Mapping[str, list[Path]],
) -> list[Result]:
    """Read the results of experiments.

    Parameters
    ----------
    experiments, metrics
        Resolved settings and metrics, by name.
    runs
        Files of the metrics of each fold, by name.
    """
    return [
        Result(name, Experiment(**settings), metrics[name], [read_json(p) for p in runs[name]])
        for name, settings in experiments.items()
    ]


class PrintedFigures:
    """The study's figures, from config/paper_results.csv."""

    def __init__(self, path: str | Path) -> None:
        """Read the figures.

        Raises
        ------
        ValueError
            If the file has other columns, or a figure twice.
        """
        table = pd.read_csv(path, keep_default_na=False)
        expected = ["section", "row", "metric", "value", "note"]
        if list(table.columns) != expected:
            raise ValueError(f"{path}: columns must be {', '.join(expected)}")
        twice = table[table.duplicated(["section", "row", "metric"])]
        if len(twice):
            raise ValueError(f"{path}: named twice: {twice.iloc[0].tolist()[:3]}")
        self.table = table

    def value(self, row: str, metric: str) -> float | None:
        """A printed figure, or None; of several sections the last one's."""
        found = self.table[(self.table["row"] == row) & (self.table["metric"] == metric)]
        return None if found.empty else float(found.sort_values("section")["value"].iloc[-1])

    def rows(self, section: int) -> list[str]:
        """The rows that a section prints, in its order."""
        own = self.table[self.table["section"] == section]
        return list(dict.fromkeys(own["row"]))

    def text(self, row: str, metric: str, digits: int = 4) -> str:
        """A printed figure as tables show it; where two sections differ, both."""
        found = self.table[(self.table["row"] == row) & (self.table["metric"] == metric)]
        values = list(dict.fromkeys(f"{value:.{digits}f}" for value in found["value"]))
        return " / ".join(values) or "-"
