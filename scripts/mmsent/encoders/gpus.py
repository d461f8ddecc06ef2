"""Claiming a GPU: Snakemake counts the jobs that may have one, not which one each has."""

import fcntl
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"

# Open as long as the process lives: the kernel drops their locks with it.
_held: list[int] = []


def claim_gpu(count: Callable[[], int], folder: Path | None = None) -> str | None:
    """Claim the GPU that the fewest of the user's jobs have, and hide all others.

    The devices are those of ``CUDA_VISIBLE_DEVICES`` if it is set, as it is by Slurm and by people
    who share a machine, else all. Claims are locks on files, one file for each place on a device.
    The kernel drops the locks of a process that ends, even by SIGKILL, so a file that is left
    behind blocks nothing. Jobs share devices where there are more jobs than devices: that is what
    ``--resources gpu=8`` on four devices requests, and a waiting job could wait for a hanging one.

    It has to be called before CUDA starts: the driver reads ``CUDA_VISIBLE_DEVICES`` once.

    Parameters
    ----------
    count
        Returns the number of devices; not called if ``CUDA_VISIBLE_DEVICES`` names them.
    folder
        Of the lock files; by default a folder of the user among the temporary files.

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
    folder = folder or Path(tempfile.gettempdir(), f"mmsent-gpus-{os.getuid()}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(
            f"{folder}: belongs to another user; remove it, or set TMPDIR to a folder of your own"
        )
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
    """The devices to choose from; as in CUDA, none after the first empty or negative one."""
    named = os.environ.get(VISIBLE)
    if named is None:
        return [str(number) for number in range(count())]
    parts = (part.strip() for part in named.split(","))
    return list(itertools.takewhile(lambda part: part and not part.startswith("-"), parts))


def _locked(path: Path) -> bool:
    """Lock a file for this process; False if another process has locked it.

    A POSIX lock belongs to one process, unlike one of ``flock``: processes that it forks, such as
    those that decode images, do not keep it after its end.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX allows either for a locked file
        os.close(handle)
        return False
    _held.append(handle)
    return True
