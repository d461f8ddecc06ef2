"""Weights of encoders: located, fetched, and checked to be those that the profile names."""

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import constants, snapshot_download

from mmsent.config.encoders import Weights
from mmsent.config.validation import ConfigError
from mmsent.files import sha256_bytes, sha256_file

_PACKAGE = "package:"

#: Files of weights of transformers by pattern, best first: safetensors can contain no code.
_FORMATS = (
    "model.safetensors",
    "model-*-of-*.safetensors",
    "pytorch_model.bin",
    "pytorch_model-*-of-*.bin",
)

#: Settings, tokenizers and templates: small files beside the weights.
_SMALL = ("*.json", "*.txt", "*.model", "*.jinja")


class WeightsError(ConfigError):
    """Weights are missing, or not those that the profile names."""


def locate(source: str) -> Path:
    """Return the path of a source: ``package:NAME/PATH`` in an installed package, or a path.

    The package is looked up but not imported: its code does not run.

    Raises
    ------
    WeightsError
        If the package is not installed, or there is no such file or folder.
    """
    if source.startswith(_PACKAGE):
        name, _, inside = source.removeprefix(_PACKAGE).partition("/")
        package = importlib.util.find_spec(name)
        if package is None or package.origin is None:
            raise WeightsError(f"{source}: the package {name} is not installed (see README)")
        path = Path(package.origin).parent / inside
    else:
        path = Path(source).expanduser()
    if not path.exists():
        raise WeightsError(
            f"{source}: no such file or folder; fix source in the profile (a hub id owner/name "
            "needs a revision)"
        )
    return path


def checkpoint_folder(spec: Weights, formats: Sequence[str] = _FORMATS) -> Path:
    """Return the folder of a checkpoint: fetched if it is a hub's, and with its hash checked.

    Raises
    ------
    WeightsError
        If the weights are missing, or not those that ``spec`` names.
    """
    folder = _fetched(spec, formats) if spec.revision else locate(spec.source)
    files = weight_files(folder, formats)
    if not files:
        names = ", ".join(formats)
        raise WeightsError(f"{folder}: contains none of {names}; set source to a folder that does")
    if spec.sha256 or not spec.revision:
        check_sha256(files, spec.sha256)
    return folder


def weight_files(folder: Path, formats: Sequence[str] = _FORMATS) -> list[Path]:
    """Return the files of weights in a folder, of the best format there; several if split."""
    return next(filter(None, (sorted(folder.glob(pattern)) for pattern in formats)), [])


def check_sha256(paths: list[Path], expected: str | None) -> None:
    """Check that files of weights are those that the profile names.

    Parameters
    ----------
    expected
        SHA-256 of the file; of several files, that of their hashes in a row.

    Raises
    ------
    WeightsError
        If a file is missing, or has another hash, or the profile names none.
    """
    for path in paths:
        if not path.is_file():
            raise WeightsError(f"{path}: no such file of weights")
    hashes = [sha256_file(path) for path in paths]
    actual = hashes[0] if len(hashes) == 1 else sha256_bytes("".join(hashes).encode())
    if expected is None:
        raise WeightsError(
            f"{paths[0]}: the profile names no SHA-256 of these weights; "
            f"if they are the ones you mean, write\n  sha256: {actual}"
        )
    if actual != expected:
        raise WeightsError(
            f"{paths[0].name}: SHA-256 is {actual}, the profile names {expected}; "
            "these are other weights, or the file is damaged"
        )


def _fetched(spec: Weights, formats: Sequence[str]) -> Path:
    """Return the folder of a hub's repository at a revision, with weights of one format alone."""
    hub_id, revision, folder = spec.source, spec.revision, Path()
    for pattern in formats:
        patterns = [*_SMALL, pattern]
        try:
            _check_room(hub_id, revision, patterns)
            folder = Path(snapshot_download(hub_id, revision=revision, allow_patterns=patterns))
        except OSError as error:  # no network, no such repository or revision: all are OSErrors
            reason = str(error).strip().splitlines()[0]
            raise WeightsError(
                f"{hub_id} at revision {revision} cannot be fetched from the model hub: {reason} "
                "Run once with network access (HF_HUB_OFFLINE=0), or copy the repository's files "
                "into a folder, set source to it and sha256 instead of revision."
            ) from error
        if weight_files(folder, formats):
            break
    return folder


def _check_room(hub_id: str, revision: str | None, patterns: list[str]) -> None:
    """Raise a WeightsError if the hub's cache has no room for the files that it lacks."""
    if constants.HF_HUB_OFFLINE:
        return
    try:
        listed = snapshot_download(hub_id, revision=revision, allow_patterns=patterns, dry_run=True)
    except OSError:
        return  # no connection: the cache may have all of it, and fetching names what is wrong
    missing = sum(file.file_size or 0 for file in listed if file.will_download)
    cache = Path(constants.HF_HUB_CACHE)
    free = shutil.disk_usage(next(p for p in (cache, *cache.parents) if p.exists())).free
    if missing > free:
        raise WeightsError(
            f"{hub_id}: {missing / 2**30:.1f} GiB have to be fetched and {cache} has "
            f"{free / 2**30:.1f} GiB free; free some, or set HF_HUB_CACHE to another folder"
        )
