"""Check before anything trains: disk, memory, encoders, a step of each vision-language model."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmsent.config.encoders import TinyVlm, VlmModel
from mmsent.encoders.smoke_test import smoke_test
from mmsent.files import write_json
from mmsent.plan.preflight import check_room, requirements
from mmsent.tables import Table


def preflight(
    posts: Table,
    views: dict[str, list[dict[str, Any]]],
    encoders: dict[str, dict[str, Any]],
    images: Path,
    vlm: VlmModel,
    vlm_experiments: dict[str, dict[str, Any]],
    checked: Path,
    gpus: int = 0,
) -> None:
    """Write what the run takes; print what is needed and what is free.

    Parameters
    ----------
    views
        The views that each experiment reads.

    Raises
    ------
    InputError
        If disk or memory is not enough, or weights do not fit.
    """
    sizes = {name: smoke_test(name, settings, gpus) for name, settings in encoders.items()}
    wanted = requirements(views, sizes, len(posts))
    lines = check_room(wanted, checked.parent)
    # One with random weights is small, and has no weights that could be missing.
    if not isinstance(vlm, TinyVlm) and vlm_experiments:
        from mmsent.vlm.smoke_test import smoke_test as vlm_smoke_test

        lines += vlm_smoke_test(vlm_experiments, vlm, posts, images, gpus)
    print("\n".join(lines), file=sys.stderr)
    write_json(checked, asdict(wanted) | {"encoders": sizes})
