"""What a run will take of disk and memory, before anything trains."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsent.config.validation import ConfigError
from mmsent.encoders.names import text_view

if TYPE_CHECKING:
    from mmsent.workflow.plan import Plan

GIB = 2**30

#: Beside the embeddings: runs, figures, documents and logs of a report.
_OTHER_FILES = GIB

#: Python with torch and what a training allots beside the views that it reads.
_PROCESS = 1.5 * GIB

#: A training holds the views that it reads, and the same again while they are shared out to roles.
_COPIES = 2

#: Suggested where there is too little room.
_LARGEST = 3


@dataclass(frozen=True)
class Demand:
    """What a run takes, in bytes.

    Attributes
    ----------
    views
        Of each embedding file.
    disk
        Of all files below ``results/``.
    memory
        Of a job of each experiment.
    """

    views: dict[str, int]
    disk: int
    memory: dict[str, int]


def reads(plan: Plan) -> dict[str, list[str]]:
    """The embedding files that each experiment reads."""
    return {n: [*plan.text_embeddings(n), *plan.image_embeddings(n)] for n in plan.experiments}


def encoder_checks(plan: Plan) -> list[str]:
    """The files that say what each used encoder takes."""
    used = dict.fromkeys(Path(path).parent.name for path in plan.embeddings())
    return [f"results/encoders/{encoder}.json" for encoder in used]


def demand(
    read: Mapping[str, Sequence[str]], encoders: Mapping[str, Mapping[str, Any]], posts: int
) -> Demand:
    """What a run takes, by calculation.

    Parameters
    ----------
    read
        Paths of the embedding files that each experiment reads.
    encoders
        Of each encoder, by name, what :class:`mmsent.encoders.trial.Trial` found.
    posts
        Number of posts.
    """
    rows = posts + 1  # and the blank one
    every = dict.fromkeys(path for paths in read.values() for path in paths)
    views = {path: rows * _row_bytes(path, encoders) for path in every}
    memory = {
        name: int(_PROCESS + _COPIES * sum(views[path] for path in paths))
        for name, paths in read.items()
    }
    return Demand(views, sum(views.values()) + _OTHER_FILES, memory)


def _row_bytes(path: str, encoders: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of a post in ``results/embeddings/{encoder}/{modality}.{view}.safetensors``."""
    modality, view = Path(path).stem.split(".", 1)
    encoder = encoders[Path(path).parent.name]
    if modality == "text":
        named = text_view(view)
        if named.below:
            limit = min(named.max_tokens or encoder["token_limit"], encoder["token_limit"])
            return limit * encoder["token_bytes"]
    return encoder["row_bytes"][modality]


def check_room(wanted: Demand, results: Path, memory: int | None = None) -> list[str]:
    """Compare with what is there; lines that say what is needed and what there is.

    Parameters
    ----------
    memory
        Of the machine, in bytes; by default what the system says.

    Raises
    ------
    ConfigError
        If disk or memory is not enough, with what to do.
    """
    there = sum(path.stat().st_size for path in map(Path, wanted.views) if path.is_file())
    missing, free = max(wanted.disk - there, 0), shutil.disk_usage(results).free
    total = memory or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    name, most = max(wanted.memory.items(), key=lambda item: item[1])
    if missing > free:
        largest = sorted(wanted.views.items(), key=lambda item: -item[1])[:_LARGEST]
        listed = "".join(f"\n  {path}: {_gib(size)}" for path, size in largest)
        raise ConfigError(
            f"{results}: {_gib(missing)} more are needed and {_gib(free)} are free. Free some, "
            f"make {results} a link to a folder on a larger disk, or lower `views` of the "
            f"experiments that read the largest files:{listed}"
        )
    if most > total:
        raise ConfigError(
            f"{name}: training takes {_gib(most)} of memory and this machine has {_gib(total)}. "
            "Lower `views` of its text or picture, or leave it out of the tables."
        )
    return [
        f"disk: {_gib(missing)} needed, {_gib(free)} free",
        f"memory: {_gib(most)} for a job of {name}, {_gib(total)} in all; jobs side by side add up",
    ]


def _gib(size: float) -> str:
    return f"{size / GIB:.1f} GiB"
