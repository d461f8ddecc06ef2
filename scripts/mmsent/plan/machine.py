"""What the machine has that jobs ask for."""

import os
from pathlib import Path

from mmsent.config.validation import ConfigError


def gpus_here(device: str) -> int:
    """GPUs that a job which can use one asks for: 0 or 1.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``; ``auto``: 1 if the machine shows one.
    """
    if device != "auto":
        return int(device == "cuda")
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return int(not hidden and bool(list(Path("/dev").glob("nvidia[0-9]*"))))


def require_named_device(device: str) -> None:
    """Refuse ``auto`` where jobs run on other machines: it would look at this one.

    Raises
    ------
    ConfigError
        If the device is ``auto``.
    """
    if device == "auto":
        raise ConfigError(
            "device: 'auto' looks at the machine on which Snakemake runs, but the jobs of this"
            " executor run on others: say --config device=cuda or --config device=cpu"
        )
