"""The device of a job, and how torch computes on it."""

import ctypes
import os

import torch

from mmsent.config.validation import ConfigError
from mmsent.encoders.gpus import VISIBLE, claim_gpu

#: Options of the C library's ``mallopt``, and their largest value.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _LARGEST = -1, -3, 2**31 - 1


def device_for(gpus: int) -> torch.device:
    """Return the device of a job: a claimed GPU if one is allotted to it, else the CPU.

    It has to be called before anything initialises CUDA, which reads the visible devices once.

    Raises
    ------
    ConfigError
        If a GPU is allotted and none can be used: on the CPU the job would silently take hours.
    """
    if gpus <= 0:
        return torch.device("cpu")
    named = os.environ.get(VISIBLE)
    # Counted by NVML, which does not initialise CUDA.
    claimed = claim_gpu(torch.cuda.device_count)
    if claimed and torch.cuda.is_available():
        return torch.device("cuda")
    if claimed and named:
        raise ConfigError(
            f"{VISIBLE}={named}: the GPU {claimed} cannot be used here; name those that "
            "nvidia-smi lists, or set device: cpu"
        )
    raise ConfigError(
        f"device: a GPU is requested, but torch {torch.__version__} finds none that it can use on "
        f"{os.uname().nodename}; see the output of nvidia-smi, or set device: cpu"
    )


def keep_freed_memory() -> None:
    """Let the C library keep large blocks of freed memory for later allocations.

    By default it returns them, and the system clears every page of each layer's output anew: on a
    CPU a third of the time of an image encoder, a quarter of that of training. No result changes.
    Does nothing where the library has no such option.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _LARGEST)


def make_deterministic() -> None:
    """Make torch compute equal bits each time: one thread, deterministic kernels only.

    The order in which threads add up differs between machines, so one thread is used however many
    the job has.
    """
    keep_freed_memory()
    torch.set_num_threads(1)
    # Not use_deterministic_algorithms: it imports the compiler first, which takes a second.
    torch.set_deterministic_debug_mode("error")
    # By default fresh memory is filled, to show reads before writes: a tenth of training.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
