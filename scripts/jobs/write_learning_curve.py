"""Write the learning curve: scores by number of training posts, and the gain of a doubling."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.learning_curve import learning_curve
from mmsent.evaluation.pooling import pooled
from mmsent.figures.learning_curve import learning_curve_figure
from mmsent.figures.style import save_figure
from mmsent.files import write_json, write_text
from mmsent.report.learning_curve import learning_curve_values
from mmsent.report.render import rendered
from mmsent.tables import Json, Table, write_table


def write_learning_curve(
    folds: Table,
    predictions: dict[str, dict[float, list[Table]]],
    runs: dict[str, dict[float, list[Json]]],
    versions: dict[str, list[Table]],
    bootstrap: dict[str, Any],
    figure: Path,
    csv: Path,
    numbers: Path,
    document: Path,
) -> None:
    """Write the figure, the scores, all numbers and the document.

    Parameters
    ----------
    predictions, runs
        Predictions and metrics of each fold, by experiment and fraction of the training posts.
    versions
        Predictions of the model versions.
    """
    tables = {
        name: {fraction: pooled(part, folds) for fraction, part in parts.items()}
        for name, parts in predictions.items()
    }
    train_posts = {
        name: {f: np.mean([run["train_posts"] for run in part]) for f, part in parts.items()}
        for name, parts in runs.items()
    }
    compared = {name: pooled(part, folds) for name, part in versions.items()}
    curve = learning_curve(tables, train_posts, compared, **bootstrap)
    save_figure(learning_curve_figure(curve), figure)
    write_table(csv, pd.DataFrame(curve["rows"]))
    write_json(numbers, curve)
    write_text(document, rendered("learning_curve.md.j2", curve=learning_curve_values(curve)))
