"""Fold tables with a fraction of the training posts, for learning curves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmsent.files import seed_of
from mmsent.labels import TRAIN, VALIDATION

#: Split of training posts that a fraction leaves out: no job reads it.
LEFT_OUT = "left_out"


def reduced_folds(folds: pd.DataFrame, fractions: Sequence[float], seed: int) -> list[pd.DataFrame]:
    """Return, for each fraction, the fold table with so many of each fold's training posts.

    The other training posts are in split :data:`LEFT_OUT`; validation and test posts are those of
    ``folds``. Near-duplicate groups stay whole, the posts of a fraction contain those of every
    lower one, and each class has about the same fraction. A hash of its name orders the groups,
    so that posts which are added or removed hardly change what is drawn.

    Parameters
    ----------
    folds
        From :func:`mmsent.data.folds.fold_table`.
    fractions
        Above 0, at most 1.

    Returns
    -------
    list of pandas.DataFrame
        ``folds`` with other splits and, for each outer fold, ``refit_{fold}``: the training posts
        and the same fraction of the validation posts, for models that are fitted once more on both.
    """
    reduced: dict[float, pd.DataFrame] = {}
    columns = [column for column in folds if column.startswith("split_")]
    parts = [(column, split) for column in columns for split in (TRAIN, VALIDATION)]
    drawn = {part: folds.index[folds[part[0]] == part[1]] for part in parts}
    for fraction in sorted(fractions, reverse=True):
        table = folds.copy()
        for (column, split), before in drawn.items():
            whole = folds.loc[folds[column] == split, "label"].value_counts().sort_index()
            salt = f"{seed}/fraction/{column}"
            kept = _whole_groups(folds.loc[before], np.ceil(fraction * whole), salt)
            drawn[column, split] = kept
            if split == TRAIN:
                out = folds.index[folds[column] == TRAIN].difference(kept)
                table.loc[out, column] = LEFT_OUT
        for column in columns:
            both = drawn[column, TRAIN].union(drawn[column, VALIDATION])
            table[column.replace("split", "refit")] = table.index.isin(both)
        reduced[fraction] = table
    return [reduced[fraction] for fraction in fractions]


def _whole_groups(posts: pd.DataFrame, room: pd.Series, salt: str) -> pd.Index:
    """The index of the posts of groups, in the order of their hashes, that fit into the room.

    The first group of each class is kept in any case: a class without a post cannot be trained.
    """
    counts = pd.crosstab(posts["group"], posts["label"])
    order = sorted(counts.index, key=lambda group: (seed_of(salt, group), group))
    sizes = dict(zip(counts.index, counts.to_numpy(), strict=True))
    first = {next(g for g in order if sizes[g][label]) for label in range(counts.shape[1])}
    left = room.reindex(counts.columns).to_numpy()
    kept = set()
    for group in sorted(order, key=lambda group: group not in first):
        if group in first or (sizes[group] <= left).all():
            left = left - sizes[group]
            kept.add(group)
    return posts.index[posts["group"].isin(kept)]
