"""Views of posts that experiments read: what an encoding job computes, and under which names."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsent import paths
from mmsent.config.augmentation import Augmentation, TextAugmentation
from mmsent.config.experiment import Experiment
from mmsent.config.validation import Settings
from mmsent.files import canonical_json, read_json, sha256_bytes, sorted_keys

#: The image view of evaluation; augmented views are called ``{augmentation}.{number}``.
EVALUATION = "evaluation"


#: Settings of a view without augmentation.
NOT_DRAWN: dict[str, Any] = {"policy": None, "number": 0, "seed": 0}


@dataclass(frozen=True)
class View:
    """A view of the texts or the images of all posts by one encoder.

    Attributes
    ----------
    settings
        What determines the view: of a text ``cleaning``, ``max_tokens`` (0: the encoder's limit),
        ``below`` (0: pooled last states; else the token states below so many last layers), and of
        both ``policy`` (settings of an augmentation, or None), ``number`` of the draw and ``seed``.
    """

    encoder: str
    modality: str
    name: str
    settings: Mapping[str, Any]

    @property
    def path(self) -> str:
        """File of the embeddings."""
        return paths.embeddings(self.encoder, self.modality, self.name)


def text_views(
    experiment: Experiment, augmentations: Mapping[str, TextAugmentation], seed: int
) -> list[View]:
    """The text views that an experiment reads, the text without augmentation first."""
    if "text" not in experiment.modalities:
        return []
    text = experiment.text
    parts: list[str] = [text.cleaning]
    parts += [f"{text.max_tokens}tokens"] if text.max_tokens else []
    parts += [f"below{text.trained_layers}"] if text.trained_layers else []
    fixed = {
        "cleaning": text.cleaning,
        "max_tokens": text.max_tokens or 0,
        "below": text.trained_layers,
    }
    policy = _policy(augmentations, text.augmentation)
    return [
        View(text.encoder, "text", ".".join([*parts, *suffix]), fixed | drawn)
        for suffix, drawn in _draws(text.augmentation, policy, text.views, seed)
    ]


def image_views(
    experiment: Experiment, augmentations: Mapping[str, Augmentation], seed: int
) -> list[View]:
    """The image views that an experiment reads, that of evaluation first."""
    if "image" not in experiment.modalities:
        return []
    image = experiment.image
    policy = _policy(augmentations, image.augmentation)
    return [
        View(image.encoder, "image", ".".join(suffix) or EVALUATION, drawn)
        for suffix, drawn in _draws(image.augmentation, policy, image.views, seed)
    ]


def _policy(augmentations: Mapping[str, Settings], name: str | None) -> dict[str, Any] | None:
    return sorted_keys(augmentations[name].model_dump()) if name else None


def _draws(
    augmentation: str | None, policy: dict[str, Any] | None, number: int, seed: int
) -> list[tuple[list[str], dict[str, Any]]]:
    """End of the name and settings of the view without augmentation and of each augmented one."""
    plain: tuple[list[str], dict[str, Any]] = ([], NOT_DRAWN)
    return [plain] + [
        ([str(augmentation), str(draw)], {"policy": policy, "number": draw, "seed": seed})
        for draw in range(1, number + 1)
    ]


@dataclass(frozen=True)
class EncodingJob:
    """Views of one modality by one encoder that are computed in one job.

    Attributes
    ----------
    keys
        Of each view, a hash of all that determines it beside the posts.
    number
        Among the jobs of its encoder and modality.
    """

    encoder: str
    modality: str
    views: list[View]
    keys: list[str]
    identity: str
    number: int

    @property
    def name(self) -> str:
        """Name of the job's rule."""
        name = f"encode_{self.encoder}_{self.modality}"
        return name if self.number == 1 else f"{name}_{self.number}"

    @property
    def record(self) -> str:
        """File in which the job writes what it has encoded."""
        return paths.encoding_record(self.encoder, self.modality, self.identity)

    @property
    def index(self) -> str:
        """The index of the posts that are encoded."""
        return paths.TEXT_INDEX if self.modality == "text" else paths.IMAGE_INDEX


def encoding_jobs(views: Iterable[View], key: Callable[[View], str]) -> list[EncodingJob]:
    """The jobs that make some views, each view once.

    All views of a modality by an encoder are one job, so that an image is decoded once. Snakemake
    runs all that reads any output of a job that it runs; a view which is added or changed therefore
    has another job than those that earlier ones have made. They are known by their records, in
    which each view has a ``key``: the hash of all that determines it beside the posts.
    """
    named: dict[tuple[str, str], dict[str, View]] = {}
    for view in views:
        named.setdefault((view.encoder, view.modality), {})[key(view)] = view
    jobs: list[EncodingJob] = []
    for (encoder, modality), wanted in named.items():
        records = {path.stem: read_json(path) for path in _records(encoder, modality)}
        recorded = set().union(*records.values())
        new = [view_key for view_key in wanted if view_key not in recorded]
        records |= {sha256_bytes(canonical_json(sorted(new)).encode())[:16]: new}
        number = 0
        for identity, keys in records.items():
            made = [view_key for view_key in wanted if view_key in keys]
            if made:
                number += 1
                members = [wanted.pop(view_key) for view_key in made]
                jobs.append(EncodingJob(encoder, modality, members, made, identity, number))
    return jobs


def _records(encoder: str, modality: str) -> list[Path]:
    """What earlier jobs have encoded, the oldest first."""
    pattern = Path(paths.encoding_record(encoder, modality, "*"))
    return sorted(pattern.parent.glob(pattern.name), key=lambda path: path.stat().st_mtime_ns)
