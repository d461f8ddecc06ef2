"""Trying a vision-language model out: one step of training on the posts that take most memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.vlm import VlmExperiment
from mmsent.encoders.device import device_for
from mmsent.vlm.checkpoint import load_vlm, vlm_folder
from mmsent.vlm.loop import trained_parameters
from mmsent.vlm.memory import memory_advice, peak_memory
from mmsent.vlm.precision import numbers_for
from mmsent.vlm.prompts import Posts
from mmsent.vlm.reading import Reading
from mmsent.vlm.run import build


def tried(
    experiments: Mapping[str, dict[str, Any]],
    spec: TinyVlm | VlmCheckpoint,
    posts: pd.DataFrame,
    pictures: Path,
    gpus: int,
) -> list[str]:
    """Try each experiment that trains; where none does, load the model. A line on each.

    Parameters
    ----------
    experiments
        Their settings, by name.

    Raises
    ------
    WeightsError
        If the weights are missing or not the ones that ``spec`` names.
    OutOfMemoryError
        If the device's memory is not enough.
    """
    device = device_for(gpus)
    trained = {n: own for n, own in experiments.items() if "answers" not in own}
    lines = []
    for name, own in trained.items():
        peak = step_memory(VlmExperiment.model_validate(own), spec, posts, pictures, device)
        lines.append(f"{name}: a step of training takes {peak:.0f} MiB on {device.type}")
    if not trained:
        with vlm_folder(spec) as folder:
            load_vlm(folder, numbers_for("auto", device))
        lines.append(f"{', '.join(experiments)}: the model can be loaded on {device.type}")
    return lines


def step_memory(
    settings: VlmExperiment,
    spec: TinyVlm | VlmCheckpoint,
    posts: pd.DataFrame,
    pictures: Path,
    device: torch.device,
) -> float:
    """Train on the largest batch that the posts can make; the peak of memory in MiB.

    Parameters
    ----------
    posts
        The posts table.
    pictures
        Folder of the pictures.

    Raises
    ------
    WeightsError
        If the weights are missing or not the ones that ``spec`` names.
    OutOfMemoryError
        If the device's memory is not enough.
    """
    numbers = numbers_for(settings.precision, device)
    largest = Posts(_largest(posts, settings.optimiser.batch_size), pictures, settings)
    with memory_advice(settings, device):
        network, prompts = build(settings, spec, numbers, 0)
        network.train()
        optimiser = torch.optim.AdamW(trained_parameters(network), fused=True)
        rows = [list(range(len(largest)))]
        for batch, labels in Reading(prompts).batches(largest, rows, device):
            torch.nn.functional.cross_entropy(network(batch), labels).backward()
            optimiser.step()
    return peak_memory(device)


def _largest(posts: pd.DataFrame, number: int) -> pd.DataFrame:
    """Posts that do not exist: the longest texts with the largest pictures, no label of any."""
    read = posts[~posts["text_blanked"] & ~posts["image_blanked"]]
    by_text = read.assign(length=read["text"].str.len()).nlargest(number, "length")
    by_area = read.assign(area=read["width"] * read["height"]).nlargest(number, "area")
    pictures = {name: by_area[name].to_numpy() for name in ("image_file", "image_sha256")}
    return by_text.assign(**pictures, label=0)
