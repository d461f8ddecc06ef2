"""Smoke test of an encoder: it can be loaded, a full batch fits, and how much a post takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mmsent.config.encoders import ENCODES
from mmsent.config.validation import ConfigError
from mmsent.encoders.device import device_for
from mmsent.encoders.embeddings import in_half
from mmsent.encoders.rows import load_tower

#: Posts of a batch.
_POSTS = 16


@dataclass(frozen=True)
class EncoderSize:
    """What an encoder takes.

    Attributes
    ----------
    parameters, row_bytes
        Number of parameters, and bytes of a post in an embedding file, of each modality.
    token_bytes
        Bytes of a token in a file of token states; 0 without text.
    token_limit
        Tokens at which texts are cut off; 0 without text.
    """

    parameters: dict[str, int]
    row_bytes: dict[str, int]
    token_bytes: int = 0
    token_limit: int = 0


def smoke_test(name: str, encoder: dict[str, Any], gpus: int = 0) -> EncoderSize:
    """Load an encoder and have it encode a batch of the longest texts, and of images.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    ConfigError
        If the GPU has not enough memory.
    """
    parameters, row_bytes, token_bytes, limit = {}, {}, 0, 0
    try:
        for modality in ENCODES[name]:
            tower = load_tower(encoder, modality)
            tower.model.to(device_for(gpus))
            if modality == "text":
                limit = tower.limit(0)
                arrays = tower.encode(["word " * limit] * _POSTS)
                token_bytes = 2 * arrays["mean"].shape[1]
            else:
                images = torch.zeros(_POSTS, 3, tower.size, tower.size, dtype=torch.uint8)
                arrays = {tower.output: tower.encode(images)}
            parameters[modality] = tower.parameters
            row_bytes[modality] = _row_bytes({n: a.cpu().numpy() for n, a in arrays.items()})
    except torch.OutOfMemoryError as error:
        raise ConfigError(
            f"encoder {name}: a batch of {_POSTS} posts does not fit into the GPU's memory "
            f"({str(error).splitlines()[0]}); set device: cpu, name a smaller encoder, or free the "
            "GPU"
        ) from error
    return EncoderSize(parameters, row_bytes, token_bytes, limit)


def _row_bytes(arrays: dict[str, np.ndarray]) -> int:
    return sum(array[0].nbytes for array in in_half(arrays).values())
