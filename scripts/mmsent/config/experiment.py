"""Settings of one experiment: a file in config/experiments/, built on the file that it names."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from mmsent.config.fitting import (
    EarlyStopping,
    Loss,
    Optimiser,
    Postprocessing,
    Schedule,
    Search,
)
from mmsent.config.network import Fusion, Head, ImageInput, Projection, TextInput, Vectors
from mmsent.config.validation import (
    ConfigError,
    Model,
    Settings,
    has_key,
    read_yaml,
    validated,
)

EXPERIMENTS = Path("config/experiments")


class Experiment(Settings):
    """Settings of one experiment; what a training does not use has a default."""

    title: str = ""
    section: str = Field("", description="where the study describes it")
    paper_validation: float = Field(
        0.15, gt=0, lt=1, description="fraction of the posts that the study validates on"
    )
    changes: str = Field("", description="what it adds to the version before, in a sentence")
    modality: Literal["both", "text", "image"]
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


def load_experiment(
    path: str | Path, adjustment: dict[str, Any] | None = None, adjusted_in: str = "adjustment"
) -> Experiment:
    """Read an experiment; see :func:`load_settings`."""
    return load_settings(Experiment, path, adjustment, adjusted_in)


def load_settings(
    model: type[Model],
    path: str | Path,
    adjustment: dict[str, Any] | None = None,
    adjusted_in: str = "adjustment",
) -> Model:
    """Read a file of settings, its bases first, each file overriding key by key.

    Parameters
    ----------
    adjustment
        Settings that override the files', from the adjustments file ``adjusted_in``.

    Raises
    ------
    ConfigError
        One line for each wrong setting, naming the file that it stands in.
    """
    files: list[str | Path] = list(experiment_files(path))
    contents = [{k: v for k, v in read_yaml(file).items() if k != "base"} for file in files]
    if adjustment:
        files.insert(0, adjusted_in)
        contents.insert(0, adjustment)
    merged: dict[str, Any] = {}
    for content in reversed(contents):
        merged = overlaid(merged, content)

    def source(location: tuple[int | str, ...]) -> str:
        for file, content in zip(files, contents, strict=True):
            if has_key(content, location):
                return str(file)
        return str(path)

    return validated(model, merged, source)


def overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """``below`` with the keys of ``above``; mappings are merged, other values replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = overlaid(old, value) if both else value  # type: ignore[arg-type]
    return merged
