"""A vision-language model with LoRA adapters and a classification head."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from mmsent.config.encoders import TinyVlm, VlmCheckpoint
from mmsent.config.vlm import VlmExperiment
from mmsent.labels import LABELS
from mmsent.models.head import head
from mmsent.vlm.checkpoint import load_processor, load_vlm, vlm_folder
from mmsent.vlm.device import Precision
from mmsent.vlm.prompts import Batcher, Posts, Prompts


def last_token(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the state of each row's last token that is not padding, ``(batch, dim)``.

    ``states``: ``(batch, tokens, dim)``; ``mask``: ``(batch, tokens)``, 0 for padding.
    """
    positions = torch.arange(mask.shape[1], device=mask.device)
    last = (positions * mask).argmax(1)
    return states[torch.arange(len(states), device=states.device), last]


class VlmClassifier(nn.Module):
    """LoRA on the language model's linear layers, a head on the last token's last hidden state.

    The study's section 8. Adapters and head are trained, in single precision; the rest is frozen.
    """

    def __init__(self, model: Any, settings: VlmExperiment, precision: Precision) -> None:
        """Add new adapters and a new head to a model, in place.

        Draws from torch's global generator.

        Parameters
        ----------
        model
            From :func:`mmsent.vlm.checkpoint.load_vlm`; its language-model head is not used.
        """
        # peft imports bitsandbytes, which starts CUDA: only after the job's GPU is chosen.
        from peft import LoraConfig, inject_adapter_in_model

        super().__init__()
        self._precision = precision
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
        self.head = head(model.config.get_text_config().hidden_size, settings.head)
        self.to(precision.device)

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return self._precision.device

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the adapters."""
        return [p for p in self.base.parameters() if p.requires_grad]

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return logits ``(batch, classes)`` of a batch of :class:`~mmsent.vlm.prompts.Prompts`."""
        with self._precision.autocast():
            states = self.base(**batch, use_cache=False).last_hidden_state
        return self.head(last_token(states, batch["attention_mask"]).float())


def load_classifier(
    settings: VlmExperiment, spec: TinyVlm | VlmCheckpoint, precision: Precision, seed: int
) -> tuple[VlmClassifier, Prompts]:
    """Load a model, add new adapters and a new head, and return it with its prompts.

    Raises
    ------
    WeightsError
        If the weights are missing or not those of ``spec``.
    """
    with vlm_folder(spec) as folder:
        model = load_vlm(folder, precision, settings.four_bit)
        processor = load_processor(folder, settings.pixels)
    torch.manual_seed(seed)
    return VlmClassifier(model, settings, precision), Prompts(processor, settings)


@torch.no_grad()
def predict_logits(
    network: VlmClassifier, batcher: Batcher, posts: Posts, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits ``(posts, classes)`` and labels ``(posts,)`` of posts in order."""
    network.eval()
    logits = [torch.zeros(0, len(LABELS), device=network.device)]
    labels = [torch.zeros(0, dtype=torch.int64, device=network.device)]
    for batch, target in batcher.in_order(posts, name):
        logits.append(network(batch))
        labels.append(target)
    return torch.cat(logits), torch.cat(labels)


def trained_state(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights of adapters and head by name.

    Taken from the parameters: tensors of ``state_dict()`` never require a gradient, which is why
    the study's code saved nothing.
    """
    return {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}


def load_trained_state(network: nn.Module, state: Mapping[str, torch.Tensor]) -> None:
    """Copy the weights of adapters and head into a network.

    Raises
    ------
    ValueError
        If a tensor is missing, superfluous or of another shape.
    """
    current = trained_state(network)
    wrong = sorted(current.keys() ^ state.keys())
    common = current.keys() & state.keys()
    wrong += [name for name in common if current[name].shape != state[name].shape]
    if wrong:
        raise ValueError(f"the trained weights do not fit the settings: {', '.join(wrong[:5])}")
    for name, tensor in current.items():
        tensor.copy_(state[name])
