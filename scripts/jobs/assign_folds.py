"""Assign the labelled posts to grouped, stratified folds."""

from pathlib import Path

from mmsent.data.folds import fold_table
from mmsent.tables import Table, write_table


def assign_folds(
    posts: Table, groups: Table, outer: int, inner: int, seed: int, folds: Path
) -> None:
    """Write the test fold of each labelled post, and its split in every fold."""
    write_table(folds, fold_table(posts, groups, outer, inner, seed))
