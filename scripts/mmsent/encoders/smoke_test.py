"""Smoke test of an encoder: it can be loaded and encodes a full batch; the size of its rows."""

from typing import Any

import torch

from mmsent.config.encoders import ENCODES
from mmsent.config.validation import ConfigError
from mmsent.encoders.device import device_for
from mmsent.encoders.embeddings import in_half
from mmsent.encoders.load import load_tower

#: Posts of a batch.
_POSTS = 16


def smoke_test(name: str, encoder: dict[str, Any], gpus: int = 0) -> dict[str, Any]:
    """Load an encoder and encode a batch of the longest texts, and one of images.

    Returns
    -------
    dict
        By modality, ``parameters`` and ``row_bytes``: number of parameters, and bytes of a post in
        an embedding file. ``token_bytes``: bytes of a token in a file of token states;
        ``token_limit``: tokens at which texts are cut off; both are 0 without text.

    Raises
    ------
    WeightsError
        If weights are missing, not those that the settings name, or do not fit.
    ConfigError
        If the GPU has not enough memory.
    """
    sizes: dict[str, Any] = {"parameters": {}, "row_bytes": {}, "token_bytes": 0, "token_limit": 0}
    try:
        for modality in ENCODES[name]:
            tower = load_tower(encoder, modality)
            device = device_for(gpus)
            if modality == "text":
                tower.model.to(device)
                limit = tower.limit(0)
                states = tower.encode(["word " * limit] * _POSTS)
                sizes |= {"token_bytes": 2 * states["mean"].shape[1], "token_limit": limit}
            else:
                tower = tower.on(device, _POSTS)
                images = torch.zeros(_POSTS, 3, tower.size, tower.size, dtype=torch.uint8)
                states = {tower.output: tower.encode(images)}
            stored = in_half({name: tensor.cpu().numpy() for name, tensor in states.items()})
            sizes["parameters"][modality] = tower.parameters
            sizes["row_bytes"][modality] = sum(array[0].nbytes for array in stored.values())
    except torch.OutOfMemoryError as error:
        raise ConfigError(
            f"encoder {name}: a batch of {_POSTS} posts does not fit into the GPU's memory "
            f"({str(error).splitlines()[0]}); set device: cpu, name a smaller encoder, or free the "
            "GPU"
        ) from error
    return sizes
