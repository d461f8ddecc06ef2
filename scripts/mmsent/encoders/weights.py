"""Finding encoder weights and making sure that they are the ones meant."""

import importlib.util
import json
from pathlib import Path

from mmsent.config.validation import ConfigError
from mmsent.files import sha256_bytes, sha256_file

_PACKAGE = "package:"

#: Files of weights in a folder of transformers, best first: safetensors can hold no code.
SAFETENSORS, PICKLED = "model.safetensors", "pytorch_model.bin"


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
        path = Path(source).expanduser()
    if not path.exists():
        raise WeightsError(
            f"{source}: nothing there; mend source in the models file (a hub id owner/name "
            "needs a revision)"
        )
    return path


def weight_files(folder: Path) -> list[Path]:
    """The files of weights in a folder of transformers: safetensors if there are, else pickled.

    Empty if there are none; several if the weights are split.
    """
    for name in (SAFETENSORS, PICKLED):
        if (folder / name).is_file():
            return [folder / name]
        index = folder / f"{name}.index.json"
        if index.is_file():
            shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            paths = [folder / shard for shard in sorted(set(shards))]
            if all(path.is_file() for path in paths):
                return paths
    return []


def check_sha256(path: Path, expected: str | None) -> None:
    """Make sure that a file of weights is the one meant.

    Raises
    ------
    WeightsError
        If the file is missing, or has another hash, or the models file names none.
    """
    check_files([path], expected)


def check_files(paths: list[Path], expected: str | None) -> None:
    """Make sure that files of weights are the ones meant.

    ``expected`` is the SHA-256 of the file; of several files, that of their hashes one after the
    other.

    Raises
    ------
    WeightsError
        If a file is missing, or the hash is another one, or the models file names none.
    """
    for path in paths:
        if not path.is_file():
            raise WeightsError(f"{path}: no such file of weights")
    hashes = [sha256_file(path) for path in paths]
    actual = hashes[0] if len(hashes) == 1 else sha256_bytes("".join(hashes).encode())
    if expected is None:
        raise WeightsError(
            f"{paths[0]}: the models file names no SHA-256 of these weights; "
            f"if they are the ones you mean, write\n  sha256: {actual}"
        )
    if actual != expected:
        raise WeightsError(
            f"{paths[0].name}: SHA-256 is {actual}, the models file names {expected}; "
            "these are other weights, or the file is damaged"
        )
