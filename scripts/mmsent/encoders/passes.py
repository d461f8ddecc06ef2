"""What the passes over texts and over pictures have in common."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from torch import nn
from tqdm import tqdm


def batches(order: np.ndarray, size: int, name: str) -> Iterator[np.ndarray]:
    """Rows in ``order``, ``size`` at a time; progress is shown under ``name``."""
    starts = range(0, len(order), size)
    with tqdm(total=len(order), desc=name, unit="post", mininterval=2) as progress:
        for start in starts:
            batch = order[start : start + size]
            yield batch
            progress.update(len(batch))


def made_by(spec: dict[str, Any], model: nn.Module, index: pd.DataFrame) -> dict[str, Any]:
    """What determines embeddings beside the view: encoder, packages, the files' content."""
    packages = ("torch", "torchvision", "transformers", "timm", "open_clip_torch", "pillow")
    return {
        "encoder": spec,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "versions": {name: version(name) for name in packages},
        "content": [value[:16] for value in index["sha256"]],
    }
