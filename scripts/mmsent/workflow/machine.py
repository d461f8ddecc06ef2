"""What the machine has that jobs ask for."""

import os
from pathlib import Path


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
