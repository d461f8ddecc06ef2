"""The paper protocol: the split of the study."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from mmsent.data.folds import labelled_groups
from mmsent.data.layout import DatasetError
from mmsent.labels import TRAIN, VALIDATION

#: Seed of the study's split, whatever the seed of a run.
PAPER_SEED = 42


def paper_table(posts: pd.DataFrame, groups: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return the paper protocol: the study's split into training and validation posts.

    Stratified by label, with :data:`PAPER_SEED`, over the posts in the order of their list;
    near-duplicates are on both sides. The epoch is selected on the posts that are reported.

    Parameters
    ----------
    share
        Fraction of the labelled posts for validation: 0.2 or 0.15, depending on the section.

    Returns
    -------
    pandas.DataFrame
        ``guid``, ``group``, ``label``, ``fold`` (0) and ``split_0``: validation or train.

    Raises
    ------
    DatasetError
        If there are too few posts of a class to have some on both sides.
    """
    table = labelled_groups(posts, groups)
    try:
        _, held_out = train_test_split(
            table.index, test_size=share, random_state=PAPER_SEED, stratify=table["label"]
        )
    except ValueError as error:
        raise DatasetError(f"paper protocol: {error}; bring more posts of each class") from error
    split = np.where(table.index.isin(held_out), VALIDATION, TRAIN)
    return table.assign(fold=0, split_0=split)
