"""Settings of training, selection of the epoch, search and postprocessing."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from mmsent.config.validation import Probability, Settings
from mmsent.labels import LABELS

#: What is true of an experiment's file alone: what is built on it does not inherit it.
DESCRIPTION = {"section", "changes"}

#: What documents show of an experiment; no job that trains or predicts depends on it.
ABOUT = DESCRIPTION | {"title", "paper_validation"}


class Described(Settings):
    """What every experiment has: its description, and the modalities that it sees."""

    title: str = ""
    section: str = Field("", description="where the study describes it, if it does")
    paper_validation: float = Field(
        0.15, gt=0, lt=1, description="fraction of the posts that the study validates on"
    )
    changes: str = Field("", description="what it adds to the version before, in a sentence")
    modality: Literal["both", "text", "image"]

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that are used, text first."""
        return ("text", "image") if self.modality == "both" else (self.modality,)


class Loss(Settings):
    """Cross-entropy and its class weights."""

    class_weights: Literal["none", "balanced", "square_root"] = Field(
        "none", description="square_root: the square roots of the balanced ones"
    )
    rare_factor: float = Field(
        1.0, gt=0, description="times the balanced weight of the rare class; 1 without one"
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @field_validator("rare_factor")
    @classmethod
    def _of_rare_class(cls, factor: float) -> float:
        return 1.0 if LABELS.rare is None else factor


class Optimiser(Settings):
    """AdamW."""

    learning_rate: float = Field(5e-4, gt=0)
    encoder_learning_rate: float | None = Field(
        None, gt=0, description="of the encoder's trained layers; none: the same"
    )
    weight_decay: float = Field(0.01, ge=0)
    clip_norm: float | None = Field(1.0, gt=0)
    batch_size: int = Field(16, ge=2)
    accumulation: int = Field(1, ge=1, description="gradient accumulation steps")


class Plateau(Settings):
    """Multiply the learning rate by ``factor`` after ``epochs`` epochs without improvement."""

    epochs: int = Field(2, ge=1)
    factor: float = Field(0.5, gt=0, lt=1)


class Schedule(Settings):
    """Number of epochs, and the learning rate over them."""

    epochs: int = Field(15, ge=1)
    kind: Literal["constant", "cosine"] = "cosine"
    warmup_epochs: float = Field(1.0, ge=0)
    plateau: Plateau | None = None

    @model_validator(mode="after")
    def _warmup_within(self) -> "Schedule":
        if self.warmup_epochs >= self.epochs:
            raise ValueError("warmup_epochs must be below epochs")
        return self


class EarlyStopping(Settings):
    """Stop after ``patience`` epochs without a gain in validation weighted F1 above ``threshold``.

    ``threshold`` is also the min_delta of a new best epoch.
    """

    patience: int = Field(10, ge=1)
    threshold: float = Field(0.001, ge=0)


class Postprocessing(Settings):
    """Reassign low-confidence predictions to the rare class (the study's sections 3 and 4).

    A post is reassigned if its confidence is below ``confidence_below``, and its probability of the
    rare class above ``rare_above`` and at most ``within`` below the highest. With ``rare_share``,
    the confidence threshold is fitted on inner validation so that this fraction of its posts is
    predicted as the rare class; ``confidence_below`` is then its upper limit.
    """

    confidence_below: Probability
    rare_above: Probability = 0.0
    within: Probability = 1.0
    rare_share: Probability | None = None


class Search(Settings):
    """A seeded random search, scored on each fold's inner validation.

    Each value in ``space`` is a part of an experiment's settings.
    """

    trials: int = Field(ge=1)
    during: dict[str, Any] = Field(default_factory=dict, description="settings of the trials alone")
    space: dict[str, list[dict[str, Any]]] = Field(min_length=1)
