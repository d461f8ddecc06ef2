"""A vision-language model with LoRA adapters and a classification head."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from mmsent.config.vlm import VlmExperiment
from mmsent.models.head import head
from mmsent.vlm.checkpoint import hidden_size
from mmsent.vlm.precision import Numbers


def last_token(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The state of each row's last token that is no padding.

    Parameters
    ----------
    states
        ``(batch, tokens, dim)``.
    mask
        ``(batch, tokens)``, 1 for tokens, 0 for padding on either side.

    Returns
    -------
    torch.Tensor
        ``(batch, dim)``.
    """
    positions = torch.arange(mask.shape[1], device=mask.device)
    last = (positions * mask).argmax(1)
    return states[torch.arange(len(states), device=states.device), last]


class VlmClassifier(nn.Module):
    """LoRA on the language model's linear layers, a head on the last token's last hidden state.

    The study's section 8. Everything but adapters and head is frozen; these two are in single
    precision whatever the rest computes in.
    """

    def __init__(self, model: Any, settings: VlmExperiment, numbers: Numbers) -> None:
        """Put fresh adapters and a fresh head on a model, which is changed in place.

        Draws from torch's global generator.

        Parameters
        ----------
        model
            As :func:`mmsent.vlm.checkpoint.load_vlm` gives it; its layer of word logits is not
            used.
        """
        # peft imports bitsandbytes, which starts CUDA: not before the job's GPU is chosen.
        from peft import LoraConfig, inject_adapter_in_model

        super().__init__()
        self._numbers = numbers
        self.base: Any = model.model.requires_grad_(False)
        lora = settings.lora
        configuration = LoraConfig(
            r=lora.r,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            bias="none",
            # The vision tower of Qwen2.5-VL has layers of the same names.
            target_modules=rf"language_model\.layers\.\d+\.\w+\.({'|'.join(lora.targets)})",
        )
        inject_adapter_in_model(configuration, self.base)
        for parameter in self.base.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
        if settings.gradient_checkpointing:
            self.base.activation_checkpointing_enable()
        self.head = head(hidden_size(model), settings.head)
        self.to(numbers.device)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._numbers.device

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """What :class:`~mmsent.vlm.prompts.Prompts` makes of posts, to logits ``(batch, 3)``."""
        with self._numbers.autocast():
            states = self.base(**batch, use_cache=False).last_hidden_state
        return self.head(last_token(states, batch["attention_mask"]).float())


def trained_state(network: nn.Module) -> dict[str, torch.Tensor]:
    """Adapters and head, by name.

    The parameters themselves are asked what is trained: the tensors of ``state_dict()`` never
    require a gradient, whence the study's code saved nothing at all.
    """
    return {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}


def load_trained_state(network: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Put adapters and head back.

    Raises
    ------
    ValueError
        If a tensor is missing, left over, or of another shape: what predicts would be random.
    """
    own = trained_state(network)
    wrong = sorted(own.keys() ^ state.keys())
    wrong += [name for name in own.keys() & state.keys() if own[name].shape != state[name].shape]
    if wrong:
        raise ValueError(f"the trained weights do not fit the settings: {', '.join(wrong[:5])}")
    for name, tensor in own.items():
        tensor.copy_(state[name])
