"""What the history of a run says of each epoch."""

import numpy as np
import torch
from sklearn.metrics import precision_recall_fscore_support


def epoch_scores(labels: torch.Tensor, predicted: torch.Tensor, part: str) -> dict[str, float]:
    """F1, precision, recall (all weighted) and accuracy of classes ``(posts,)``.

    ``part``, train or validation, begins the name of each.
    """
    true, guess = labels.cpu().numpy(), predicted.cpu().numpy()
    precision, recall, f1, _ = precision_recall_fscore_support(
        true, guess, average="weighted", zero_division=0
    )
    return {
        f"{part}_f1": float(f1),
        f"{part}_precision": float(precision),
        f"{part}_recall": float(recall),
        f"{part}_accuracy": float(np.mean(true == guess)),
    }
