"""The two towers: a transformer for text, a convolutional network for pictures, both frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import timm
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from mmsent.config.encoders import ImageEncoder, TextEncoder
from mmsent.encoders.weights import WeightsError, check_sha256, locate

# What matters of its loading report is checked below, and progress is shown post by post.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


@dataclass(frozen=True)
class TextTower:
    """A frozen text encoder with its tokenizer."""

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    max_length: int

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Encode texts.

        Returns
        -------
        dict
            ``mean``, the mean of the last states over the text's own tokens, and ``first``, the
            first token's last state, both ``(batch, dim)``; ``length``, the number of tokens before
            cutting off, ``(batch,)``.
        """
        device = next(self.model.parameters()).device
        lengths = [len(ids) for ids in self.tokenizer(list(texts), verbose=False)["input_ids"]]
        tokens = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.max_length,
            return_tensors="pt",
        ).to(device)
        states = self.model(**tokens).last_hidden_state
        return {
            "mean": masked_mean(states, tokens["attention_mask"]),
            "first": states[:, 0],
            "length": torch.tensor(lengths, dtype=torch.int32),
        }


@dataclass(frozen=True)
class ImageTower:
    """A frozen image encoder with its own transform.

    ``size`` is the side of the picture in pixels, ``crop_share`` the share of the resized shorter
    side that evaluation sees, ``mean`` and ``std`` normalise each channel.
    """

    model: nn.Module
    size: int
    crop_share: float
    mean: Sequence[float]
    std: Sequence[float]

    @torch.inference_mode()
    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """Encode pictures ``(batch, 3, size, size)`` in bytes into pooled states ``(batch, dim)``.

        Normalising happens here and only here, so no picture is normalised twice or not at all.
        """
        device = next(self.model.parameters()).device
        scaled = pictures.to(device).float() / 255
        mean = torch.tensor(self.mean, device=device).view(3, 1, 1)
        std = torch.tensor(self.std, device=device).view(3, 1, 1)
        batch = ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)
        return self.model(batch)


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of ``(batch, tokens, dim)`` states over the tokens whose mask is 1: ``(batch, dim)``."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def frozen(model: nn.Module) -> nn.Module:
    """The model in evaluation mode, none of its parameters trainable."""
    return model.eval().requires_grad_(False)


def load_text_tower(spec: TextEncoder) -> TextTower:
    """Load a transformer and its tokenizer from safetensors.

    Raises
    ------
    WeightsError
        If the weights are missing, not the ones that ``spec`` names, or incomplete.
    """
    folder = locate(spec.source)
    check_sha256(folder / "model.safetensors", spec.sha256)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    model, report = AutoModel.from_pretrained(
        folder, use_safetensors=True, output_loading_info=True, **options
    )
    # The pooling layer on top is not used here; anything else missing would be random.
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise WeightsError(f"{spec.source}: the weights lack {', '.join(missing[:5])}")
    tokenizer = AutoTokenizer.from_pretrained(folder, **options)
    return TextTower(frozen(model), tokenizer, spec.max_length)


def load_image_tower(spec: ImageEncoder) -> ImageTower:
    """Build a timm architecture without its classifier and load its weights.

    The file may hold the tensors under other names: if names differ, tensors are matched one to
    one in order, and every shape has to agree.

    Raises
    ------
    WeightsError
        If the weights are missing, not the ones that ``spec`` names, or do not fit.
    """
    path = locate(spec.source)
    check_sha256(path, spec.sha256)
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = timm.create_model(spec.architecture, pretrained=False)
    model.load_state_dict(matched(content, model.state_dict(), path.name))
    model.reset_classifier(0)  # type: ignore[operator]
    model.to(memory_format=torch.channels_last)
    return ImageTower(frozen(model), spec.size, spec.crop_share, spec.mean, spec.std)


def matched(
    content: dict[str, torch.Tensor], expected: dict[str, torch.Tensor], name: str
) -> dict[str, torch.Tensor]:
    """``content`` under the names of ``expected``.

    Raises
    ------
    WeightsError
        If the number of tensors or a shape differs.
    """
    if content.keys() == expected.keys():
        return content
    if len(content) != len(expected):
        raise WeightsError(f"{name}: {len(content)} tensors, the architecture has {len(expected)}")
    for (key, tensor), (old, given) in zip(expected.items(), content.items(), strict=True):
        if tensor.shape != given.shape:
            raise WeightsError(
                f"{name}: {old} has shape {tuple(given.shape)}, {key} needs {tuple(tensor.shape)}"
            )
    return dict(zip(expected, content.values(), strict=True))
