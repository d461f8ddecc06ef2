"""Settings of the encoders behind names: config/models/*.yaml."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, create_model, model_validator

from mmsent.config.network import PIXELS
from mmsent.config.validation import Settings, validated

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

#: Where weights come from: ``package:NAME/PATH`` inside an installed Python package, a path, or,
#: with a revision, the id ``owner/name`` of a model hub.
Source = Annotated[str, Field(min_length=1)]

#: A mean or a standard deviation of each colour.
Channels = Annotated[list[float], Field(min_length=3, max_length=3)]

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")


class Weights(Settings):
    """Where weights come from; a hub's are pinned by ``revision``, others by ``sha256``."""

    kind: str
    source: Source
    revision: str | None = Field(None, min_length=1, description="commit, if source is a hub id")
    sha256: Sha256 | None = Field(None, description="of the file of weights")

    @model_validator(mode="after")
    def _weights_are_pinned(self) -> "Weights":
        hub_id = _HUB_ID.fullmatch(self.source)
        if self.revision and not hub_id:
            raise ValueError(f"revision goes with a hub id owner/name, not with {self.source!r}")
        if hub_id and not self.revision and not self.sha256:
            raise ValueError(
                f"{self.source!r} reads as a hub id, which needs a revision (a commit); "
                "if it is a path, give the sha256 of its weights"
            )
        return self


class Checkpoint(Weights):
    """A folder in the format of transformers: weights, settings and a tokenizer."""

    kind: Literal["transformers"]


class TextEncoder(Checkpoint):
    """A transformer for text: BERT and its kin, DeBERTa of any version."""

    max_length: int = Field(64, ge=4, le=512, description="tokens; longer texts are cut off")


class ImageEncoder(Settings):
    """A timm architecture with a file of weights."""

    kind: Literal["timm"]
    architecture: str
    source: Source
    sha256: Sha256
    size: int = Field(224, ge=32, description="side of the image in pixels")
    crop_share: float = Field(1.0, gt=0, le=1, description="size / resized shorter side")
    fused: bool = Field(True, description="on a CPU, onnxruntime runs the network, layers fused")
    mean: Channels
    std: Channels


class EncoderPair(Settings):
    """A text encoder and an image encoder of the same file, not trained together."""

    kind: Literal["pair"]
    text: Literal["text"]
    image: Literal["image"]


class OpenClip(Weights):
    """A CLIP of open_clip with its tokenizer, image size, mean and deviation.

    ``source`` is a hub id or a folder with ``open_clip_config.json``; with an ``architecture``, a
    file of weights.
    """

    kind: Literal["open_clip"]
    architecture: str | None = Field(
        None, min_length=1, description="open_clip's name; OpenAI's weights want ...-quickgelu"
    )
    max_length: int = Field(77, ge=4, description="tokens; longer texts are cut off")

    @model_validator(mode="after")
    def _architecture_goes_with_a_file(self) -> "OpenClip":
        if self.architecture and self.revision:
            raise ValueError(
                "architecture goes with a file of weights; a hub id has an open_clip_config.json: "
                "remove architecture, or name a file as source and its sha256"
            )
        return self


class TransformersClip(Checkpoint):
    """A ``CLIPModel`` of transformers; mean, deviation and size are those of its processor."""

    max_length: int = Field(77, ge=4, le=512, description="tokens; longer texts are cut off")


ClipEncoder = Annotated[EncoderPair | OpenClip | TransformersClip, Field(discriminator="kind")]

_CLIP_KINDS: dict[str, type[Settings]] = {
    "pair": EncoderPair,
    "open_clip": OpenClip,
    "transformers": TransformersClip,
}


class TinyVlm(Settings):
    """A Qwen2-VL with random weights, made on the spot: an exercise of the code, never a result.

    The sizes are those of its language model and its vision tower; those of Qwen2-VL-2B, written
    out, give a network that takes as much memory and time as the real one.
    """

    kind: Literal["tiny"]
    seed: int = 0
    hidden_size: int = Field(64, ge=16, description="of the language model")
    layers: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    key_value_heads: int = Field(2, ge=1)
    intermediate_size: int = Field(128, ge=16)
    vision_size: int = Field(32, ge=16)
    vision_layers: int = Field(2, ge=1)
    vision_heads: int = Field(2, ge=1)

    @model_validator(mode="after")
    def _heads_share_evenly(self) -> "TinyVlm":
        for size, heads in (("hidden_size", "heads"), ("vision_size", "vision_heads")):
            # Positions in three dimensions turn pairs of a head's numbers.
            if getattr(self, size) % (8 * getattr(self, heads)):
                raise ValueError(f"{size} must be a multiple of 8 times {heads}")
        if self.heads % self.key_value_heads:
            raise ValueError("heads must be a multiple of key_value_heads")
        return self


class VlmCheckpoint(Checkpoint):
    """A Qwen2-VL or Qwen2.5-VL of transformers, with its processor."""


VlmModel = Annotated[TinyVlm | VlmCheckpoint, Field(discriminator="kind")]

_VLM_KINDS: dict[str, type[Settings]] = {"tiny": TinyVlm, "transformers": VlmCheckpoint}


class Pixels(Settings):
    """How images become pixels, for networks that are trained on them from scratch."""

    size: int = Field(224, ge=16, description="side of the image in pixels")
    crop_share: float = Field(1.0, gt=0, le=1, description="size / resized shorter side")
    mean: Channels
    std: Channels


class Models(Settings):
    """Every encoder name that experiments may use."""

    text: TextEncoder
    image: ImageEncoder
    clip: ClipEncoder
    pixels: Pixels
    vlm: VlmModel

    def specification(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the settings that determine an encoder's embeddings; a pair's with its members."""
        names = [name]
        if name == "clip" and isinstance(self.clip, EncoderPair):
            names += [self.clip.text, self.clip.image]
        return {part: getattr(self, part).model_dump() for part in names}


#: Which modality each encoder name can encode.
ENCODES: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "image": ("image",),
    "clip": ("text", "image"),
    PIXELS: ("image",),
}


def models_of(content: dict[str, Any], where: str) -> Models:
    """Validate the encoders of a profile; ``where`` begins each message.

    Raises
    ------
    ConfigError
        One line for each wrong setting.
    """
    return validated(_models_of(content), content, lambda _: where)


def _models_of(content: dict[str, Any]) -> type[Models]:
    """:class:`Models` with the kinds that a file names, so that messages name keys plainly."""
    fields: dict[str, Any] = {}
    for name, kinds in (("clip", _CLIP_KINDS), ("vlm", _VLM_KINDS)):
        settings = content.get(name)
        kind = settings.get("kind") if isinstance(settings, dict) else None
        if isinstance(kind, str) and kind in kinds:
            fields[name] = (kinds[kind], ...)
    return create_model("Models", __base__=Models, **fields) if fields else Models


def clip_encoder(settings: dict[str, Any]) -> EncoderPair | OpenClip | TransformersClip:
    """The settings of a CLIP, of whichever kind they name."""
    adapter: TypeAdapter[EncoderPair | OpenClip | TransformersClip] = TypeAdapter(ClipEncoder)
    return adapter.validate_python(settings)
