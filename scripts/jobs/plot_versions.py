"""Plot training curves and confusion matrices of the versions."""

from pathlib import Path

from mmsent.evaluation.pooling import pooled
from mmsent.figures.confusion import confusion_figure
from mmsent.figures.curves import curves_figure
from mmsent.figures.style import save_figures
from mmsent.files import write_json
from mmsent.tables import Json, Table


def plot_versions(
    folds: Table,
    histories: dict[str, list[Table]],
    runs: dict[str, list[Json]],
    predictions: dict[str, list[Table]],
    curves: list[Path],
    curve_numbers: Path,
    confusions: list[Path],
    confusion_numbers: Path,
) -> None:
    """Write the figures, one for each experiment, and the numbers that they show."""
    drawn = {
        name: curves_figure(name, tables, [run["best_epoch"] for run in runs[name]])
        for name, tables in histories.items()
    }
    write_json(curve_numbers, save_figures(drawn, curves))
    drawn = {name: confusion_figure(name, pooled(t, folds)) for name, t in predictions.items()}
    write_json(confusion_numbers, save_figures(drawn, confusions))
