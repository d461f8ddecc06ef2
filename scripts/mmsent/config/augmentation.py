"""Settings of the named augmentations of images and of texts."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, field_validator, model_validator

from mmsent.config.validation import (
    ConfigError,
    Probability,
    Settings,
    nearest,
    read_yaml,
    validated,
)

Pair = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=2)]


class RandomCrop(Settings):
    """A random square of the encoder's size."""


class RandomResizedCrop(Settings):
    """A random part of the image, resized; ``scale``: least and greatest share of its area."""

    scale: Pair


class HorizontalFlip(Settings):
    """Mirrored, with probability ``p``."""

    p: Probability


class Rotation(Settings):
    """Rotated by at most so many degrees either way."""

    degrees: float = Field(ge=0, le=180)


class Translation(Settings):
    """Moved by at most this share of the side in each direction."""

    share: Probability


class ColorJitter(Settings):
    """Each factor drawn from 1 - x to 1 + x."""

    brightness: Probability = 0.0
    contrast: Probability = 0.0
    saturation: Probability = 0.0


class Sharpness(Settings):
    """Sharpened; 1 leaves the image as it is."""

    factor: float = Field(ge=0)


class Blur(Settings):
    """Gaussian blur; ``sigma``: least and greatest, in pixels."""

    sigma: Pair


class Erasing(Settings):
    """A random rectangle erased, with probability ``p``."""

    p: Probability


class OneOf(Settings):
    """With probability ``p`` one of those above 0, its factor drawn from 1 - x to 1 + x."""

    p: Probability
    brightness: Probability = 0.0
    contrast: Probability = 0.0
    saturation: Probability = 0.0
    sharpness: Probability = 0.0

    @model_validator(mode="after")
    def _one_at_least(self) -> "OneOf":
        if not (self.brightness or self.contrast or self.saturation or self.sharpness):
            raise ValueError("one of brightness, contrast, saturation, sharpness must be above 0")
        return self


#: Each operation with the model of its settings.
OPERATIONS: dict[str, type[Settings]] = {
    "random_crop": RandomCrop,
    "random_resized_crop": RandomResizedCrop,
    "horizontal_flip": HorizontalFlip,
    "rotation": Rotation,
    "translation": Translation,
    "color_jitter": ColorJitter,
    "sharpness": Sharpness,
    "blur": Blur,
    "erasing": Erasing,
    "one_of": OneOf,
}


class Augmentation(Settings):
    """One named augmentation."""

    margin: int = Field(0, ge=0, description="pixels beyond the encoder's size before cropping")
    operations: list[dict[str, dict[str, Any]]] = Field(min_length=1)

    @field_validator("operations")
    @classmethod
    def _known(cls, operations: list[dict[str, dict[str, Any]]]) -> list[dict[str, dict[str, Any]]]:
        for operation in operations:
            if len(operation) != 1:
                raise ValueError("each operation is one name with its settings")
            ((name, settings),) = operation.items()
            if name not in OPERATIONS:
                raise ValueError(f"unknown operation {name!r}{nearest(name, list(OPERATIONS))}")
            validated(OPERATIONS[name], settings, lambda _, name=name: name)  # type: ignore[misc]
        return operations


class TextAugmentation(Settings):
    """One named augmentation of texts: a text is changed by one operation, drawn at random."""

    p: Probability = Field(description="with which a text is changed in a view")
    minimum_words: int = Field(4, ge=2, description="shorter texts stay as they are")
    share: Probability = Field(0.1, description="of the words that change, at least one")
    operations: list[Literal["synonym", "swap", "delete"]] = Field(min_length=1)
    similarity: Probability = Field(
        0.6, description="least cosine of a word and its synonym in the encoder's vocabulary"
    )


Named = TypeVar("Named", bound=Settings)


def load_augmentations(path: str | Path, model: type[Named]) -> dict[str, Named]:
    """Read named augmentations, each a ``model``.

    Raises
    ------
    ConfigError
        If a name is no plain word, or a setting is wrong.
    """
    content = read_yaml(path)
    for name in content:
        if not str(name).replace("_", "").isalnum():
            raise ConfigError(f"{path}: {name}: a name is made of letters, digits and _")
    return {
        name: validated(model, settings or {}, lambda _, name=name: f"{path}: {name}")  # type: ignore[misc]
        for name, settings in content.items()
    }
