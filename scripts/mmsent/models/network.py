"""The network of an experiment: branches, projections, fusion, head."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from mmsent.config.experiment import Experiment
from mmsent.config.network import Projection
from mmsent.models.branches import PixelBranch, States, TokenBranch, VectorBranch
from mmsent.models.dropout import replace_dropout
from mmsent.models.fusion import FUSIONS
from mmsent.models.head import head, norm

#: Key of the number of tokens of each text among the inputs of a network.
TOKENS = "text_tokens"


def projection(input_size: int, settings: Projection) -> nn.Sequential:
    """Return the layer of a modality: ``(..., input_size)`` to ``(..., settings.size)``."""
    return nn.Sequential(
        nn.Linear(input_size, settings.size),
        norm(settings.norm, settings.size),
        nn.ReLU(),
        nn.Dropout(settings.dropout),
    )


class FusionNetwork(nn.Module):
    """Branches of the used modalities, projected, fused, then classified.

    An unused modality has no layer, so that nothing of it can leak in.
    """

    def __init__(
        self,
        experiment: Experiment,
        sizes: Mapping[str, int],
        encoders: Mapping[str, Any] | None = None,
    ) -> None:
        """Initialise all weights but those of trained layers of a pretrained encoder.

        Parameters
        ----------
        sizes
            The size of a stored vector or state of each used modality.
        encoders
            Settings by name of the text encoder with ``trained_layers``, and of ``pixels`` with
            an image network.
        """
        super().__init__()
        self.modalities = experiment.modalities
        self.branches = nn.ModuleDict(
            {name: _branch(name, experiment, sizes, encoders or {}) for name in self.modalities}
        )
        outputs = [int(self.branches[name].output_size) for name in self.modalities]  # type: ignore[arg-type]
        settings = experiment.projection
        layers = [nn.Identity() if settings is None else projection(n, settings) for n in outputs]
        self.projections = nn.ModuleDict(dict(zip(self.modalities, layers, strict=True)))
        if settings is not None:
            outputs = [settings.size] * len(outputs)
        self.fusion = FUSIONS[experiment.fusion](outputs)
        self.head = head(self.fusion.output_size, experiment.head)
        replace_dropout(self)

    def standardise(self, inputs: Mapping[str, torch.Tensor]) -> None:
        """Fit the standardisation of stored vectors to the training posts, ``(posts, ...)``."""
        for name in self.modalities:
            branch = self.branches[name]
            if isinstance(branch, VectorBranch):
                branch.standardise(inputs[name])

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Return the trained parameters of a pretrained encoder's last layers."""
        branches = [branch for branch in self.branches.values() if isinstance(branch, TokenBranch)]
        return [p for branch in branches for p in branch.parameters() if p.requires_grad]

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Inputs of each modality, ``(batch, ...)``, to logits ``(batch, classes)``."""
        return self.head(self.fusion(self._projected(batch)))

    def weighed(
        self, batch: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return logits and the weights of an adaptive fusion's parts, ``(batch, parts)``."""
        states = self._projected(batch)
        return self.head(self.fusion(states)), self.fusion.weights(states)

    def _projected(self, batch: Mapping[str, torch.Tensor]) -> list[States]:
        states = []
        for name in self.modalities:
            branch = self.branches[name]
            if isinstance(branch, TokenBranch):
                state = branch(batch[name], batch[TOKENS])
            else:
                state = branch(batch[name])
            states.append(state.through(self.projections[name], self.fusion.reads_sequences))
        return states


def _branch(
    name: str, experiment: Experiment, sizes: Mapping[str, int], encoders: Mapping[str, Any]
) -> nn.Module:
    # Imported here: most experiments read stored vectors and start faster without.
    text, image = experiment.text, experiment.image
    if name == "text" and text.trained_layers:
        from mmsent.encoders.layers import load_top_layers

        layers = load_top_layers(encoders[text.encoder], text.trained_layers)
        return TokenBranch(layers, sizes[name], text.pooling)
    if name == "image" and image.network is not None:
        from mmsent.models.convolution import convolution

        pixels = encoders[image.encoder]["pixels"]
        network, size = convolution(image.network), image.network.widths[-1]
        return PixelBranch(network, size, pixels["mean"], pixels["std"])
    return VectorBranch(sizes[name], experiment.vectors)


def trained_parameters(network: nn.Module) -> int:
    """Return the number of trained parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def trained_state(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return trained parameters and running statistics by name."""
    frozen = {name for name, p in network.named_parameters() if not p.requires_grad}
    return {name: t for name, t in network.state_dict().items() if name not in frozen}
