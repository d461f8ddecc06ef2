"""Posts in batches, and what a network says of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader

from mmsent.config.vlm import VlmExperiment
from mmsent.labels import LABELS
from mmsent.progress import Progress
from mmsent.vlm.network import VlmClassifier
from mmsent.vlm.prompts import Posts, Prompts

#: Where nothing is kept for a backward pass, so many times the posts fit into memory.
EVALUATION_FACTOR = 2


@dataclass(frozen=True)
class Reading:
    """How posts become batches: the prompts, and processes that decode pictures ahead."""

    prompts: Prompts
    workers: int = 0

    def batches(
        self, posts: Posts, rows: list[list[int]], device: torch.device
    ) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        """Batches of these rows with their labels, on ``device``."""
        loader = DataLoader(
            posts,
            batch_sampler=rows,
            collate_fn=self.prompts.labelled_batch,
            num_workers=self.workers,
            pin_memory=device.type == "cuda",
            # Else the loader draws from the generator that dropout draws from.
            generator=torch.Generator().manual_seed(0),
        )
        for batch, labels in loader:
            moved = {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
            yield moved, labels.to(device)

    def in_order(
        self, posts: Posts, size: int, device: torch.device, name: str
    ) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
        """All posts in order, with progress shown."""
        rows = list(split(list(range(len(posts))), size))
        with Progress(len(posts), name) as progress:
            for batch, labels in self.batches(posts, rows, device):
                yield batch, labels
                progress.update(len(labels))


@torch.no_grad()
def logits_of(
    network: VlmClassifier,
    reading: Reading,
    posts: Posts,
    settings: VlmExperiment,
    name: str,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits ``(posts, 3)`` and labels ``(posts,)`` of posts in order; nothing random."""
    network.eval()
    device = network.device
    logits = [torch.zeros(0, len(LABELS), device=device)]
    labels = [torch.zeros(0, dtype=torch.int64, device=device)]
    size = settings.optimiser.batch_size * EVALUATION_FACTOR
    for batch, target in reading.in_order(posts, size, device, name):
        logits.append(network(batch))
        labels.append(target)
    return torch.cat(logits), torch.cat(labels)


def split(rows: list[int], size: int) -> Iterator[list[int]]:
    """The rows in parts of ``size``; the last may be smaller."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
