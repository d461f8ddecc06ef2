"""Whether posts can be used at all: what every later step would refuse, asked in one go."""

from pathlib import Path

import pandas as pd

from mmsent.data.duplicates import near_duplicate_groups
from mmsent.data.folds import fold_table
from mmsent.data.posts import apply_policy, gather, judge


def check_data(
    dataset: Path,
    texts: pd.DataFrame,
    images: pd.DataFrame,
    policy: str,
    duplicates: tuple[int, int],
    folds: tuple[int, int],
    seed: int,
) -> None:
    """Gather the posts, apply the policy, group near-duplicates and share out to folds.

    Parameters
    ----------
    texts, images
        The indexes.
    duplicates
        Bits of the perceptual hash that may differ, and words that a text must have.
    folds
        Numbers of outer and of inner folds.

    Raises
    ------
    DatasetError
        If a list cannot be read, the policy is "error" and a post is bad, or a class has too few
        posts for the folds.
    """
    listed, problems = gather(dataset, texts, images)
    posts = apply_policy(listed, judge(problems, policy))
    fold_table(posts, near_duplicate_groups(texts, images, *duplicates), *folds, seed)
