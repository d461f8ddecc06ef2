"""The loss and its class weights."""

import numpy as np
import torch
from torch import nn

from mmsent.config.fitting import Loss
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


def loss_function(settings: Loss, labels: np.ndarray) -> nn.CrossEntropyLoss:
    """Cross-entropy with the class weights that an experiment names."""
    weights = None
    if settings.class_weights != "none":
        balanced = balanced_class_weights(labels, settings.neutral_factor)
        if settings.class_weights == "square_root":
            balanced = np.sqrt(balanced)
            balanced *= len(LABELS) / balanced.sum()
        weights = torch.tensor(balanced, dtype=torch.float32)
    return nn.CrossEntropyLoss(weights, label_smoothing=settings.label_smoothing)
