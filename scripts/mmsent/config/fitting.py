"""Settings of how a network is trained, chosen, and what follows its predictions."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mmsent.config.validation import Probability, Settings


class Loss(Settings):
    """Cross-entropy and its class weights."""

    class_weights: Literal["none", "balanced", "square_root"] = Field(
        "none", description="square_root: the square roots of the balanced ones"
    )
    neutral_factor: float = Field(1.0, gt=0, description="times the balanced weight of neutral")
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Optimiser(Settings):
    """AdamW."""

    learning_rate: float = Field(5e-4, gt=0)
    encoder_learning_rate: float | None = Field(
        None, gt=0, description="of the encoder's trained layers; none: the same"
    )
    weight_decay: float = Field(0.01, ge=0)
    clip_norm: float | None = Field(1.0, gt=0)
    batch_size: int = Field(16, ge=2)
    accumulation: int = Field(1, ge=1, description="batches whose gradients make one step")


class Plateau(Settings):
    """Multiply the learning rate by ``factor`` after so many epochs without gain."""

    epochs: int = Field(2, ge=1)
    factor: float = Field(0.5, gt=0, lt=1)


class Schedule(Settings):
    """How long, and how the learning rate moves."""

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
    """Stop once inner validation weighted F1 has not grown by ``threshold`` for so many epochs."""

    patience: int = Field(10, ge=1)
    threshold: float = Field(0.001, ge=0)


class Postprocessing(Settings):
    """Turn hesitant predictions into neutral (the study's sections 3 and 4).

    A post becomes neutral if its confidence is below ``confidence_below``, its neutral probability
    above ``neutral_above`` and at most ``within`` behind the highest. With ``neutral_share``, the
    confidence below which it does is fitted on inner validation, so that this share of its posts
    is predicted neutral; ``confidence_below`` is then the highest that it may be.
    """

    confidence_below: Probability
    neutral_above: Probability = 0.0
    within: Probability = 1.0
    neutral_share: Probability | None = None


class Search(Settings):
    """A seeded random search, judged on each fold's inner validation.

    ``space`` names what is varied; each value is a part of an experiment's settings.
    """

    trials: int = Field(ge=1)
    during: dict[str, Any] = Field(default_factory=dict, description="settings of the trials alone")
    space: dict[str, list[dict[str, Any]]] = Field(min_length=1)
