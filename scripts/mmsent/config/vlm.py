"""Settings of experiments with a vision-language model: fine-tuned by LoRA, or zero-shot."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from mmsent.config.fitting import Described, Loss, Optimiser, Schedule
from mmsent.config.network import Cleaning, Head
from mmsent.config.validation import Probability, Settings, Text, nearest
from mmsent.labels import LABELS

#: The linear layers of a block of the language model.
Projection = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

#: ``auto``: bf16 on GPUs that have it, fp16 on those that do not, fp32 on the CPU.
PrecisionName = Literal["auto", "bf16", "fp16", "fp32"]


class VlmText(Settings):
    """Text of the prompt."""

    cleaning: Cleaning = "none"
    max_tokens: int = Field(256, ge=4, description="longer texts are cut off there")


class PixelBudget(Settings):
    """Pixels of an image after resizing with its aspect ratio; 28 x 28 of them make one token."""

    min: int = Field(256 * 256, ge=28 * 28)
    max: int = Field(1024 * 1024, ge=28 * 28)

    @model_validator(mode="after")
    def _ordered(self) -> "PixelBudget":
        if self.min > self.max:
            raise ValueError("min must not be above max")
        return self


class Prompted(Described):
    """Settings of every experiment with a vision-language model."""

    paper_validation: float = Field(0.1, gt=0, lt=1)
    prompt: str = Field(min_length=1, description="precedes the text; {labels}: the classes")
    text: VlmText = VlmText()
    pixels: PixelBudget = PixelBudget()
    precision: PrecisionName = "auto"
    four_bit: bool = Field(False, description="the frozen language model in 4 bits")
    folds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = Field(
        [0], description="the folds to run; none: all of them"
    )

    @field_validator("prompt")
    @classmethod
    def _with_labels(cls, prompt: str) -> str:
        return prompt.replace("{labels}", f"{', '.join(LABELS[:-1])} or {LABELS[-1]}")

    @field_validator("folds")
    @classmethod
    def _each_once(cls, folds: list[int] | None) -> list[int] | None:
        if folds is not None and len(set(folds)) < len(folds):
            raise ValueError("a fold is named twice")
        return folds


class Lora(Settings):
    """Low-rank adapters (Hu et al. 2022) on the language model's linear layers."""

    r: int = Field(16, ge=1, description="rank")
    alpha: int = Field(32, ge=1, description="the adapters' output is scaled by alpha / r")
    dropout: Probability = 0.05
    targets: list[Projection] = Field(
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"], min_length=1
    )


class VlmHead(Head):
    """Fully connected layers over the last token's state."""

    hidden: list[int] = Field(default_factory=lambda: [512])
    dropout: list[Probability] = Field(default_factory=lambda: [0.1])
    norm: Literal["layer", "none"] = Field("none", description="batches are too small for theirs")


class VlmOptimiser(Optimiser):
    """AdamW; ``encoder_learning_rate`` is that of the adapters."""

    learning_rate: float = Field(2e-4, gt=0)
    batch_size: int = Field(4, ge=1)


class VlmExperiment(Prompted):
    """A vision-language model with LoRA and a head on the last token's last hidden state."""

    lora: Lora = Lora()
    head: VlmHead = VlmHead()
    loss: Loss = Loss(label_smoothing=0.1)
    optimiser: VlmOptimiser = VlmOptimiser()
    schedule: Schedule = Schedule(epochs=5, kind="cosine", warmup_epochs=0.5)
    gradient_checkpointing: bool = Field(
        False, description="activations computed anew in the backward pass: less memory, more time"
    )


class ZeroShot(Prompted):
    """A vision-language model without training."""

    answers: dict[Text, Text] = Field(
        default_factory=dict,
        validate_default=True,
        description="the word whose likelihood scores each class; by default the class's name",
    )
    batch_size: int = Field(8, ge=1)

    @field_validator("answers")
    @classmethod
    def _one_for_each_class(cls, answers: dict[str, str]) -> dict[str, str]:
        for label in answers:
            if label not in LABELS:
                known = f"labels are {', '.join(LABELS)}"
                raise ValueError(f"no such label: {label!r}{nearest(label, [*LABELS])}; {known}")
        words = {label: answers.get(label, label) for label in LABELS}
        if len({*words.values()}) < len(words) or "" in words.values():
            raise ValueError("each class needs a word of its own")
        return words
