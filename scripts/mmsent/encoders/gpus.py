"""Which GPU a job works on: Snakemake counts how many jobs may have one, not which one each has."""

import fcntl
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"

# Open as long as the process lives: its locks go with it, however it ends.
_held: list[int] = []


def claim_gpu(count: Callable[[], int], folder: Path | None = None) -> str | None:
    """Take the GPU that the fewest of the user's jobs have, and show this process no other.

    The devices are those of ``CUDA_VISIBLE_DEVICES`` if it is set, as it is by Slurm and by people
    who share a machine, else all. Which job has which stands in locks on files, one file for each
    place on a device. The kernel drops the locks of a process that ends, even by SIGKILL, so a file
    that is left behind blocks nothing. Where there are more jobs than devices, they share: whoever
    asks for ``--resources gpu=8`` on four devices means it, and a job that waited could wait for
    one that hangs.

    Only before CUDA starts has it any effect: the driver reads ``CUDA_VISIBLE_DEVICES`` once.

    Parameters
    ----------
    count
        Gives the number of devices; not called if ``CUDA_VISIBLE_DEVICES`` names them.
    folder
        Of the lock files; by default one of the user's own among the temporary files.

    Returns
    -------
    str or None
        The device as ``CUDA_VISIBLE_DEVICES`` now names it; ``None`` if there is none.

    Raises
    ------
    PermissionError
        If the folder belongs to another user.
    """
    devices = _devices(count)
    if not devices:
        return None
    folder = _own(folder or Path(tempfile.gettempdir(), f"mmsent-gpus-{os.getuid()}"))
    # Slurm may give two jobs of one machine the same numbers for different devices.
    where = f"{os.uname().nodename}.{os.environ.get('SLURM_JOB_ID', '')}"
    places = ((place, device) for place in itertools.count() for device in devices)
    place, device = next(
        (place, device)
        for place, device in places
        if _locked(folder / re.sub(r"[^\w.-]", "_", f"{where}.{device}.{place}"))
    )
    if place:
        print(f"GPU {device} has {place} other job(s) already: this one shares it", file=sys.stderr)
    os.environ[VISIBLE] = device
    return device


def _devices(count: Callable[[], int]) -> list[str]:
    """The devices to choose from; as CUDA does, none behind the first empty or negative one."""
    named = os.environ.get(VISIBLE)
    if named is None:
        return [str(number) for number in range(count())]
    parts = (part.strip() for part in named.split(","))
    return list(itertools.takewhile(lambda part: part and not part.startswith("-"), parts))


def _own(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(
            f"{folder}: belongs to another user; remove it, or set TMPDIR to a folder of your own"
        )
    return folder


def _locked(path: Path) -> bool:
    """Whether this process now holds the lock on a file.

    A lock of POSIX belongs to the process alone, unlike one of ``flock``: processes that it forks,
    such as those that decode pictures, do not keep it once it is dead.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX allows either where another has the lock
        os.close(handle)
        return False
    _held.append(handle)
    return True
