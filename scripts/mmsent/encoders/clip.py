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
        # The joined model's text side is this very tower: it need not be joined to read.
        from mmsent.encoders.transformers_text import load_text_tower

        return load_text_tower(TextEncoder(**spec["text"]))
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
        # As on the text side.
        from mmsent.encoders.timm_image import load_image_tower

        return load_image_tower(ImageEncoder(**spec["image"]))
    if isinstance(clip, OpenClip):
        from mmsent.encoders.clip_open import load_open_image

        return load_open_image(clip)
    from mmsent.encoders.clip_transformers import load_transformers_image

    return load_transformers_image(clip)


def check_joined(spec: dict[str, Any]) -> None:
    """Have open_clip join the two towers that CLIP is made of, if it is made of two.

    Raises
    ------
    WeightsError
        If open_clip knows no such text tower, or weights do not fit.
    """
    clip = clip_encoder(spec["clip"])
    if isinstance(clip, TwoTowers):
        from mmsent.encoders.clip_joined import load_two_towers

        load_two_towers(clip, TextEncoder(**spec["text"]), ImageEncoder(**spec["image"]))
