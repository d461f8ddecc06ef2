"""Draw fractions of the training posts of each fold, for the learning curve."""

from pathlib import Path

from mmsent.data.fractions import reduced_folds
from mmsent.tables import Table, write_table


def draw_fractions(folds: Table, fractions: list[float], seed: int, tables: list[Path]) -> None:
    """Write a fold table for each fraction."""
    for table, path in zip(reduced_folds(folds, fractions, seed), tables, strict=True):
        write_table(path, table)
