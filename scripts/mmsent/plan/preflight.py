"""Requirements of a run, computed and compared with the machine before anything trains."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsent.config.validation import ConfigError

GIB = 2**30

#: Beside the embeddings: runs, figures, documents and logs of a report.
_OTHER_FILES = GIB

#: Python with torch and what a training allocates beside the views that it reads.
_PROCESS = 1.5 * GIB

#: The views that a training reads are in memory twice while they are split.
_COPIES = 2

#: Listed where there is too little room.
_LARGEST = 3


@dataclass(frozen=True)
class Requirements:
    """Bytes that a run takes.

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


def requirements(
    views: Mapping[str, Iterable[Mapping[str, Any]]],
    encoders: Mapping[str, Mapping[str, Any]],
    posts: int,
) -> Requirements:
    """Compute what a run takes.

    Parameters
    ----------
    views
        The views that each experiment reads: ``path``, ``encoder``, ``modality``, ``max_tokens``,
        ``below``.
    encoders
        Of each encoder, by name, its sizes, from :func:`mmsent.encoders.smoke_test.smoke_test`.
    """
    rows = posts + 1  # and the blank one
    sizes = {
        view["path"]: rows * _row_bytes(view, encoders[view["encoder"]])
        for used in views.values()
        for view in used
    }
    memory = {
        name: int(_PROCESS + _COPIES * sum(sizes[view["path"]] for view in used))
        for name, used in views.items()
    }
    return Requirements(sizes, sum(sizes.values()) + _OTHER_FILES, memory)


def _row_bytes(view: Mapping[str, Any], encoder: Mapping[str, Any]) -> int:
    """Bytes of a post in the file of a view."""
    if view["below"]:
        limit = min(view["max_tokens"] or encoder["token_limit"], encoder["token_limit"])
        return int(limit * encoder["token_bytes"])
    return int(encoder["row_bytes"][view["modality"]])


def check_room(wanted: Requirements, results: Path, memory: int | None = None) -> list[str]:
    """Return lines on what is needed and free; ``memory`` in bytes is by default this machine's.

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
            "Lower `views` of its text or image, or leave it out of the tables."
        )
    return [
        f"disk: {_gib(missing)} needed, {_gib(free)} free",
        f"memory: {_gib(most)} for a job of {name}, {_gib(total)} in all; jobs side by side add up",
    ]


def _gib(size: float) -> str:
    return f"{size / GIB:.1f} GiB"
