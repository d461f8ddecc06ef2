"""Where torch works."""

import torch


def device_for(gpus: int) -> torch.device:
    """The device to work on: the GPU if one is allotted and there, else the CPU."""
    return torch.device("cuda" if gpus > 0 and torch.cuda.is_available() else "cpu")
