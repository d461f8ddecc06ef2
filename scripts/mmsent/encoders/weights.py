"""Finding encoder weights and making sure that they are the ones meant."""

import importlib.util
from pathlib import Path

from mmsent.config.validation import ConfigError
from mmsent.files import sha256_file

_PACKAGE = "package:"


class WeightsError(ConfigError):
    """Weights are missing or not the ones that the models file names."""


def locate(source: str) -> Path:
    """The path of a source: ``package:NAME/PATH`` inside an installed package, or a path.

    The package is looked up but not imported: its code does not run.

    Raises
    ------
    WeightsError
        If the package is not installed, or there is nothing at the path.
    """
    if source.startswith(_PACKAGE):
        name, _, inside = source.removeprefix(_PACKAGE).partition("/")
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise WeightsError(f"{source}: the package {name} is not installed (see README)")
        path = Path(found.origin).parent / inside
    else:
        path = Path(source)
    if not path.exists():
        raise WeightsError(f"{source}: nothing there")
    return path


def check_sha256(path: Path, expected: str) -> None:
    """Make sure that a file of weights is the one meant.

    Raises
    ------
    WeightsError
        If the file is missing or has another hash.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file of weights")
    actual = sha256_file(path)
    if actual != expected:
        raise WeightsError(
            f"{path.name}: SHA-256 is {actual}, the models file names {expected}; "
            "these are other weights, or the file is damaged"
        )
