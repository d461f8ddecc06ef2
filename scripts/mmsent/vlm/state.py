"""Where a training stands after an epoch, in a file: a killed run goes on from there."""

import sys
from pathlib import Path
from typing import Any

import torch

from mmsent.files import canonical_json, sha256_bytes, written_whole


def fingerprint(*parts: object) -> str:
    """What tells one training from another: a hash of all that determines it."""
    return sha256_bytes(canonical_json(list(parts)).encode())


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write tensors, numbers and text, whole: a kill leaves the file of the epoch before."""
    with written_whole(path) as temporary:
        torch.save(state, temporary)


def stored_state(path: Path, mark: str) -> dict[str, Any] | None:
    """The state of the training ``mark``; None if there is none, or that of another training.

    Only tensors and plain values are read (``weights_only``): no code in the file runs.
    """
    if not path.is_file():
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["fingerprint"] != mark:
        print(f"{path}: of other settings, posts or versions: starting anew", file=sys.stderr)
        return None
    return state


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Where torch's global generators stand."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, torch.Tensor], device: torch.device) -> None:
    """Set torch's global generators to where they stood."""
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
