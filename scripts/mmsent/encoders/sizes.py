"""Loading an encoder to see that it can be: what it consists of, and how large that is."""

from collections.abc import Callable
from typing import Any

from mmsent.config.encoders import ENCODES
from mmsent.encoders.encode_image import image_tower
from mmsent.encoders.encode_text import text_tower
from mmsent.encoders.towers import ImageTower, TextTower


def encoder_sizes(spec: dict[str, Any]) -> dict[str, int]:
    """Load what ``spec`` describes; the number of parameters of its encoder of each modality.

    Raises
    ------
    WeightsError
        If weights are missing, not the ones named, or do not fit.
    """
    towers: dict[str, Callable[[dict[str, Any]], TextTower | ImageTower]]
    towers = {"text": text_tower, "image": image_tower}
    loaded = {modality: towers[modality](spec) for modality in ENCODES[next(iter(spec))]}
    return {modality: tower.parameters for modality, tower in loaded.items()}
