"""Interfaces of encoders of texts and of images, in whichever format; all are frozen."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import nn

#: How tokenizers mark the beginning or the end of a word.
_MARKS = re.compile("^[Ġ▁]|</w>$")


@dataclass(frozen=True)
class TextTower(ABC):
    """A frozen text encoder with its tokenizer, one of transformers."""

    model: Any
    tokenizer: Any
    max_length: int

    @abstractmethod
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts.

        Parameters
        ----------
        max_tokens
            Texts are cut off at this number of tokens, and at ``max_length`` in any case; 0: there
            alone.
        width
            Number of tokens to which shorter texts are padded; 0: that of the longest.

        Returns
        -------
        dict
            ``mean``, the mean of the last states over the tokens of a text; ``first``, the last
            state of the first token; ``summary``, that of the token that the encoder is trained to
            summarise a text in; each ``(batch, dim)``. ``length``, the number of tokens before
            cutting off, ``(batch,)``. The states of CLIP are those before its projection.
        """

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of texts, without the tokens that the encoder puts around them."""
        return self.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]

    def lengths(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the number of tokens of texts before cutting off, ``(batch,)``."""
        around = self.tokenizer.num_special_tokens_to_add()
        return torch.tensor([len(ids) + around for ids in self.ids(texts)], dtype=torch.int32)

    def limit(self, max_tokens: int) -> int:
        """Return the number of tokens at which texts are cut off."""
        return min(max_tokens or self.max_length, self.max_length)

    def input_embeddings(self) -> torch.Tensor:
        """Return the embedding of each token of the vocabulary, ``(vocabulary, dim)``."""
        return self.model.get_input_embeddings().weight

    @property
    def device(self) -> torch.device:
        """The device of the encoder."""
        return next(self.model.parameters()).device

    @property
    def parameters(self) -> int:
        """Number of parameters of the encoder."""
        return _size(self.model)

    def whole_words(self) -> dict[str, int]:
        """Return words that are one token in running text, in lower case, with the token's id.

        Whatever the tokenizer's marks, a word counts if it is exactly one token between two
        others; it has at least three letters, Latin ones, and no other characters.
        """
        forms = {_MARKS.sub("", piece).lower() for piece in self.tokenizer.get_vocab()}
        words = sorted(form for form in forms if re.fullmatch("[a-z]{3,}", form))
        alone, pair, *between = self.ids(["a", "a a", *(f"a {word} a" for word in words)])
        place = len(alone)
        special = set(self.tokenizer.all_special_ids)
        return {
            word: ids[place]
            for word, ids in zip(words, between, strict=True)
            if ids[:place] + ids[place + 1 :] == pair and ids[place] not in special
        }


@dataclass(frozen=True)
class ImageTower:
    """A frozen image encoder with its transform.

    Attributes
    ----------
    model
        Returns one state of each image.
    size
        Side of the images in pixels.
    crop_share
        Fraction of the resized shorter side that the evaluation view shows.
    mean, std
        Normalise each channel.
    fuses
        Whether a CPU runs the network with its layers fused (:func:`mmsent.encoders.fused.fused`).
    run
        The fused network; None: ``model`` is run.
    """

    model: nn.Module
    size: int
    crop_share: float
    mean: Sequence[float]
    std: Sequence[float]
    fuses: bool = False
    run: Callable[[torch.Tensor], torch.Tensor] | None = None

    #: Name of the array in an embedding file.
    output: ClassVar[str] = "state"

    @property
    def parameters(self) -> int:
        """Number of parameters of the encoder."""
        return _size(self.model)

    def on(self, device: torch.device, batch: int) -> "ImageTower":
        """Return the encoder ready for batches of a size on a device.

        Raises
        ------
        WeightsError
            If the network is to be fused and cannot.
        """
        self.model.to(device)
        if device.type != "cpu" or not self.fuses:
            return self
        from mmsent.encoders.fused import fused  # another heavy package

        return replace(self, run=fused(self.model, (batch, 3, self.size, self.size)))

    @torch.inference_mode()
    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Encode images ``(batch, 3, size, size)`` in bytes into states ``(batch, dim)``.

        They are normalised here and nowhere else.
        """
        device = next(self.model.parameters()).device
        mean = torch.tensor(self.mean, device=device).view(3, 1, 1)
        std = torch.tensor(self.std, device=device).view(3, 1, 1)
        normalised = images.to(device).float().mul_(1 / (255 * std)).sub_(mean / std)
        if self.run:
            return self.run(normalised)
        return self.model(normalised.contiguous(memory_format=torch.channels_last))


@dataclass(frozen=True)
class PixelTower(ImageTower):
    """No encoder: the images themselves, in bytes, for networks trained from scratch.

    The networks normalise them, with ``mean`` and ``std``.
    """

    output: ClassVar[str] = "pixels"

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images unchanged, ``(batch, 3, size, size)`` in bytes."""
        return images


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of ``(batch, tokens, dim)`` states over the tokens whose mask is 1: ``(batch, dim)``."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def frozen(model: nn.Module) -> nn.Module:
    """Return the model in evaluation mode, none of its parameters trainable."""
    return model.eval().requires_grad_(False)


def _size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
