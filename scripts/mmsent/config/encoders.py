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

#: Before the id of a model hub, or a folder, in open_clip's names of architectures.
HUB, FOLDER = "hf-hub:", "local-dir:"

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")


class Checkpoint(Settings):
    """A folder in the format of transformers: a network's weights, its settings, its tokenizer.

    Weights of a hub are pinned by ``revision``, those of a package or a folder by ``sha256``.
    """

    kind: Literal["transformers"]
    source: Source
    revision: str | None = Field(None, min_length=1, description="commit, if source is a hub id")
    sha256: Sha256 | None = Field(None, description="of model.safetensors or pytorch_model.bin")

    @model_validator(mode="after")
    def _weights_are_pinned(self) -> "Checkpoint":
        hub_id = _HUB_ID.fullmatch(self.source)
        if self.revision and not hub_id:
            raise ValueError(f"revision goes with a hub id owner/name, not with {self.source!r}")
        if hub_id and not self.revision and not self.sha256:
            raise ValueError(
                f"{self.source!r} reads as a hub id, which needs a revision (a commit); "
                "if it is a folder, give its sha256"
            )
        return self


class TextEncoder(Checkpoint):
    """A transformer for text: BERT and its kin, DeBERTa of any version."""

    max_length: int = Field(64, ge=4, le=512, description="tokens; longer texts are cut off")


class ImageEncoder(Settings):
    """A timm architecture with a file of weights."""

    kind: Literal["timm"]
    architecture: str
    source: Source
    sha256: Sha256
    size: int = Field(224, ge=32, description="side of the picture in pixels")
    crop_share: float = Field(1.0, gt=0, le=1, description="size / resized shorter side")
    mean: Channels
    std: Channels


class EncoderPair(Settings):
    """A text encoder and an image encoder of the same file, not trained together."""

    kind: Literal["pair"]
    text: Literal["text"]
    image: Literal["image"]


class OpenClip(Settings):
    """A pretrained open_clip model with its own tokenizer and its own mean, deviation and size.

    ``architecture`` is a name that open_clip knows, with a file of weights (``source``) or the tag
    of weights that it downloads (``pretrained``), or stands for both: ``hf-hub:OWNER/NAME`` with a
    ``revision``, or ``local-dir:FOLDER``. OpenAI's weights want a name that ends in ``-quickgelu``.
    """

    kind: Literal["open_clip"]
    architecture: str = Field(min_length=1)
    source: Source | None = Field(None, description="file of weights")
    pretrained: str | None = Field(None, min_length=1, description="open_clip's name of weights")
    revision: str | None = Field(None, min_length=1, description="commit, with hf-hub:")
    sha256: Sha256 | None = Field(None, description="of the file of weights")

    @model_validator(mode="after")
    def _weights_are_named_once(self) -> "OpenClip":
        given = [name for name in ("source", "pretrained") if getattr(self, name)]
        if self.architecture.startswith((HUB, FOLDER)):
            if given:
                raise ValueError(f"{self.architecture} has weights of its own: no {given[0]}")
        elif len(given) != 1:
            raise ValueError("give source (a file of weights) or pretrained (a tag), one of them")
        if self.architecture.startswith(HUB) != (self.revision is not None):
            raise ValueError(f"revision goes with an architecture {HUB}owner/name, and only there")
        if self.revision and not _HUB_ID.fullmatch(self.architecture.removeprefix(HUB)):
            raise ValueError(f"{self.architecture!r} is not {HUB}owner/name")
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
    """How pictures become pixels, for networks that are trained on them from scratch."""

    size: int = Field(224, ge=16, description="side of the picture in pixels")
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


def vlm_model(settings: dict[str, Any]) -> TinyVlm | VlmCheckpoint:
    """The settings of a vision-language model, of whichever kind they name."""
    adapter: TypeAdapter[TinyVlm | VlmCheckpoint] = TypeAdapter(VlmModel)
    return adapter.validate_python(settings)
