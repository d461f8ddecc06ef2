"""Few posts that changed, encoded in one go: loading an encoder takes longer than they do."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel

from mmsent.encoders.passes import Pass, image_pass, text_pass
from mmsent.encoders.reading import TextReading
from mmsent.encoders.store import Reuse, store_pass

#: Of a view that lacks a greater share, each is left to its own job, so that many run side by side.
FEW = 0.1


class StoredView(BaseModel):
    """A view that some experiment reads, and its stored file; settings as its own job has them."""

    store: Path
    encoder: str
    modality: str
    view: dict[str, Any]


def store_changes(
    views: Iterable[StoredView],
    encoders: Mapping[str, dict[str, Any]],
    indexes: Mapping[str, pd.DataFrame],
    images: Path,
    gpus: int,
) -> dict[str, Reuse]:
    """Bring the stored files up to date that lack few posts.

    Parameters
    ----------
    encoders
        Settings of the encoders by name.
    indexes
        Of the texts and of the pictures, by modality.
    images
        Folder of the pictures.

    Returns
    -------
    dict
        By stored file how many posts it had, were encoded, or are left to the view's own job.

    Raises
    ------
    ConfigError
        If an encoder cannot be loaded.
    """
    # One encoder at a time is held in memory.
    ordered = sorted(views, key=lambda one: (one.modality, one.encoder))
    return {
        str(one.store): store_pass(
            one.store,
            _pass_of(one, encoders[one.encoder], indexes[one.modality], images, gpus),
            FEW,
        )
        for one in ordered
    }


def _pass_of(
    one: StoredView, spec: dict[str, Any], index: pd.DataFrame, images: Path, gpus: int
) -> Pass:
    if one.modality == "text":
        return text_pass(index, spec, TextReading(**one.view), gpus)
    return image_pass(index, images, spec, **one.view, gpus=gpus)
