"""Settings of the named augmentations of pictures: config/augmentations.yaml."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from mmsent.config.validation import ConfigError, Settings, nearest, read_yaml, validated

#: Each operation with the settings that it takes.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "random_crop": (),
    "random_resized_crop": ("scale",),
    "horizontal_flip": ("p",),
    "rotation": ("degrees",),
    "translation": ("share",),
    "color_jitter": ("brightness", "contrast", "saturation"),
    "sharpness": ("factor",),
    "blur": ("sigma",),
    "erasing": ("p",),
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
            for key in settings:
                if key not in OPERATIONS[name]:
                    known = ", ".join(OPERATIONS[name]) or "none"
                    raise ValueError(f"{name} has no setting {key!r}; it takes: {known}")
        return operations


def load_augmentations(path: str | Path) -> dict[str, Augmentation]:
    """Read the named augmentations.

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
        name: validated(Augmentation, settings or {}, lambda _, name=name: f"{path}: {name}")  # type: ignore[misc]
        for name, settings in content.items()
    }
