"""The last layers of a text encoder, trained above stored states of its lower layers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from mmsent.config.encoders import TextEncoder
from mmsent.config.validation import ConfigError
from mmsent.encoders.transformers_towers import TransformersTower, load_text_tower

#: Last states may differ by this in single precision.
_TOLERANCE = 1e-3

#: Two lengths, so that one of them is padded.
_PROBES = ("A text.", "Another text, which is longer than the first one.")


def encoder_layers(model: nn.Module, trained_layers: int) -> nn.ModuleList:
    """Return the layers of a transformer, lowest first.

    Raises
    ------
    ConfigError
        If the model has no list of layers, or fewer than ``trained_layers``.
    """
    count = getattr(getattr(model, "config", None), "num_hidden_layers", 0)
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count > 0:
            if trained_layers > count:
                raise ConfigError(
                    f"trained_layers is {trained_layers}, but the encoder has {count} layers"
                )
            return module
    raise ConfigError(f"{type(model).__name__} has no list of layers to train the last ones of")


def states_below(
    tower: TransformersTower, texts: Sequence[str], below: int, max_tokens: int = 0, width: int = 0
) -> dict[str, torch.Tensor]:
    """Encode texts up to the last layers.

    Parameters
    ----------
    below
        Number of the last layers, above the states.
    max_tokens, width
        As in :meth:`TextTower.encode`.

    Returns
    -------
    dict
        ``states``, ``(batch, tokens, dim)``, zero at padding; ``tokens``, the number of tokens of
        each text after cutting off, and ``length``, before, ``(batch,)``.

    Raises
    ------
    ConfigError
        If the encoder has fewer layers.
    """
    layer = encoder_layers(tower.model, below)[-below]
    entered: list[torch.Tensor] = []

    def keep(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        entered.append(args[0] if args else kwargs["hidden_states"])

    tokens = tower.tokens(texts, max_tokens, width)
    handle = layer.register_forward_pre_hook(keep, with_kwargs=True)
    try:
        with torch.inference_mode():
            tower.model(**tokens)
    finally:
        handle.remove()
    mask = tokens["attention_mask"]
    return {
        "states": entered[0] * mask.unsqueeze(-1).to(entered[0].dtype),
        "tokens": mask.sum(1).to(torch.int32),
        "length": tower.lengths(texts),
    }


class _StatesAsEmbeddings(nn.Module):
    """In place of the embeddings: returns the states among its arguments."""

    def forward(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Return the argument that is of floating point and ``(batch, tokens, dim)``."""
        return next(
            value
            for value in (*args, *kwargs.values())
            if isinstance(value, torch.Tensor) and value.is_floating_point() and value.ndim == 3
        )


class TopLayers(nn.Module):
    """The last layers of a transformer; only they are trained.

    It is the model itself, so attention, masks and relative positions are unchanged, without its
    lower layers and with the states that enter the last ones in place of its embeddings. Shared
    weights of the layers, as DeBERTa's embeddings of relative positions, stay as pretrained.
    """

    def __init__(self, model: Any, trained_layers: int) -> None:
        """Remove the lower layers and the embeddings from a model.

        Raises
        ------
        ConfigError
            If the model has fewer than ``trained_layers``, or no list of layers.
        """
        super().__init__()
        layers = encoder_layers(model, trained_layers)
        lower = len(layers) - trained_layers
        model.requires_grad_(False)
        layers[lower:].requires_grad_(True)
        del layers[:lower]
        model.embeddings = _StatesAsEmbeddings()
        model.pooler = None
        if lower and hasattr(getattr(model, "encoder", None), "conv"):
            model.encoder.conv = None  # DeBERTa-v2 has it after layer 0
        self.model = model

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the last states of tokens, ``(batch, tokens, dim)``; undefined at padding.

        Parameters
        ----------
        states
            ``(batch, tokens, dim)`` from :func:`states_below`.
        mask
            ``(batch, tokens)``, 1 for the tokens of a text and 0 for padding.
        """
        dtype = next(self.model.parameters()).dtype
        out = self.model(inputs_embeds=states.to(dtype), attention_mask=mask.long())
        return out.last_hidden_state


def load_top_layers(spec: dict[str, Any], trained_layers: int) -> TopLayers:
    """Load the last layers of a text encoder, in evaluation mode.

    Above the lower layers they must return the states of the whole encoder; an architecture that
    does more between its layers is refused.

    Raises
    ------
    ConfigError
        If ``spec`` is that of a CLIP, or the encoder has fewer layers or cannot be taken apart.
    WeightsError
        If weights are missing or not those that ``spec`` names.
    """
    if "text" not in spec or "clip" in spec:
        raise ConfigError("trained_layers goes with encoder 'text', not with clip")
    # Loading draws weights before it fills them: later draws must not depend on it.
    with torch.random.fork_rng(devices=[]):
        tower = load_text_tower(TextEncoder(**spec["text"]))
    lower = states_below(tower, _PROBES, trained_layers)["states"]
    tokens = tower.tokens(_PROBES)
    with torch.no_grad():
        whole = tower.model(**tokens).last_hidden_state
        top = TopLayers(tower.model, trained_layers).eval()
        mask = tokens["attention_mask"]
        try:
            difference = ((top(lower, mask) - whole) * mask.unsqueeze(-1)).abs().max().item()
        except (RuntimeError, TypeError, AttributeError, StopIteration):
            difference = float("inf")
    if not difference < _TOLERANCE:
        raise ConfigError(
            f"{type(tower.model).__name__} does more between its layers than pass on states: "
            "its last layers cannot be trained by themselves"
        )
    return top
