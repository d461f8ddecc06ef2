"""The last layers of a text encoder, trained above states that its lower layers gave once."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from mmsent.config.encoders import TextEncoder
from mmsent.config.validation import ConfigError
from mmsent.encoders.towers import TextTower
from mmsent.encoders.transformers_text import TransformersTower, load_text_tower

#: Last states may differ so much in single precision.
_TOLERANCE = 1e-3

#: Two lengths, so that one of them is padded.
_PROBES = ("A text.", "Another text, which is longer than the first one.")


def encoder_layers(model: nn.Module, trained_layers: int) -> nn.ModuleList:
    """The layers of a transformer, lowest first.

    Raises
    ------
    ConfigError
        If there are none to be found, or fewer than ``trained_layers``.
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
    tower: TextTower, texts: Sequence[str], below: int, max_tokens: int = 0, width: int = 0
) -> dict[str, torch.Tensor]:
    """Encode texts up to the last layers.

    Parameters
    ----------
    below
        Number of the last layers that the states have not passed.
    max_tokens, width
        As in :meth:`TextTower.encode`.

    Returns
    -------
    dict
        ``states``, ``(batch, tokens, dim)``, zero where a text has no token of its own;
        ``tokens``, the number of own tokens after cutting off, and ``length``, before,
        ``(batch,)``.

    Raises
    ------
    ConfigError
        If the encoder is a CLIP's, or has fewer layers.
    """
    if not isinstance(tower, TransformersTower) or tower.summary != "first":
        raise ConfigError("trained_layers goes with a text encoder, not with clip")
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
    own = tokens["attention_mask"]
    return {
        "states": entered[0] * own.unsqueeze(-1).to(entered[0].dtype),
        "tokens": own.sum(1).to(torch.int32),
        "length": tower.lengths(texts),
    }


class _GivenStates(nn.Module):
    """In place of the embeddings: the states are there already."""

    def forward(self, *given: Any, **named: Any) -> torch.Tensor:
        """The one argument that holds states ``(batch, tokens, dim)``."""
        return next(
            value
            for value in (*given, *named.values())
            if isinstance(value, torch.Tensor) and value.is_floating_point() and value.ndim == 3
        )


class TopLayers(nn.Module):
    """The last layers of a transformer; they alone are trained.

    It is the model itself, so attention, masks and relative positions are its own, without its
    lower layers and with the states that enter the last ones in place of its embeddings. What the
    layers share, as DeBERTa's embeddings of relative positions, stays as it was pretrained.
    """

    def __init__(self, model: Any, trained_layers: int) -> None:
        """Take a model apart: its lower layers and its embeddings are gone.

        Raises
        ------
        ConfigError
            If the model has fewer than ``trained_layers``, or none that can be told.
        """
        super().__init__()
        layers = encoder_layers(model, trained_layers)
        lower = len(layers) - trained_layers
        model.requires_grad_(False)
        layers[lower:].requires_grad_(True)
        del layers[:lower]
        model.embeddings = _GivenStates()
        model.pooler = None
        if lower and hasattr(getattr(model, "encoder", None), "conv"):
            model.encoder.conv = None  # DeBERTa-v2 has it after layer 0
        self.model = model
        self.trained_layers = trained_layers

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Last states of the tokens.

        Parameters
        ----------
        states
            ``(batch, tokens, dim)``, as :func:`states_below` gives them.
        mask
            ``(batch, tokens)``, 1 for a text's own tokens and 0 for padding.

        Returns
        -------
        Tensor
            ``(batch, tokens, dim)``; what stands at padding means nothing.
        """
        dtype = next(self.model.parameters()).dtype
        out = self.model(inputs_embeds=states.to(dtype), attention_mask=mask.long())
        return out.last_hidden_state


def load_top_layers(spec: dict[str, Any], trained_layers: int) -> TopLayers:
    """The last layers of the text encoder that ``spec`` describes, in evaluation mode.

    They are tried out before they are given: above the lower layers they must say what the whole
    encoder says, so an architecture that does more between its layers is refused.

    Raises
    ------
    ConfigError
        If ``spec`` is of a CLIP, or the encoder has fewer layers or cannot be taken apart.
    WeightsError
        If weights are missing or not the ones named.
    """
    if "text" not in spec or "clip" in spec:
        raise ConfigError("trained_layers goes with encoder 'text', not with clip")
    if trained_layers < 1:
        raise ConfigError(f"trained_layers is {trained_layers}: nothing to train")
    # Loading draws weights before it fills them: what is drawn later must not depend on it.
    with torch.random.fork_rng(devices=[]):
        tower = load_text_tower(TextEncoder(**spec["text"]))
    lower = states_below(tower, _PROBES, trained_layers)["states"]
    tokens = tower.tokens(_PROBES)
    with torch.no_grad():
        whole = tower.model(**tokens).last_hidden_state
        top = TopLayers(tower.model, trained_layers).eval()
        error = _difference(top, lower, tokens["attention_mask"], whole)
    if not error < _TOLERANCE:
        raise ConfigError(
            f"{type(tower.model).__name__} does more between its layers than hand on states: "
            "its last layers cannot be trained by themselves"
        )
    return top


def _difference(
    top: TopLayers, lower: torch.Tensor, mask: torch.Tensor, whole: torch.Tensor
) -> float:
    """The largest difference of own tokens' last states, infinite if there is no comparing."""
    try:
        return ((top(lower, mask) - whole) * mask.unsqueeze(-1)).abs().max().item()
    except (RuntimeError, TypeError, AttributeError, StopIteration):
        return float("inf")
