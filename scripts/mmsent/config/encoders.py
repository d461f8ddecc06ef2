"""Settings of the encoders behind names: config/models/*.yaml."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mmsent.config.validation import Settings, read_yaml, validated

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

#: Where weights come from: ``package:NAME/PATH`` inside an installed Python package, or a path.
Source = Annotated[str, Field(min_length=1)]


class TextEncoder(Settings):
    """A transformer of the Hugging Face format in a folder."""

    kind: Literal["transformers"]
    source: Source
    sha256: Sha256 = Field(description="of model.safetensors")
    max_length: int = Field(64, ge=4, le=512, description="tokens; longer texts are cut off")


class ImageEncoder(Settings):
    """A timm architecture with a file of weights."""

    kind: Literal["timm"]
    architecture: str
    source: Source
    sha256: Sha256
    size: int = Field(224, ge=32, description="side of the picture in pixels")
    crop_share: float = Field(1.0, gt=0, le=1, description="size / resized shorter side")
    mean: list[float] = Field(min_length=3, max_length=3)
    std: list[float] = Field(min_length=3, max_length=3)


class ClipEncoder(Settings):
    """An open_clip model made of two towers that the same file describes."""

    kind: Literal["open_clip"]
    text_tower: Literal["text"]
    image_tower: Literal["image"]
    embedding_size: int = Field(256, ge=8)


class Models(Settings):
    """Every encoder name that experiments may use."""

    text: TextEncoder
    image: ImageEncoder
    clip: ClipEncoder

    def specification(self, name: str) -> dict[str, object]:
        """The settings that determine an encoder's embeddings; of CLIP, its towers' too."""
        names = ("clip", self.clip.text_tower, self.clip.image_tower) if name == "clip" else (name,)
        return {part: getattr(self, part).model_dump() for part in names}


#: Which modality each encoder name can encode.
ENCODES: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "image": ("image",),
    "clip": ("text", "image"),
}


def load_models(path: str | Path) -> Models:
    """Read a models file.

    Raises
    ------
    ConfigError
        One line for each wrong setting.
    """
    return validated(Models, read_yaml(path), lambda _: str(path))
