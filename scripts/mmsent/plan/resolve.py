"""Resolving an experiment: its file, the files that it is built on, and the profile's overrides."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsent.config.experiment import Experiment
from mmsent.config.fitting import ABOUT, DESCRIPTION
from mmsent.config.validation import (
    ConfigError,
    has_key,
    located,
    nearest,
    overlaid,
    read_yaml,
    validated,
)
from mmsent.config.vlm import VlmExperiment, ZeroShot
from mmsent.files import sorted_keys
from mmsent.sources import ROOT

EXPERIMENTS = Path("config/experiments")


@dataclass(frozen=True)
class Resolved:
    """An experiment as a run trains it.

    Attributes
    ----------
    files
        The experiment's file and those that it is built on.
    layers
        The settings of each source, by its name: the profile's override of a file before the file,
        the experiment before its base. The first that has a key decides.
    """

    name: str
    settings: Experiment | VlmExperiment | ZeroShot
    files: list[str]
    layers: list[tuple[str, dict[str, Any]]]

    def origin(self, *key: str | int) -> str:
        """Name of the source that a key stems from: a file, or ``default``."""
        return next((name for name, layer in self.layers if has_key(layer, key)), "default")

    def for_jobs(self) -> dict[str, Any]:
        """The settings without what only documents show, in an order that no file decides."""
        return sorted_keys(self.settings.model_dump(exclude=ABOUT))


def resolve(
    name: str, overrides: Mapping[str, dict[str, Any]], profile: str = "profile"
) -> Resolved:
    """Resolve an experiment.

    Parameters
    ----------
    name
        Path of the file below config/experiments, without its suffix.
    overrides
        The overrides of a profile. That of a base is applied before what is built on it.

    Raises
    ------
    ConfigError
        One line for each wrong setting, naming its file.
    """
    files: list[str] = []
    layers = []
    for path, content in _chain(EXPERIMENTS / f"{name}.yaml"):
        left_out = {"base", *(DESCRIPTION if files else ())}
        above = overrides.get(os.path.relpath(path.with_suffix(""), EXPERIMENTS))
        layers += [(profile, above)] if above else []
        files.append(str(located(path)))
        layers.append((files[-1], {k: v for k, v in content.items() if k not in left_out}))
    merged: dict[str, Any] = {}
    for _, layer in reversed(layers):
        merged = overlaid(merged, layer)

    def source(location: tuple[int | str, ...]) -> str:
        return next((name for name, layer in layers if has_key(layer, location)), files[0])

    if "answers" in merged:
        model: type[Experiment | VlmExperiment | ZeroShot] = ZeroShot
    else:
        model = VlmExperiment if "prompt" in merged else Experiment
    settings = validated(model, merged, source)
    if not settings.title:
        raise ConfigError(f"{files[0]}: title: this key is required")
    return Resolved(name, settings, files, layers)


def _chain(first: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The file of an experiment and those that it is built on, the experiment's first.

    Each comes with its content. The paths are those in the working folder, wherever the files are.
    """
    if not located(first).exists():
        folders = {EXPERIMENTS, ROOT / EXPERIMENTS}
        known = sorted(p.relative_to(folder) for folder in folders for p in folder.rglob("*.yaml"))
        names = [str(path.with_suffix("")) for path in known if path.name == first.name]
        names = names or [str(path.with_suffix("")) for path in known]
        hint = nearest(str(first.relative_to(EXPERIMENTS).with_suffix("")), names)
        raise ConfigError(f"{first}: no such file{hint}")
    seen: list[Path] = []
    current: Path | None = first
    while current is not None:
        if current in seen:
            raise ConfigError(f"{first}: base: the files name each other in a circle: {current}")
        seen.append(current)
        content = read_yaml(located(current))
        yield current, content
        base = content.get("base")
        # Relative to the file; normalised, so that a file has one name.
        current = None if base is None else Path(os.path.normpath(current.parent / str(base)))
