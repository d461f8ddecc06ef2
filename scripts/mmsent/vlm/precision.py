"""Numbers in which a vision-language model computes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from mmsent.config.validation import ConfigError

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


@dataclass(frozen=True)
class Numbers:
    """A precision on a device.

    Frozen weights are stored in it and matrices are multiplied in it (autocast); adapters, head,
    loss and optimiser stay in single precision.
    """

    name: str
    device: torch.device

    @property
    def dtype(self) -> torch.dtype:
        """Its type in torch."""
        return _TYPES[self.name]

    def autocast(self) -> AbstractContextManager[None]:
        """The context of a forward pass."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.name != "fp32")

    def scaler(self) -> torch.amp.GradScaler:
        """Scales the loss so that half-precision gradients do not vanish; else does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.name == "fp16")


def numbers_for(precision: str, device: torch.device) -> Numbers:
    """The precision that settings name, ``auto`` resolved for the device.

    Raises
    ------
    ConfigError
        If the GPU does not have it.
    """
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "auto":
        precision = "fp32" if device.type == "cpu" else "bf16" if has_bf16 else "fp16"
    elif precision == "bf16" and device.type == "cuda" and not has_bf16:
        raise ConfigError(
            f"precision: {torch.cuda.get_device_name(device)} has no bf16; use fp16, fp32 or auto"
        )
    return Numbers(precision, device)
