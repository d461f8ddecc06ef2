"""Grouped, stratified folds that hardly change when posts are added or removed."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmsent.data.layout import DatasetError, guid_order
from mmsent.labels import LABELLED, LABELS, TEST, TRAIN, VALIDATION


def assign_folds(table: pd.DataFrame, folds: int, salt: str, needy: Sequence[int]) -> pd.Series:
    """Assign each group to a fold by consistent hashing with bounded loads.

    A hash of its name orders the folds for each group. Groups are assigned by size, then hash, each
    to the first fold that has room for its posts in every class. Only the room depends on the other
    posts (after Mirrokni, Thorup and Zadimoghaddam 2016, "Consistent hashing with bounded loads").

    Parameters
    ----------
    table
        Columns ``group`` and ``label``; a row for each post.
    salt
        Part of every hash: another salt gives other folds.
    needy
        Folds that must have a post of each class, if there are enough.

    Returns
    -------
    pandas.Series
        Fold of each row, 0 to ``folds`` - 1.
    """
    counts = pd.crosstab(table["group"], table["label"])
    size = dict(zip(counts.index, counts.to_numpy(), strict=True))
    room = np.ceil(counts.sum().to_numpy() / folds)
    left = np.tile(room, (folds, 1))
    fold_of: dict[str, int] = {}
    for group in sorted(size, key=lambda g: (-int(size[g].sum()), _hash(salt, g))):
        order = sorted(range(folds), key=lambda fold: _hash(salt, group, fold))
        fits = [fold for fold in order if (left[fold] >= size[group]).all()]
        # A group with many posts of a rare class may fit nowhere: then where it overflows least.
        overflow = [np.maximum(size[group] - left[fold], 0).sum() for fold in order]
        fold = fits[0] if fits else order[int(np.argmin(overflow))]
        left[fold] -= size[group]
        fold_of[group] = fold
    _give_each_class(fold_of, size, needy, salt)
    return table["group"].map(fold_of)


def _give_each_class(
    fold_of: dict[str, int], size: dict[str, np.ndarray], needy: Sequence[int], salt: str
) -> None:
    """Move a group of a rare class into each needy fold that has none, if one can be spared."""
    for label in range(len(next(iter(size.values())))):
        owners = [group for group in size if size[group][label]]
        for fold in needy:
            held = Counter(fold_of[group] for group in owners)
            if held[fold] or len(owners) < 2:
                continue
            spare = [g for g in owners if fold_of[g] not in needy or held[fold_of[g]] > 1]
            if spare:
                # From the fold that has most of them; small groups first.
                chosen = min(
                    spare,
                    key=lambda g: (-held[fold_of[g]], int(size[g].sum()), _hash(salt, g)),
                )
                fold_of[chosen] = fold


def fold_table(
    posts: pd.DataFrame, groups: pd.DataFrame, outer: int, inner: int, seed: int
) -> pd.DataFrame:
    """Return the grouped protocol: the split of each labelled post in each outer fold.

    Returns
    -------
    pandas.DataFrame
        ``guid``, ``group``, ``label``, ``fold`` (the outer fold in which the post is tested) and,
        for each outer fold, ``split_{fold}``: test, validation or train. No group is in two splits.

    Raises
    ------
    DatasetError
        If a class has too few groups of posts to be in every fold.
    """
    table = labelled_groups(posts, groups)
    _check_enough(table, outer)
    table["fold"] = assign_folds(table, outer, f"{seed}/outer", needy=range(outer))
    for fold in range(outer):
        rest = table[table["fold"] != fold]
        part = assign_folds(rest, inner, f"{seed}/inner/{fold}", needy=[0])
        inner_split = part.map(lambda number: VALIDATION if number == 0 else TRAIN)
        table[f"split_{fold}"] = inner_split.reindex(table.index).fillna(TEST)
        _check_splits(table, fold)
    return table.sort_values("guid", key=lambda guid: guid.map(guid_order)).reset_index(drop=True)


def labelled_groups(posts: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return ``guid``, ``group``, ``label`` of the labelled posts in the order of their list."""
    labelled = posts.loc[posts["subset"] == LABELLED, ["guid", "label"]]
    table = labelled.merge(groups[["guid", "group"]], on="guid", how="left", validate="one_to_one")
    # A post without any file has no entry in the indexes, hence no group but itself.
    table["group"] = table["group"].fillna(table["guid"])
    return table[["guid", "group", "label"]]


def _check_enough(table: pd.DataFrame, outer: int) -> None:
    groups = table.groupby("label")["group"].nunique().reindex(range(len(LABELS)), fill_value=0)
    few = [
        f"{name} has {groups[label]}" for label, name in enumerate(LABELS) if groups[label] < outer
    ]
    lower = "set folds: outer lower, or bring more posts"
    present = [name for label, name in enumerate(LABELS) if groups[label]]
    if 2 <= len(present) < len(LABELS):
        lower += f", or set labels: [{', '.join(present)}]"
    if few:
        raise DatasetError(
            f"{outer} folds need {outer} distinct posts of each class ({', '.join(LABELS)}): "
            f"{', '.join(few)}; {lower}"
        )


def _check_splits(table: pd.DataFrame, fold: int) -> None:
    present = set(zip(table[f"split_{fold}"], table["label"], strict=True))
    for split in (TRAIN, VALIDATION, TEST):
        for label, name in enumerate(LABELS):
            if (split, label) not in present:
                raise DatasetError(
                    f"fold {fold}: no {split} post is {name}; "
                    "set folds: outer lower, or bring more posts of this class"
                )


def _hash(*parts: object) -> bytes:
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
