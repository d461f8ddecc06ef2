"""How much memory a run takes, and what to do where it is not enough."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mmsent.config.vlm import Prompted, VlmExperiment, ZeroShot

_MIB = 2**20

#: How torch's allocator for the CPU says that it has no more.
_CPU_MESSAGE = "can't allocate memory"


class OutOfMemoryError(RuntimeError):
    """The device's memory is not enough; the message names the settings to lower."""


def peak_memory(device: torch.device) -> float:
    """The most memory taken so far, in MiB: of tensors on a GPU, else of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / _MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB, but bytes on macOS
    return peak / (_MIB if sys.platform == "darwin" else 1024)


@contextmanager
def memory_advice(settings: Prompted, device: torch.device) -> Iterator[None]:
    """Turn the end of memory into an error that says which settings to lower.

    Raises
    ------
    OutOfMemoryError
        If the block runs out of memory; nothing was written by then.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError(_advice(settings, device, error)) from error
    except RuntimeError as error:
        if _CPU_MESSAGE not in str(error):
            raise
        raise OutOfMemoryError(_advice(settings, device, error)) from error


def _advice(settings: Prompted, device: torch.device, error: BaseException) -> str:
    lines = [f"{settings.title}: {_device_name(device)} has not enough memory."]
    lines += ["In the experiment's file, or its entry in the adjustments file, lower one of:"]
    if isinstance(settings, VlmExperiment):
        optimiser = settings.optimiser
        lines.append(
            f"  optimiser.batch_size: {optimiser.batch_size} (raise optimiser.accumulation, now "
            f"{optimiser.accumulation}, by as much and the steps stay the same)"
        )
    elif isinstance(settings, ZeroShot):
        lines.append(f"  batch_size: {settings.batch_size}")
    if "image" in settings.modalities:
        lines.append(f"  pixels.max: {settings.pixels.max} (a picture has a token for each 784)")
    lines.append(f"  text.max_tokens: {settings.text.max_tokens}")
    if isinstance(settings, VlmExperiment) and not settings.gradient_checkpointing:
        lines.append("or set gradient_checkpointing: true (less memory, about a third more time)")
    if not settings.four_bit and device.type == "cuda":
        lines.append("or set four_bit: true (the frozen language model takes a quarter)")
    return "\n".join([*lines, f"torch says: {str(error).strip().splitlines()[0] or 'nothing'}"])


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory / _MIB
        return f"{torch.cuda.get_device_name(device)} with {total:.0f} MiB"
    return "this machine"
