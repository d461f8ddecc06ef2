"""The two kinds of towers, for text and for pictures, of whichever format; both are frozen."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

#: How tokenizers mark the beginning or the end of a word.
_MARKS = ("Ġ", "▁", "</w>")

#: Letters; fewer make articles and pieces.
_SHORTEST_WORD = 3


class TextTower(ABC):
    """A frozen text encoder with its tokenizer."""

    model: nn.Module
    max_length: int

    @abstractmethod
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts.

        Parameters
        ----------
        max_tokens
            Longer texts are cut off there, and at ``max_length`` anyway; 0: there alone.
        width
            Number of tokens to which the texts are padded, if they are no longer; 0: that of the
            longest.

        Returns
        -------
        dict
            ``mean``, the mean of the last states over the text's own tokens; ``first``, the first
            token's last state; ``summary``, that of the token in which the encoder sums a text up;
            each ``(batch, dim)``. ``length``, the number of tokens before cutting off,
            ``(batch,)``. The states of CLIP are those before its projection.
        """

    @abstractmethod
    def lengths(self, texts: Sequence[str]) -> torch.Tensor:
        """Number of tokens of texts before cutting off, ``(batch,)``."""

    @abstractmethod
    def input_embeddings(self) -> torch.Tensor:
        """The embedding of each token of the vocabulary, ``(vocabulary, dim)``."""

    @abstractmethod
    def pieces(self) -> Iterable[str]:
        """The tokens of the vocabulary as the tokenizer spells them."""

    @abstractmethod
    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts, without the tokens that the encoder puts before and after."""

    @abstractmethod
    def special_ids(self) -> set[int]:
        """Ids of tokens that are no part of a text, such as those for its end or the unknown."""

    def limit(self, max_tokens: int) -> int:
        """The number of tokens at which texts are cut off."""
        return min(max_tokens or self.max_length, self.max_length)

    @property
    def device(self) -> torch.device:
        """Where the encoder works."""
        return next(self.model.parameters()).device

    @property
    def parameters(self) -> int:
        """Number of parameters of the encoder."""
        return _size(self.model)

    def whole_words(self) -> dict[str, int]:
        """Words that are one token in running text, in lower case, with the token's id.

        Whatever the tokenizer's marks, a word counts if it stands as exactly one token between two
        others; it has three letters at least and nothing but letters.
        """
        forms = {_unmarked(piece) for piece in self.pieces()}
        words = sorted(form for form in forms if len(form) >= _SHORTEST_WORD and form.isalpha())
        alone, pair, *between = self.ids(["a", "a a", *(f"a {word} a" for word in words)])
        place = len(alone)
        special = self.special_ids()
        return {
            word: ids[place]
            for word, ids in zip(words, between, strict=True)
            if ids[:place] + ids[place + 1 :] == pair and ids[place] not in special
        }


@dataclass(frozen=True)
class ImageTower:
    """A frozen image encoder with its own transform.

    ``model`` gives one state of each picture, ``size`` is the side of the picture in pixels,
    ``crop_share`` the share of the resized shorter side that evaluation sees, ``mean`` and ``std``
    normalise each channel.
    """

    model: nn.Module
    size: int
    crop_share: float
    mean: Sequence[float]
    std: Sequence[float]

    #: What an embedding file calls the states.
    output: ClassVar[str] = "state"

    @property
    def parameters(self) -> int:
        """Number of parameters of the encoder."""
        return _size(self.model)

    @torch.inference_mode()
    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """Encode pictures ``(batch, 3, size, size)`` in bytes into states ``(batch, dim)``.

        Normalising happens here and only here, so no picture is normalised twice or not at all.
        """
        device = next(self.model.parameters()).device
        scaled = pictures.to(device).float() / 255
        mean = torch.tensor(self.mean, device=device).view(3, 1, 1)
        std = torch.tensor(self.std, device=device).view(3, 1, 1)
        batch = ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)
        return self.model(batch)


@dataclass(frozen=True)
class PixelTower(ImageTower):
    """No encoder: the pictures themselves, for networks trained from scratch.

    They stay bytes, not normalised: who reads them does that, with ``mean`` and ``std``.
    """

    output: ClassVar[str] = "pixels"

    def encode(self, pictures: torch.Tensor) -> torch.Tensor:
        """The pictures as they are, ``(batch, 3, size, size)`` in bytes."""
        return pictures


def _size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _unmarked(piece: str) -> str:
    for mark in _MARKS:
        piece = piece.removeprefix(mark).removesuffix(mark)
    return piece.lower()


def frozen(model: nn.Module) -> nn.Module:
    """The model in evaluation mode, none of its parameters trainable."""
    return model.eval().requires_grad_(False)
