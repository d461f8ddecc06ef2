"""Text and image encoders of the models file's ``clip``, of whichever kind."""

from typing import Any

from mmsent.config.encoders import EncoderPair, ImageEncoder, OpenClip, TextEncoder, clip_encoder
from mmsent.encoders.towers import ImageTower, TextTower

# The loaders are imported where they are called: each needs another heavy package.


def clip_text_tower(spec: dict[str, Any]) -> TextTower:
    """Load the text encoder of CLIP, without its projection.

    Parameters
    ----------
    spec
        The settings of ``clip``; of a pair, those of its members too.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, EncoderPair):
        from mmsent.encoders.transformers_text import load_text_tower

        return load_text_tower(TextEncoder(**spec[clip.text]))
    if isinstance(clip, OpenClip):
        from mmsent.encoders.clip_open import load_open_text

        return load_open_text(clip)
    from mmsent.encoders.clip_transformers import load_transformers_text

    return load_transformers_text(clip)


def clip_image_tower(spec: dict[str, Any]) -> ImageTower:
    """Load the image encoder of CLIP, without its projection; ``spec`` as for the text.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, EncoderPair):
        from mmsent.encoders.timm_image import load_image_tower

        return load_image_tower(ImageEncoder(**spec[clip.image]))
    if isinstance(clip, OpenClip):
        from mmsent.encoders.clip_open import load_open_image

        return load_open_image(clip)
    from mmsent.encoders.clip_transformers import load_transformers_image

    return load_transformers_image(clip)
