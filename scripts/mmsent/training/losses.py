"""Class weights."""

import numpy as np

from mmsent.labels import LABELS, NEUTRAL


def balanced_class_weights(labels: np.ndarray, neutral_factor: float) -> np.ndarray:
    """Weights of the classes in the loss, ``(3,)``, with sum 3.

    The study's section 6: posts / (classes x posts of the class), that of neutral times
    ``neutral_factor``, then normalised. Computed on training posts alone.

    Raises
    ------
    ValueError
        If a class has no post.
    """
    counts = np.bincount(labels, minlength=len(LABELS))
    if (counts == 0).any():
        empty = [name for name, count in zip(LABELS, counts, strict=True) if count == 0]
        raise ValueError(f"no training post is {', '.join(empty)}")
    weights = len(labels) / (len(LABELS) * counts)
    weights[NEUTRAL] *= neutral_factor
    return weights / weights.sum() * len(LABELS)
