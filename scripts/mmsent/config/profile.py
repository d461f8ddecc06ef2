"""Settings of a profile: the encoders behind the names that experiments use, and overrides."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from mmsent.config.encoders import Models, models_of
from mmsent.config.validation import (
    ConfigError,
    Settings,
    located,
    overlaid,
    read_yaml,
    validated,
)

PROFILES = Path("config/profiles")


@dataclass(frozen=True)
class Profile:
    """One file of config/profiles.

    Attributes
    ----------
    encoders
        Encoders by the names that experiments use.
    overrides
        By name of an experiment, settings in place of those of its file. What overrides a base
        reaches the experiments that are built on it.
    """

    path: Path
    encoders: Models
    overrides: dict[str, dict[str, Any]]


class _ProfileFile(Settings):
    base: str | None = None
    encoders: dict[str, Any] = Field(default_factory=dict)
    experiments: dict[str, dict[str, Any]] = Field(default_factory=dict)


def profile_path(name: str) -> Path:
    """Path of a profile: ``offline`` is config/profiles/offline.yaml, ``my/own.yaml`` a path."""
    return Path(name) if name.endswith((".yaml", ".yml")) else PROFILES / f"{name}.yaml"


def load_profile(path: Path) -> Profile:
    """Read a profile; overrides are validated when the experiments are resolved.

    A profile may name another as its ``base``: it replaces whole encoders, and overrides
    experiments key by key.

    Raises
    ------
    ConfigError
        One line for each wrong setting.
    """
    encoders, overrides = _read(path)
    path = located(path)
    return Profile(path, models_of(encoders, f"{path}: encoders"), overrides)


def _read(path: Path, *above: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    file = located(path)
    if path in above:
        raise ConfigError(f"{file}: base: the files name each other in a circle")
    content = validated(_ProfileFile, read_yaml(file), lambda _: str(file))
    if content.base is None:
        return content.encoders, content.experiments
    base = Path(os.path.normpath(path.parent / content.base))
    encoders, overrides = _read(base, path, *above)
    return encoders | content.encoders, overlaid(overrides, content.experiments)
