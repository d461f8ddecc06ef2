"""Average the predictions of the versions."""

from pathlib import Path

from mmsent.evaluation.average import averaged_predictions
from mmsent.tables import Table, write_table


def average_versions(predictions: dict[str, list[Table]], average: list[Path]) -> None:
    """Write the mean of the probabilities of each fold to ``average``."""
    for tables, path in zip(zip(*predictions.values(), strict=True), average, strict=True):
        write_table(path, averaged_predictions(tables))
