"""Before a run starts: its folders can be written to, and no other run works in them.

The operating system releases this lock when the process ends, however it ends. Snakemake's lock is
a file that a killed run leaves behind, so that the next run refuses to start until it is unlocked.
"""

import errno
import fcntl
import os
from pathlib import Path
from typing import TextIO

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

#: Beside Snakemake's records; its first line is the process that has locked it.
LOCK = Path(".snakemake/run.lock")

_held: list[TextIO] = []


def check_writable(*folders: Path) -> None:
    """Refuse to start where nothing could be stored; a folder that is not there yet passes.

    Raises
    ------
    WorkflowError
        If a folder may not be written to.
    """
    for folder in folders:
        if folder.exists() and not os.access(folder, os.W_OK):
            raise WorkflowError(
                f"{folder}: may not be written to; give yourself the right (chmod u+w {folder}), "
                "or work in a copy of the project on a disk that can be written to"
            )


def hold_folder(path: Path = LOCK) -> None:
    """Hold the folder until this process ends.

    On a file system without locks, as some network file systems are, a warning is logged instead.

    Raises
    ------
    WorkflowError
        If another run holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            logger.warning(
                f"{path}: this file system has no locks ({error.strerror}), so a second run in "
                "this folder would not be refused: start only one at a time"
            )
            return
        file.seek(0)
        other = file.read().strip() or "unknown"
        raise WorkflowError(
            f"another run works in this folder (process {other}); wait for it, or stop it"
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    _held.append(file)  # closing it would let go
