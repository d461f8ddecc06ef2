"""The network of an experiment: projections, fusion, head."""

from collections.abc import Callable, Mapping

import torch
from torch import nn

from mmsent.config.experiment import Experiment, Head, Projection
from mmsent.labels import LABELS


def _norm(kind: str, size: int) -> nn.Module:
    builders: dict[str, Callable[[int], nn.Module]] = {
        "batch": nn.BatchNorm1d,
        "layer": nn.LayerNorm,
        "none": lambda _: nn.Identity(),
    }
    return builders[kind](size)


def projection(input_size: int, settings: Projection) -> nn.Sequential:
    """A modality's own layer: ``(batch, input_size)`` to ``(batch, settings.size)``."""
    return nn.Sequential(
        nn.Linear(input_size, settings.size),
        _norm(settings.norm, settings.size),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
    )


def head(input_size: int, settings: Head) -> nn.Sequential:
    """Fully connected layers: ``(batch, input_size)`` to three logits.

    Normalisation follows the first hidden layer only, as in the study's code.
    """
    layers: list[nn.Module] = []
    for number, (size, dropout) in enumerate(zip(settings.hidden, settings.dropout, strict=True)):
        layers.append(nn.Linear(input_size, size))
        if number == 0:
            layers.append(_norm(settings.norm, size))
        layers += [nn.ReLU(), nn.Dropout(dropout)]
        input_size = size
    return nn.Sequential(*layers, nn.Linear(input_size, len(LABELS)))


class LateFusion(nn.Module):
    """Concatenate the modalities' projections (the study's section 5, late fusion)."""

    def __init__(self, sizes: list[int]) -> None:
        """``sizes``: the projections' sizes."""
        super().__init__()
        self.output_size = sum(sizes)

    def forward(self, projected: list[torch.Tensor]) -> torch.Tensor:
        """``(batch, size)`` of each modality to ``(batch, output_size)``."""
        return torch.cat(projected, dim=1)


#: Building blocks that an experiment may name as its fusion.
FUSIONS = {"late": LateFusion}


class FusionNetwork(nn.Module):
    """Projections of the used modalities, fused, then classified.

    A modality that the experiment does not use has no layer here, so nothing of it can leak in.
    """

    def __init__(self, experiment: Experiment, sizes: Mapping[str, int]) -> None:
        """``sizes``: the embedding size of each used modality."""
        super().__init__()
        self.modalities = experiment.modalities
        self.projections = nn.ModuleDict(
            {name: projection(sizes[name], experiment.projection) for name in self.modalities}
        )
        fusion = FUSIONS[experiment.fusion]
        self.fusion = fusion([experiment.projection.size] * len(self.modalities))
        self.head = head(self.fusion.output_size, experiment.head)

    def forward(self, embeddings: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Embeddings ``(batch, dim)`` of each modality to logits ``(batch, 3)``."""
        projected = [self.projections[name](embeddings[name]) for name in self.modalities]
        return self.head(self.fusion(projected))


def trained_parameters(network: nn.Module) -> int:
    """Number of parameters that training changes."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
