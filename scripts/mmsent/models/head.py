"""Fully connected layers that end in a logit for each class."""

from collections.abc import Callable

from torch import nn

from mmsent.config.network import Head
from mmsent.labels import LABELS


def norm(kind: str, size: int) -> nn.Module:
    """The layer that normalises ``(batch, size)``, or one that does nothing."""
    builders: dict[str, Callable[[int], nn.Module]] = {
        "batch": nn.BatchNorm1d,
        "layer": nn.LayerNorm,
        "none": lambda _: nn.Identity(),
    }
    return builders[kind](size)


def head(input_size: int, settings: Head) -> nn.Sequential:
    """Fully connected layers: ``(batch, input_size)`` to a logit for each class.

    Normalisation follows the first hidden layer only, as in the study's code.
    """
    layers: list[nn.Module] = []
    for number, (size, dropout) in enumerate(zip(settings.hidden, settings.dropout, strict=True)):
        layers.append(nn.Linear(input_size, size))
        if number == 0:
            layers.append(norm(settings.norm, size))
        layers += [nn.ReLU(), nn.Dropout(dropout)]
        input_size = size
    return nn.Sequential(*layers, nn.Linear(input_size, len(LABELS)))
