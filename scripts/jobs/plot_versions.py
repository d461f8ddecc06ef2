"""Plot training curves and confusion matrices of the versions."""

from pathlib import Path

from mmsent.evaluation.pooling import pooled, read_runs
from mmsent.figures.confusion import confusion_figure
from mmsent.figures.curves import curves_figure
from mmsent.figures.style import save_figures
from mmsent.files import read_json, write_json
from mmsent.tables import read_table


def plot_versions(
    folds: Path,
    histories: dict[str, list[Path]],
    runs: dict[str, list[Path]],
    predictions: dict[str, list[Path]],
    curves: list[Path],
    curve_numbers: Path,
    confusions: list[Path],
    confusion_numbers: Path,
) -> None:
    """Write the figures, and the numbers that they show.

    Parameters
    ----------
    histories, runs
        History and metrics of each fold, by experiment; each has a figure of its curves.
    predictions
        Predictions of each fold, by version; each has a figure of its confusion matrix.
    """
    best = {n: [read_json(path)["best_epoch"] for path in files] for n, files in runs.items()}
    drawn = {n: curves_figure(n, tables, best[n]) for n, tables in read_runs(histories).items()}
    write_json(curve_numbers, save_figures(drawn, curves))
    split = read_table(folds)
    tables = {name: pooled(folds_, split) for name, folds_ in read_runs(predictions).items()}
    drawn = {name: confusion_figure(name, table) for name, table in tables.items()}
    write_json(confusion_numbers, save_figures(drawn, confusions))
