"""What a trained network says of posts."""

from dataclasses import dataclass

import numpy as np
import torch

from mmsent.labels import LABELS
from mmsent.models.network import FusionNetwork
from mmsent.training.inputs import Inputs
from mmsent.training.loop import evaluation_batches


@dataclass(frozen=True)
class Prediction:
    """Of some posts.

    Attributes
    ----------
    probabilities
        ``(posts, 3)`` in double precision, from the evaluation views.
    weights
        How much each part of an adaptive fusion weighs, ``(posts, parts)``; None of others.
    """

    probabilities: np.ndarray
    weights: np.ndarray | None


@torch.inference_mode()
def predict(network: FusionNetwork, inputs: Inputs, device: torch.device) -> Prediction:
    """Predict posts; nothing random has a part in it."""
    network.eval()
    inputs = inputs.to(device)
    # Of no posts at all, one empty batch: the arrays keep their shapes.
    batches = [inputs.batch(rows) for rows in evaluation_batches(len(inputs)) if len(rows)]
    if not batches:
        return Prediction(np.zeros((0, len(LABELS))), None)
    logits, weights = zip(*(network.weighed(batch) for batch in batches), strict=True)
    parts = [part for part in weights if part is not None]
    return Prediction(
        torch.softmax(torch.cat(logits).double(), dim=1).cpu().numpy(),
        torch.cat(parts).double().cpu().numpy() if parts else None,
    )
