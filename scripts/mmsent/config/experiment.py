"""Settings of one experiment: a file in config/experiments/, built on the file that it names."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mmsent.config.validation import (
    ConfigError,
    Probability,
    Settings,
    has_key,
    read_yaml,
    validated,
)

EXPERIMENTS = Path("config/experiments")

#: How a text is cleaned; what each does stands in mmsent.data.text.
Cleaning = Literal["none", "whitespace", "basic"]

#: How the states of the tokens become one vector.
Pooling = Literal["mean", "first"]


class TextInput(Settings):
    """What of the text enters the network."""

    encoder: str = Field(description="name of an encoder in the models file")
    cleaning: Cleaning = "none"
    pooling: Pooling = Field("mean", description="masked mean of the tokens' states, or the first")


class ImageInput(Settings):
    """What of the picture enters the network."""

    encoder: str = Field(description="name of an encoder in the models file")
    augmentation: str | None = Field(None, description="a name in the augmentations file")
    views: int = Field(0, ge=0, le=64, description="augmented views of each training picture")

    @model_validator(mode="after")
    def _views_need_augmentation(self) -> "ImageInput":
        if (self.augmentation is None) != (self.views == 0):
            raise ValueError("augmentation and views go together: both, or neither")
        return self


class Projection(Settings):
    """One linear layer for each modality, from the encoder's size to a common one."""

    size: int = Field(512, ge=1)
    norm: Literal["batch", "layer", "none"] = "batch"
    dropout: Probability = 0.3


class Head(Settings):
    """Fully connected layers between fusion and the three logits."""

    hidden: list[int] = Field(default_factory=lambda: [512, 256])
    dropout: list[Probability] = Field(default_factory=lambda: [0.3, 0.21])
    norm: Literal["batch", "layer", "none"] = Field("batch", description="in the first layer")

    @model_validator(mode="after")
    def _a_dropout_for_each_layer(self) -> "Head":
        if len(self.hidden) != len(self.dropout):
            raise ValueError("hidden and dropout must be equally long")
        return self


class Loss(Settings):
    """Cross-entropy and its class weights."""

    class_weights: Literal["none", "balanced"] = "none"
    neutral_factor: float = Field(1.0, gt=0, description="times the balanced weight of neutral")
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Optimiser(Settings):
    """AdamW."""

    learning_rate: float = Field(5e-4, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    clip_norm: float | None = Field(1.0, gt=0)
    batch_size: int = Field(16, ge=2)


class Schedule(Settings):
    """How long, and how the learning rate moves."""

    epochs: int = Field(15, ge=1)
    kind: Literal["constant", "cosine"] = "cosine"
    warmup_epochs: float = Field(1.0, ge=0)

    @model_validator(mode="after")
    def _warmup_within(self) -> "Schedule":
        if self.warmup_epochs >= self.epochs:
            raise ValueError("warmup_epochs must be below epochs")
        return self


class EarlyStopping(Settings):
    """Stop once inner validation weighted F1 has not grown by ``threshold`` for so many epochs."""

    patience: int = Field(10, ge=1)
    threshold: float = Field(0.001, ge=0)


class Postprocessing(Settings):
    """Turn hesitant predictions into neutral (the study's section 4)."""

    confidence_below: Probability
    neutral_above: Probability


class Experiment(Settings):
    """One row of the report's tables."""

    title: str
    section: str = Field(description="where the study describes it")
    changes: str = Field("", description="what it adds to the version before, in a sentence")
    modality: Literal["both", "text", "image"]
    text: TextInput
    image: ImageInput
    projection: Projection = Projection()
    fusion: Literal["late"] = "late"
    head: Head = Head()
    loss: Loss = Loss()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    early_stopping: EarlyStopping = EarlyStopping()
    postprocessing: Postprocessing | None = None

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that enter the network, text first."""
        return ("text", "image") if self.modality == "both" else (self.modality,)


def experiment_files(path: str | Path) -> list[Path]:
    """The experiment's file and, behind it, the files that it is built on.

    Raises
    ------
    ConfigError
        If a file is missing or the chain of ``base`` runs in a circle.
    """
    files: list[Path] = []
    current: Path | None = Path(path)
    while current is not None:
        if current in files:
            raise ConfigError(f"{path}: base: the files name each other in a circle: {current}")
        files.append(current)
        base = read_yaml(current).get("base")
        # Relative to the file; normalised, so that one file has one name among a rule's inputs.
        current = None if base is None else Path(os.path.normpath(current.parent / str(base)))
    return files


def load_experiment(path: str | Path) -> Experiment:
    """Read an experiment, its bases first, each file overriding key by key.

    Raises
    ------
    ConfigError
        One line for each wrong setting, naming the file that it stands in.
    """
    files = experiment_files(path)
    contents = [{k: v for k, v in read_yaml(file).items() if k != "base"} for file in files]
    merged: dict[str, Any] = {}
    for content in reversed(contents):
        merged = overlaid(merged, content)

    def source(location: tuple[int | str, ...]) -> str:
        for file, content in zip(files, contents, strict=True):
            if has_key(content, location):
                return str(file)
        return str(path)

    return validated(Experiment, merged, source)


def overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """``below`` with the keys of ``above``; mappings are merged, other values replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = overlaid(old, value) if both else value  # type: ignore[arg-type]
    return merged
