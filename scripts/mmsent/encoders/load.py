"""Loading the encoder of a modality, of whichever kind the profile names."""

from typing import Any

import torch
from torch import nn

from mmsent.config.encoders import (
    ImageEncoder,
    OpenClip,
    Pixels,
    TextEncoder,
    TransformersClip,
    clip_encoder,
)
from mmsent.config.network import PIXELS
from mmsent.encoders.device import keep_freed_memory
from mmsent.encoders.towers import PixelTower

# Loaders are imported where they are called: each needs another heavy package.


def load_tower(encoder: dict[str, Any], modality: str) -> Any:
    """Load the :class:`TextTower` or :class:`ImageTower` that ``Models.specification`` names.

    Raises
    ------
    WeightsError
        If weights are missing, not those that the settings name, or do not fit.
    """
    keep_freed_memory()
    torch.set_num_threads(1)
    clip = clip_encoder(encoder["clip"]) if "clip" in encoder else None
    if isinstance(clip, OpenClip):
        from mmsent.encoders.clip_open import load_open_image, load_open_text

        return load_open_text(clip) if modality == "text" else load_open_image(clip)
    if isinstance(clip, TransformersClip):
        from mmsent.encoders.transformers_towers import load_clip_image_tower, load_text_tower

        return load_text_tower(clip) if modality == "text" else load_clip_image_tower(clip)
    # In place of a CLIP, a pair: the settings of its members are beside it.
    if modality == "text":
        from mmsent.encoders.transformers_towers import load_text_tower

        return load_text_tower(TextEncoder(**encoder["text"]))
    if PIXELS in encoder:
        pixels = Pixels(**encoder[PIXELS])
        return PixelTower(nn.Identity(), pixels.size, pixels.crop_share, pixels.mean, pixels.std)
    from mmsent.encoders.timm_image import load_image_tower

    return load_image_tower(ImageEncoder(**encoder["image"]))
