"""Smoke test of a vision-language model: a training step on the posts that take most memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.vlm import VlmExperiment
from mmsent.encoders.device import device_for
from mmsent.vlm.checkpoint import load_vlm, vlm_folder
from mmsent.vlm.device import memory_advice, peak_memory, precision_for
from mmsent.vlm.network import load_classifier
from mmsent.vlm.prompts import Posts


def smoke_test(
    experiments: Mapping[str, dict[str, Any]],
    spec: TinyVlm | VlmCheckpoint,
    posts: pd.DataFrame,
    folder: Path,
    gpus: int,
) -> list[str]:
    """Run a training step of each experiment; if none trains, load the model.

    Returns
    -------
    list of str
        A line for each experiment that trains, or one for all.

    Raises
    ------
    WeightsError
        If the weights are missing or not those of ``spec``.
    OutOfMemoryError
        If the device has not enough memory.
    """
    device = device_for(gpus)
    lines = []
    for name, content in experiments.items():
        if "answers" in content:  # zero-shot
            continue
        settings = VlmExperiment.model_validate(content)
        with memory_advice(name, settings, device):
            peak = step_memory(settings, spec, posts, folder, device)
        lines.append(f"{name}: a training step takes {peak:.0f} MiB on {device.type}")
    if not lines:
        with vlm_folder(spec) as model_folder:
            load_vlm(model_folder, precision_for("auto", device))
        lines.append(f"{', '.join(experiments)}: the model can be loaded on {device.type}")
    return lines


def step_memory(
    settings: VlmExperiment,
    spec: TinyVlm | VlmCheckpoint,
    posts: pd.DataFrame,
    folder: Path,
    device: torch.device,
) -> float:
    """Train on the largest batch that the posts can make; return the peak memory in MiB."""
    precision = precision_for(settings.precision, device)
    largest = Posts(_largest(posts, settings.optimiser.batch_size), folder, settings)
    network, prompts = load_classifier(settings, spec, precision, 0)
    network.train()
    optimiser = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], fused=True)
    batch, labels = prompts.labelled_batch([largest[row] for row in range(len(largest))])
    logits = network({name: tensor.to(device) for name, tensor in batch.items()})
    torch.nn.functional.cross_entropy(logits, labels.to(device)).backward()
    optimiser.step()
    return peak_memory(device)


def _largest(posts: pd.DataFrame, number: int) -> pd.DataFrame:
    """Combine the longest texts with the largest images, with an arbitrary label."""
    complete = posts[~posts["text_blanked"] & ~posts["image_blanked"]]
    by_text = complete.assign(length=complete["text"].str.len()).nlargest(number, "length")
    by_area = complete.assign(area=complete["width"] * complete["height"]).nlargest(number, "area")
    images = {name: by_area[name].to_numpy() for name in ("image_file", "image_sha256")}
    return by_text.assign(**images, label=0)
