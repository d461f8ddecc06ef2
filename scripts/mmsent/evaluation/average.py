"""The average of several experiments: the mean of their probabilities, without weights."""

from collections.abc import Sequence

import pandas as pd

from mmsent.evaluation.pooling import prediction_columns
from mmsent.labels import LABELS

_POST = ["guid", "fold", "subset", "label"]


def averaged_predictions(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average the predictions of experiments on one fold, post by post.

    Parameters
    ----------
    tables
        A predictions table of each experiment. Splits that only some of them predict are left out.

    Returns
    -------
    pandas.DataFrame
        A predictions table; the class is the most probable one, whatever post-processing made of
        that of an experiment.

    Raises
    ------
    ValueError
        If they do not predict the same posts.
    """
    splits = set.intersection(*(set(table["subset"]) for table in tables))
    every = pd.concat(tables, ignore_index=True)
    posts = every[every["subset"].isin(splits)].groupby(_POST, sort=False)[
        LABELS.probability_columns
    ]
    if (posts.size() != len(tables)).any():
        raise ValueError("the experiments do not predict the same posts")
    mean = posts.mean().reset_index()
    mean["predicted"] = mean[LABELS.probability_columns].to_numpy().argmax(1)
    return mean[prediction_columns()]
