"""Trying an encoder out: that it can be loaded, that a full batch fits, and what a post takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from mmsent.config.encoders import ENCODES
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import in_half
from mmsent.encoders.encode_image import encode_images, image_tower_on, view_maker
from mmsent.encoders.encode_text import encode_texts, text_tower_on
from mmsent.encoders.reading import TextReading
from mmsent.files import canonical_json

#: Posts of a trial: a full batch, whatever the encoder's.
_POSTS = 16


@dataclass(frozen=True)
class Trial:
    """What an encoder takes.

    Attributes
    ----------
    parameters
        Of each modality.
    row_bytes
        Of a post in an embedding file, of each modality.
    token_bytes
        Of a token in a file of token states; 0 without text.
    token_limit
        Tokens at which texts are cut off; 0 without text.
    """

    parameters: dict[str, int]
    row_bytes: dict[str, int]
    token_bytes: int = 0
    token_limit: int = 0


def tried(spec: dict[str, Any], gpus: int = 0) -> Trial:
    """Load what ``spec`` describes and have it encode a batch of the longest texts, of pictures.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    ConfigError
        If the GPU has not enough memory.
    """
    parameters, row_bytes, token_bytes, limit = {}, {}, 0, 0
    try:
        for modality in ENCODES[next(iter(spec))]:
            if modality == "text":
                tower = text_tower_on(canonical_json(spec), gpus)
                limit = tower.limit(0)
                post = pd.DataFrame({"guid": ["0"], "text": ["word " * limit]})
                arrays = encode_texts(tower, post, [0] * _POSTS, TextReading())
                token_bytes = 2 * arrays["mean"].shape[1]
                parameters[modality] = tower.parameters
            else:
                pictures = image_tower_on(canonical_json(spec), gpus)
                view = view_maker(None, pictures, 0, 0)
                none = pd.DataFrame({"file": [], "sha256": []})
                arrays = encode_images(pictures, none, [0] * _POSTS, Path(), view)
                parameters[modality] = pictures.parameters
            row_bytes[modality] = _row_bytes(arrays)
    except torch.OutOfMemoryError as error:
        raise ConfigError(
            f"encoder {next(iter(spec))}: a batch of {_POSTS} posts does not fit into the GPU's "
            f"memory ({str(error).splitlines()[0]}); set device: cpu, name a smaller encoder, or "
            "free the GPU"
        ) from error
    return Trial(parameters, row_bytes, token_bytes, limit)


def _row_bytes(arrays: dict[str, np.ndarray]) -> int:
    return sum(array[0].nbytes for array in in_half(arrays).values())
