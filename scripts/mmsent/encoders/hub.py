"""Fetching a pinned revision of a checkpoint from a model hub."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from huggingface_hub import constants, snapshot_download

from mmsent.encoders.weights import WeightsError

#: Settings, tokenizers and templates: small files beside the weights.
_SMALL = ("*.json", "*.txt", "*.model", "*.jinja")


def fetched(
    hub_id: str,
    revision: str,
    formats: Sequence[Sequence[str]],
    complete: Callable[[Path], bool],
) -> Path:
    """The folder of a hub's repository at a revision; of its weights, one format alone.

    What has to be fetched shows its progress.

    Parameters
    ----------
    formats
        For each format, best first, the patterns of its files; the next one is fetched only if a
        folder is not ``complete``.

    Raises
    ------
    WeightsError
        If the hub cannot be reached and its cache lacks the files, or has no room for them, or
        nothing there fits.
    """
    for patterns in formats:
        wanted = [*_SMALL, *patterns]
        try:
            _check_room(hub_id, revision, wanted)
            found = snapshot_download(hub_id, revision=revision, allow_patterns=wanted)
        except OSError as error:  # no network, no such repository or revision: all are OSErrors
            reason = str(error).strip().splitlines()[0]
            raise WeightsError(
                f"{hub_id} at revision {revision} cannot be had from the model hub: {reason} "
                f"Run once with a network (HF_HUB_OFFLINE=0), or copy the repository's files into "
                "a folder, name that folder as source and give its sha256 instead of the revision."
            ) from error
        if complete(Path(found)):
            return Path(found)
    raise WeightsError(f"{hub_id} at revision {revision} holds no weights that can be loaded")


def _check_room(hub_id: str, revision: str, patterns: list[str]) -> None:
    """Raise a WeightsError if the hub's cache has no room for the files that it lacks."""
    if constants.HF_HUB_OFFLINE:
        return
    try:
        listed = snapshot_download(hub_id, revision=revision, allow_patterns=patterns, dry_run=True)
    except OSError:
        return  # not reached: the cache may have all of it, and fetching says what is wrong
    missing = sum(file.file_size or 0 for file in listed if file.will_download)
    cache = Path(constants.HF_HUB_CACHE)
    free = shutil.disk_usage(next(p for p in (cache, *cache.parents) if p.exists())).free
    if missing > free:
        raise WeightsError(
            f"{hub_id}: {missing / 2**30:.1f} GiB have to be fetched and {cache} has "
            f"{free / 2**30:.1f} GiB free; free some, or set HF_HUB_CACHE to another folder"
        )
