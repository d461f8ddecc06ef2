"""Few posts that changed, encoded in one go: loading an encoder takes longer than they do."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mmsent.encoders.embeddings import Header, read_header
from mmsent.encoders.passes import Pass, image_pass, text_pass
from mmsent.encoders.posts import Posts
from mmsent.encoders.reading import TextReading
from mmsent.encoders.store import Reuse, store_pass

#: Of a view that lacks a greater share, each is left to its own job, so that many run side by side.
FEW = 0.1


def store_changes(
    store: Path,
    encoders: Collection[dict[str, Any]],
    posts: Mapping[str, Posts],
    images: Path,
    gpus: int,
) -> dict[str, Reuse]:
    """Bring the stored files up to date that lack few posts.

    Parameters
    ----------
    store
        Folder of stored files, ``{encoder}/{modality}.{view}.safetensors``.
    encoders
        Settings of the encoders that are known now; what others made is left as it is.
    posts
        The texts and the pictures, by modality.
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
    done = {}
    # One encoder at a time is held in memory.
    for path in sorted(store.glob("*/*.safetensors"), key=lambda p: (p.name.split(".")[0], p)):
        header = read_header(path)
        if header.settings["encoder"] in encoders:
            wanted = _pass_again(header, posts, images, gpus)
            if wanted.settings == header.settings:
                done[f"{path.parent.name}/{path.name}"] = store_pass(path, wanted, FEW)
    return done


def _pass_again(header: Header, posts: Mapping[str, Posts], images: Path, gpus: int) -> Pass:
    """The pass that made a stored file, over the posts of now."""
    settings = header.settings
    if "reading" in settings:
        reading = TextReading(**settings["reading"])
        return text_pass(posts["text"], settings["encoder"], reading, gpus)
    return image_pass(posts["image"], images, settings["encoder"], **settings["view"], gpus=gpus)
