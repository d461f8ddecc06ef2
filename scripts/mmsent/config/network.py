"""Settings of the parts of an experiment's network, from inputs to head."""

from typing import Literal

from pydantic import Field, model_validator

from mmsent.config.validation import Probability, Settings

#: The image "encoder" that stores the pixels themselves, for networks trained from scratch.
PIXELS = "pixels"

#: How a text is cleaned, see :func:`mmsent.data.text.clean_text`.
Cleaning = Literal["none", "whitespace", "basic", "symbols", "sentiment"]

#: How the states of the tokens become one vector: their masked mean, the first, or that of the
#: token in which the encoder summarises a text (end-of-text in CLIP, the first in BERT).
Pooling = Literal["mean", "first", "summary"]

Norm = Literal["batch", "layer", "none"]

#: How modalities are joined; each is a class in mmsent.models.fusion.
Fusion = Literal["late", "early", "attention", "cross_attention", "adaptive"]


class _Augmented(Settings):
    """An input with stored augmented views for training."""

    augmentation: str | None = Field(None, description="a name in the augmentations file")
    views: int = Field(0, ge=0, le=64, description="augmented views of each training post")

    @model_validator(mode="after")
    def _views_need_augmentation(self) -> "_Augmented":
        if (self.augmentation is None) != (self.views == 0):
            raise ValueError("augmentation and views go together: both, or neither")
        return self


class TextInput(_Augmented):
    """What of the text enters the network."""

    encoder: str = Field(description="name of an encoder in the models file")
    cleaning: Cleaning = "none"
    pooling: Pooling = Field("mean", description="how the tokens' states become one vector")
    max_tokens: int | None = Field(None, ge=4, description="longer texts are cut off there")
    trained_layers: int = Field(0, ge=0, description="last layers of the encoder that are trained")

    @model_validator(mode="after")
    def _no_views_of_tokens(self) -> "TextInput":
        if self.trained_layers and self.views:
            raise ValueError("trained_layers reads stored token states, of which there is one view")
        if self.trained_layers and self.pooling == "summary":
            raise ValueError("trained_layers goes with pooling 'mean' or 'first'")
        return self


class ImageNetwork(Settings):
    """A convolutional network over pixels, trained from scratch (mmsent.models.convolution)."""

    kind: Literal["plain", "residual"]
    widths: list[int] = Field(min_length=1)
    blocks: int = Field(2, ge=1, description="residual blocks of each width; plain has one layer")
    dropout: Probability = 0.0


class ImageInput(_Augmented):
    """What of the image enters the network."""

    encoder: str = Field(description="name of an encoder in the models file, or 'pixels'")
    network: ImageNetwork | None = Field(None, description="with encoder 'pixels', and only then")

    @model_validator(mode="after")
    def _pixels_need_a_network(self) -> "ImageInput":
        if (self.encoder == PIXELS) != (self.network is not None):
            raise ValueError("encoder 'pixels' and a network go together: both, or neither")
        return self


class Vectors(Settings):
    """What is done to stored vectors before their projection."""

    standardise: bool = Field(
        False, description="to mean 0 and deviation 1 over the training posts, each dimension"
    )
    dropout: Probability = 0.0


class Projection(Settings):
    """One linear layer for each modality, from the encoder's size to a common one."""

    size: int = Field(512, ge=1)
    norm: Norm = "batch"
    dropout: Probability = 0.3


class Head(Settings):
    """Fully connected layers between fusion and the logits."""

    hidden: list[int] = Field(default_factory=lambda: [512, 256])
    dropout: list[Probability] = Field(default_factory=lambda: [0.3, 0.21])
    norm: Norm = Field("batch", description="in the first layer")

    @model_validator(mode="after")
    def _a_dropout_for_each_layer(self) -> "Head":
        if len(self.hidden) != len(self.dropout):
            raise ValueError("hidden and dropout must be equally long")
        return self
