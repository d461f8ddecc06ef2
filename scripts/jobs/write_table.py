"""Write the document of a table of experiments: its scores, figures, and what supports them."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.evaluation.intervals import table_confusions, weighted_f1
from mmsent.evaluation.pooling import pooled
from mmsent.figures.style import save_figures
from mmsent.figures.table import table_figures
from mmsent.files import write_json, write_text
from mmsent.report.render import rendered
from mmsent.report.reported import Reported
from mmsent.report.scores import scores_table
from mmsent.report.statistics import FAMILIES, support_values
from mmsent.report.table import table_values
from mmsent.tables import Json, Numbers, Table
from mmsent.tables import write_table as write


def write_table(
    table: str,
    experiments: dict[str, dict[str, Any]],
    metrics: Json,
    runs: dict[str, list[Json]],
    tests: Json,
    selection: Json,
    folds: Table,
    baselines: dict[str, list[Table]],
    robustness: Numbers,
    slices: Numbers,
    paper: list[Json],
    reported: Reported,
    scores: Path,
    figures: list[Path],
    figure_numbers: Path,
    document: Path,
) -> None:
    """Write the scores of ``versions`` or ``ablation`` as CSV, its figures, and the document.

    Parameters
    ----------
    selection
        The optimism of selecting the best, from ``selection_optimism``.
    baselines
        Predictions of the baselines that are lines in the figure of scores, by their title.
    """
    optimistic = paper[0] if paper else {}
    families = tests["families"]
    write(scores, scores_table(experiments, metrics, runs, reported, families, optimistic))
    # From the file, so that the document shows what the file has.
    numbers = pd.read_csv(scores)
    calibration = {name: metrics[name]["calibration"] for name in experiments}
    f1 = partial(reported.value, metric="weighted_f1")
    lines = {
        title: weighted_f1(table_confusions(pooled(predictions, folds)))
        for title, predictions in baselines.items()
        if not predictions[0].empty
    }
    drawn = table_figures(numbers, tests, calibration, FAMILIES, f1, table.capitalize(), lines)
    write_json(figure_numbers, save_figures(drawn, figures))
    values = table_values(table, numbers, tests, reported)
    values |= support_values(numbers, robustness, slices)
    values |= {"name": table, "selection": selection, "experiments": experiments.values()}
    write_text(document, rendered("table.md.j2", **values))
