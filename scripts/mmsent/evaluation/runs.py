"""Which files belong to which experiment, where a job reads the runs of several."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mmsent.tables import read_table


def files_of(name: str, paths: Iterable[Path]) -> list[Path]:
    """The files of an experiment's runs, ``.../runs/{name}/{fold}/{file}``, by fold.

    Raises
    ------
    ValueError
        If there is none, or a fold has two.
    """
    folder = f"/runs/{name}"
    own = [path for path in paths if f"/{path.parent.parent.as_posix()}".endswith(folder)]
    folds = [int(path.parent.name) for path in own]
    if not own or len(set(folds)) < len(folds):
        raise ValueError(f"{name}: expected one file for each fold, got {len(own)}: {folds}")
    return sorted(own, key=lambda path: int(path.parent.name))


def tables_of(name: str, paths: Iterable[Path]) -> list[pd.DataFrame]:
    """The tables of an experiment's runs, by fold; see :func:`files_of`."""
    return [read_table(path) for path in files_of(name, paths)]
