"""Fetching a pinned revision of a checkpoint from a model hub."""

from collections.abc import Callable, Sequence
from pathlib import Path

from huggingface_hub import snapshot_download

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

    Parameters
    ----------
    formats
        For each format, best first, the patterns of its files; the next one is fetched only if a
        folder is not ``complete``.

    Raises
    ------
    WeightsError
        If the hub cannot be reached and its cache lacks the files, or nothing there fits.
    """
    for patterns in formats:
        try:
            found = snapshot_download(
                hub_id, revision=revision, allow_patterns=[*_SMALL, *patterns]
            )
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
