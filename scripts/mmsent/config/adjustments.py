"""Settings of experiments that a set of encoders asks for: config/adjustments/*.yaml."""

from pathlib import Path
from typing import Any

from mmsent.config.experiment import EXPERIMENTS
from mmsent.config.validation import ConfigError, nearest, read_yaml


def load_adjustments(path: str | Path, names: list[str]) -> dict[str, dict[str, Any]]:
    """Read what is set otherwise than in the experiments' own files.

    Parameters
    ----------
    names
        The experiments of this run; the file may adjust others too, which must exist.

    Returns
    -------
    dict
        Experiment name to a part of its settings; what is right there is checked when the
        experiment is read.

    Raises
    ------
    ConfigError
        If an experiment does not exist, or its settings are no mapping.
    """
    content = read_yaml(path)
    for name, settings in content.items():
        if name not in names and not (EXPERIMENTS / f"{name}.yaml").is_file():
            raise ConfigError(f"{path}: {name}: no such experiment{nearest(str(name), names)}")
        if not isinstance(settings, dict):
            raise ConfigError(f"{path}: {name}: expected a mapping of keys, got {settings!r}")
    return content
