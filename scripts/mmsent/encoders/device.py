"""Where torch works."""

import ctypes

import torch

#: Options of the C library's ``mallopt``, and their largest value.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _LARGEST = -1, -3, 2**31 - 1


def device_for(gpus: int) -> torch.device:
    """The device to work on: the GPU if one is allotted and there, else the CPU."""
    return torch.device("cuda" if gpus > 0 and torch.cuda.is_available() else "cpu")


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
