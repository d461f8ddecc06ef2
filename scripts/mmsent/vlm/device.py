"""Precision, memory and cost of the device on which a vision-language model computes."""

import resource
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch

from mmsent.config.validation import ConfigError
from mmsent.config.vlm import Prompted, VlmExperiment, ZeroShot

_MIB = 2**20

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}

#: Part of the message of torch's CPU allocator, which raises a plain RuntimeError.
_CPU_MESSAGE = "can't allocate memory"


class OutOfMemoryError(ConfigError):
    """The device has not enough memory; the message names the settings to lower."""


@dataclass(frozen=True)
class Precision:
    """A precision (bf16, fp16 or fp32) on a device.

    Frozen weights are stored in it and matrices are multiplied in it (autocast); adapters, head,
    loss and optimiser stay in single precision.
    """

    name: str
    device: torch.device

    @property
    def dtype(self) -> torch.dtype:
        """The torch type."""
        return _TYPES[self.name]

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context of a forward pass."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.name != "fp32")

    def scaler(self) -> torch.amp.GradScaler:
        """Return the loss scaler that keeps fp16 gradients from vanishing; else it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.name == "fp16")


def precision_for(name: str, device: torch.device) -> Precision:
    """Return the precision that an experiment names, with ``auto`` resolved for the device.

    Raises
    ------
    ConfigError
        If the GPU does not support it.
    """
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if name == "auto":
        name = "fp32" if device.type == "cpu" else "bf16" if has_bf16 else "fp16"
    elif name == "bf16" and device.type == "cuda" and not has_bf16:
        raise ConfigError(
            f"precision: {torch.cuda.get_device_name(device)} has no bf16; use fp16, fp32 or auto"
        )
    return Precision(name, device)


def peak_memory(device: torch.device) -> float:
    """Return the peak memory in MiB: of tensors on a GPU, of the whole process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / _MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB, but bytes on macOS
    return peak / (_MIB if sys.platform == "darwin" else 1024)


def device_cost(precision: Precision) -> dict[str, object]:
    """Return device, precision and peak memory (MiB) of a run."""
    device = precision.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    return {"device": name, "precision": precision.name, "peak_memory": peak_memory(device)}


@contextmanager
def memory_advice(name: str, settings: Prompted, device: torch.device) -> Iterator[None]:
    """Raise an error that names the settings to lower if the block runs out of memory.

    Raises
    ------
    OutOfMemoryError
        If the block runs out of memory.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and _CPU_MESSAGE not in str(error):
            raise
        machine = "this machine"
        if device.type == "cuda":
            total = torch.cuda.get_device_properties(device).total_memory / _MIB
            machine = f"{torch.cuda.get_device_name(device)} with {total:.0f} MiB"
        lines = [f"{name}: {machine} has not enough memory. Change one of its settings:"]
        lines += _smaller_settings(settings, device)
        lines.append(f"torch says: {str(error).strip().splitlines()[0] or 'nothing'}")
        raise OutOfMemoryError("\n".join(lines)) from error


def _smaller_settings(settings: Prompted, device: torch.device) -> Iterator[str]:
    if isinstance(settings, VlmExperiment):
        optimiser = settings.optimiser
        yield (
            f"  lower optimiser.batch_size: {optimiser.batch_size} (multiply "
            f"optimiser.accumulation: {optimiser.accumulation} to keep the posts of a step)"
        )
    elif isinstance(settings, ZeroShot):
        yield f"  lower batch_size: {settings.batch_size}"
    if "image" in settings.modalities:
        yield f"  lower pixels.max: {settings.pixels.max} (784 pixels are one token)"
    yield f"  lower text.max_tokens: {settings.text.max_tokens}"
    if isinstance(settings, VlmExperiment) and not settings.gradient_checkpointing:
        yield "  set gradient_checkpointing: true (about a third more time)"
    if not settings.four_bit and device.type == "cuda":
        yield "  set four_bit: true (a quarter of the memory of the frozen language model)"
