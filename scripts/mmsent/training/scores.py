"""What the history of a run says of each epoch."""

from typing import Any

import numpy as np
import torch
from sklearn.metrics import f1_score, precision_score, recall_score


def epoch_scores(labels: torch.Tensor, predicted: torch.Tensor, part: str) -> dict[str, float]:
    """F1, precision, recall (all weighted) and accuracy of classes ``(posts,)``.

    ``part``, train or validation, begins the name of each.
    """
    true, guess = labels.cpu().numpy(), predicted.cpu().numpy()
    options: dict[str, Any] = {"average": "weighted", "zero_division": 0}
    return {
        f"{part}_f1": float(f1_score(true, guess, **options)),
        f"{part}_precision": float(precision_score(true, guess, **options)),
        f"{part}_recall": float(recall_score(true, guess, **options)),
        f"{part}_accuracy": float(np.mean(true == guess)),
    }
