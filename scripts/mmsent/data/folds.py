"""Grouped, stratified folds that hardly move when posts come and go."""

import hashlib

import numpy as np
import pandas as pd

from mmsent.data.layout import DatasetError
from mmsent.labels import LABELLED, LABELS, TEST, TRAIN, VALIDATION

#: Room in a fold beyond its even share of a class. Without it the last posts to be placed would
#: have one fold to go to, and every change would push others along.
SLACK = 0.02


def assign_folds(table: pd.DataFrame, folds: int, salt: str) -> pd.Series:
    """Assign each group to a fold by consistent hashing with bounded loads.

    Each group prefers the folds in an order of its own, drawn from a hash of its name; groups take
    their turn by size, then hash, and go to the first fold that has room for their posts in every
    class. Nothing depends on the number or order of the other posts but the room (after Mirrokni,
    Thorup and Zadimoghaddam 2016, "Consistent hashing with bounded loads").

    Parameters
    ----------
    table
        Columns ``group`` and ``label``; a row for each post.
    salt
        Part of every hash: another salt gives other folds.

    Returns
    -------
    pandas.Series
        Fold of each row, 0 to ``folds`` - 1.
    """
    counts = pd.crosstab(table["group"], table["label"])
    room = np.ceil(counts.sum().to_numpy() / folds * (1 + SLACK))
    left = np.tile(room, (folds, 1))
    turns = sorted(counts.index, key=lambda g: (-int(counts.loc[g].sum()), _hash(salt, g)))
    size = dict(zip(counts.index, counts.to_numpy(), strict=True))
    fold_of: dict[str, int] = {}
    for group in turns:
        order = sorted(range(folds), key=lambda fold: _hash(salt, group, fold))
        fits = [fold for fold in order if (left[fold] >= size[group]).all()]
        # A group with many posts of a rare class may fit nowhere: then where it overflows least.
        overflow = [np.maximum(size[group] - left[fold], 0).sum() for fold in order]
        fold = fits[0] if fits else order[int(np.argmin(overflow))]
        left[fold] -= size[group]
        fold_of[group] = fold
    return table["group"].map(fold_of)


def fold_table(
    posts: pd.DataFrame, groups: pd.DataFrame, outer: int, inner: int, seed: int
) -> pd.DataFrame:
    """The grouped protocol: the role of each labelled post in each outer fold.

    Returns
    -------
    pandas.DataFrame
        ``guid``, ``group``, ``label``, ``fold`` (the outer fold in which the post is tested) and,
        for each outer fold, ``role_{fold}``: test, validation or train. No group has two roles.

    Raises
    ------
    DatasetError
        If a class has too few groups of posts to be in every fold.
    """
    labelled = posts.loc[posts["subset"] == LABELLED, ["guid", "label"]]
    table = labelled.merge(groups[["guid", "group"]], on="guid", how="left", validate="one_to_one")
    # A post without any file has no entry in the indexes, hence no group but itself.
    table["group"] = table["group"].fillna(table["guid"])
    _check_enough(table, outer)
    table = table[["guid", "group", "label"]]
    table["fold"] = assign_folds(table, outer, f"{seed}/outer")
    for fold in range(outer):
        rest = table[table["fold"] != fold]
        part = assign_folds(rest, inner, f"{seed}/inner/{fold}")
        role = part.map(lambda number: VALIDATION if number == 0 else TRAIN)
        table[f"role_{fold}"] = role.reindex(table.index).fillna(TEST)
    return table.sort_values("guid", key=lambda guid: guid.astype(int)).reset_index(drop=True)


def _check_enough(table: pd.DataFrame, outer: int) -> None:
    groups = table.groupby("label")["group"].nunique().reindex(range(len(LABELS)), fill_value=0)
    few = [
        f"{name} has {groups[index]}" for index, name in enumerate(LABELS) if groups[index] < outer
    ]
    if few:
        raise DatasetError(
            f"{outer} folds need {outer} distinct posts of each class: {', '.join(few)}; "
            "set folds: outer lower, or bring more posts"
        )


def _hash(*parts: object) -> bytes:
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
