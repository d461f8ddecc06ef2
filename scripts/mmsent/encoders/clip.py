"""CLIP of whichever kind; only the package that a kind needs is imported."""

from typing import Any

from mmsent.config.encoders import (
    ImageEncoder,
    OpenClip,
    TextEncoder,
    TwoTowers,
    clip_encoder,
)
from mmsent.encoders.towers import ImageTower, TextTower


def clip_text_tower(spec: dict[str, Any]) -> TextTower:
    """The text side of CLIP, before its projection.

    Parameters
    ----------
    spec
        The settings of ``clip``, and of the two towers if it is made of them.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, TwoTowers):
        from mmsent.encoders.clip_joined import joined_text_tower

        return joined_text_tower(clip, TextEncoder(**spec["text"]), ImageEncoder(**spec["image"]))
    if isinstance(clip, OpenClip):
        from mmsent.encoders.clip_open import load_open_text

        return load_open_text(clip)
    from mmsent.encoders.clip_transformers import load_transformers_text

    return load_transformers_text(clip)


def clip_image_tower(spec: dict[str, Any]) -> ImageTower:
    """The picture side of CLIP, before its projection; ``spec`` as for the text.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, TwoTowers):
        # The joined model's picture side is this very tower: it need not be joined to see.
        from mmsent.encoders.timm_image import load_image_tower

        return load_image_tower(ImageEncoder(**spec["image"]))
    if isinstance(clip, OpenClip):
        from mmsent.encoders.clip_open import load_open_image

        return load_open_image(clip)
    from mmsent.encoders.clip_transformers import load_transformers_image

    return load_transformers_image(clip)
