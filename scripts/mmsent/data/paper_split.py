"""The study's own split: the paper protocol, beside which the grouped one is measured."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from mmsent.data.folds import labelled_groups
from mmsent.data.layout import DatasetError
from mmsent.labels import TRAIN, VALIDATION

#: Seed of the study's split, whatever that of a run.
PAPER_SEED = 42


def paper_table(posts: pd.DataFrame, groups: pd.DataFrame, share: float) -> pd.DataFrame:
    """The paper protocol: the study's own split, into training and validation posts alone.

    Stratified by label, with :data:`PAPER_SEED`, over the posts in the order of their list;
    near-duplicates fall on both sides. The epoch is chosen on the very posts that are reported.

    Parameters
    ----------
    share
        Of the labelled posts, those that are validated on: 0.2 or 0.15, as each section says.

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
    table["fold"] = 0
    table["split_0"] = np.where(table.index.isin(held_out), VALIDATION, TRAIN)
    return table
