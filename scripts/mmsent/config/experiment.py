"""Settings of one experiment over encoders: an experiment file, resolved."""

from typing import Any

from pydantic import field_validator, model_validator

from mmsent.config.fitting import (
    Described,
    EarlyStopping,
    Loss,
    Optimiser,
    Postprocessing,
    Schedule,
    Search,
)
from mmsent.config.network import Fusion, Head, ImageInput, Projection, TextInput, Vectors
from mmsent.config.validation import overlaid
from mmsent.labels import LABELS


class Experiment(Described):
    """Settings of one experiment; what a training does not use has a default."""

    text: TextInput
    image: ImageInput
    vectors: Vectors = Vectors()
    projection: Projection | None = Projection()
    fusion: Fusion = "late"
    head: Head = Head()
    loss: Loss = Loss()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    early_stopping: EarlyStopping = EarlyStopping()
    postprocessing: Postprocessing | None = None
    search: Search | None = None

    @field_validator("postprocessing")
    @classmethod
    def _to_rare_class(cls, rule: Postprocessing | None) -> Postprocessing | None:
        return None if LABELS.rare is None else rule

    @model_validator(mode="after")
    def _parts_fit(self) -> "Experiment":
        if self.projection is None and self.fusion != "late":
            raise ValueError("only late fusion works without a projection to a common size")
        if self.fusion == "cross_attention":
            if self.modality != "both" or not self.text.trained_layers or not self.image.network:
                raise ValueError(
                    "cross_attention needs both modalities, tokens (text.trained_layers) and "
                    "patches (image.network)"
                )
            if self.projection is not None and self.projection.norm == "batch":
                raise ValueError("cross_attention needs projection.norm 'layer' or 'none'")
        if self.fusion == "adaptive" and self.modality != "both":
            raise ValueError("adaptive fusion needs both modalities")
        if self.search:
            self.varied(self.search.during)
            for overlays in self.search.space.values():
                for overlay in overlays:
                    self.varied(overlay)
        return self

    def varied(self, *overlays: dict[str, Any]) -> "Experiment":
        """The same experiment with parts of its settings replaced, and no search.

        Raises
        ------
        ValueError
            If the settings are wrong.
        """
        settings = self.model_dump() | {"search": None}
        for overlay in overlays:
            settings = overlaid(settings, overlay)
        return Experiment.model_validate(settings)
