"""Where torch works."""

import ctypes
import os

import torch

from mmsent.config.validation import ConfigError
from mmsent.encoders.gpus import VISIBLE, claim_gpu

#: Options of the C library's ``mallopt``, and their largest value.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _LARGEST = -1, -3, 2**31 - 1


def device_for(gpus: int) -> torch.device:
    """The device to work on: a GPU of this job's own if one is allotted, else the CPU.

    To be called before anything else asks CUDA for something, which settles what it sees.

    Raises
    ------
    ConfigError
        If a GPU is allotted and none can be used: on the CPU the job would take hours, and nobody
        would know why.
    """
    if gpus <= 0:
        return torch.device("cpu")
    named = os.environ.get(VISIBLE)
    # Counted by NVML, which leaves CUDA alone.
    claimed = claim_gpu(torch.cuda.device_count)
    if claimed and torch.cuda.is_available():
        return torch.device("cuda")
    if claimed and named:
        raise ConfigError(
            f"{VISIBLE}={named}: the GPU {claimed} cannot be used here; name those that "
            "nvidia-smi lists, or set device: cpu"
        )
    raise ConfigError(
        f"device: a GPU is asked for, and torch {torch.__version__} finds none that it can use on "
        f"{os.uname().nodename}; see what nvidia-smi says, or set device: cpu"
    )


def keep_freed_memory() -> None:
    """Have the C library keep large pieces of freed memory for the next ones.

    By default it hands them back, and the system clears every page of each layer's output anew: on
    a CPU a third of the time of an encoder of pictures. What is computed stays the same. Where the
    library has no such option, nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _LARGEST)


def make_deterministic() -> None:
    """Make torch compute equal bits each time: one thread, deterministic kernels alone.

    The order in which threads add up differs between machines, so one thread is used however many
    the job has.
    """
    torch.set_num_threads(1)
    # Not use_deterministic_algorithms: it imports the compiler first, which takes a second.
    torch.set_deterministic_debug_mode("error")
