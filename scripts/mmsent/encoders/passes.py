"""A pass of a frozen encoder over one modality of the posts: what it gives, and how.

What a pass asks for is known without torch and pandas; only encoding imports them. A job that finds
every post in the store is therefore over in a moment.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mmsent.config.network import PIXELS
from mmsent.config.validation import ConfigError
from mmsent.encoders.embeddings import BLANK
from mmsent.encoders.posts import Posts
from mmsent.encoders.reading import TextReading
from mmsent.files import canonical_json
from mmsent.sources import code_hash

#: What turns a text or a picture into an encoder's input, and what computes.
_PACKAGES = ("torch", "torchvision", "transformers", "tokenizers", "timm", "open_clip_torch",
             "pillow", "emoji", "scikit-learn")  # fmt: skip

#: Arrays by name, the first axis of which runs over posts.
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Pass:
    """One view of one modality, seen by one encoder.

    Attributes
    ----------
    settings
        All that determines a row beside the post itself.
    guids, content
        The posts and the start of the SHA-256 of what is encoded; the last one is blank.
    encode
        Gives the arrays of some rows, ``(rows, ...)`` each, and the size of the encoder.
    """

    settings: dict[str, Any]
    guids: list[str]
    content: list[str]
    encode: Callable[[Sequence[int]], tuple[Arrays, int]]


def text_pass(posts: Posts, spec: dict[str, Any], reading: TextReading, gpus: int = 0) -> Pass:
    """The pass over some texts with the encoder that ``spec`` describes.

    Raises
    ------
    ConfigError
        If the encoder has no such layers as ``reading`` asks for; when encoding, if it cannot be
        loaded.
    """
    if reading.below and "clip" in spec:
        raise ConfigError("trained_layers goes with encoder 'text', not with clip")

    def encode(rows: Sequence[int]) -> tuple[Arrays, int]:
        from mmsent.encoders.encode_text import encode_texts, text_tower_on

        tower = text_tower_on(canonical_json(spec), gpus)
        return encode_texts(tower, posts.table(), rows, reading), tower.parameters

    return _pass("encode_text", posts, spec, {"reading": asdict(reading)}, gpus, encode)


def image_pass(
    posts: Posts,
    folder: Path,
    spec: dict[str, Any],
    policy: dict[str, Any] | None,
    number: int,
    seed: int,
    gpus: int = 0,
) -> Pass:
    """The pass over some pictures of a folder; no ``policy``: the evaluation view."""

    def encode(rows: Sequence[int]) -> tuple[Arrays, int]:
        from mmsent.encoders.encode_image import encode_images, image_tower_on, view_maker

        tower = image_tower_on(canonical_json(spec), gpus)
        make = view_maker(policy, tower, number, seed)
        return encode_images(tower, posts.table(), rows, folder, make), tower.parameters

    drawn = (number, seed) if policy else (0, 0)
    view = {"policy": policy, "number": drawn[0], "seed": drawn[1]}
    return _pass("encode_image", posts, spec, {"view": view}, gpus, encode)


def _pass(
    script: str,
    posts: Posts,
    spec: dict[str, Any],
    view: dict[str, Any],
    gpus: int,
    encode: Callable[[Sequence[int]], tuple[Arrays, int]],
) -> Pass:
    settings = {
        "encoder": spec,
        "versions": {name: version(name) for name in _PACKAGES},
        "code": code_hash(script),
        "gpu": gpus > 0 and PIXELS not in spec,  # which are only decoded
    } | view
    settings = json.loads(canonical_json(settings))  # as they are read from a file
    content = [*(value[:16] for value in posts.hashes), ""]
    return Pass(settings, [*posts.guids, BLANK], content, encode)
