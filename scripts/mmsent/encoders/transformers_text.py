"""Text encoders of transformers: BERT and its kin, DeBERTa of any version, the text of CLIP."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from transformers import AutoModel, PreTrainedTokenizerBase

from mmsent.config.encoders import TextEncoder
from mmsent.encoders.checkpoints import checkpoint_folder, load_model, load_tokenizer
from mmsent.encoders.pooling import masked_mean
from mmsent.encoders.towers import TextTower
from mmsent.encoders.weights import WeightsError


@dataclass(frozen=True)
class TransformersTower(TextTower):
    """A text encoder of transformers.

    ``summary`` says which of a text's own tokens sums it up: the first in BERT and its kin, the
    last in CLIP.
    """

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    summary: Literal["first", "last"] = "first"

    @torch.inference_mode()
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts, as :meth:`TextTower.encode` says."""
        tokens = self.tokens(texts, max_tokens, width)
        own = tokens["attention_mask"]
        states = self.model(**tokens).last_hidden_state
        last = own.sum(1) - 1 if self.summary == "last" else torch.zeros_like(own[:, 0])
        return {
            "mean": masked_mean(states, own),
            "first": states[:, 0],
            "summary": states[torch.arange(len(states), device=states.device), last],
            "length": self.lengths(texts),
        }

    def tokens(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """What the model reads of texts, each ``(batch, tokens)``, padded on the right."""
        tokens = self.tokenizer(
            list(texts),
            padding="max_length" if width else True,
            truncation=True,
            max_length=width or self.limit(max_tokens),
            return_attention_mask=True,
            return_tensors="pt",
        )
        return dict(tokens.to(self.device))

    def lengths(self, texts: Sequence[str]) -> torch.Tensor:
        """Number of tokens of texts before cutting off, ``(batch,)``."""
        whole = self.tokenizer(list(texts), verbose=False)["input_ids"]
        return torch.tensor([len(ids) for ids in whole], dtype=torch.int32)

    def input_embeddings(self) -> torch.Tensor:
        """The embedding of each token of the vocabulary, ``(vocabulary, dim)``."""
        return self.model.get_input_embeddings().weight  # type: ignore[operator]

    def pieces(self) -> Iterable[str]:
        """The tokens of the vocabulary as the tokenizer spells them."""
        return list(self.tokenizer.get_vocab())

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts, without the tokens that the encoder puts before and after."""
        return self.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]

    def special_ids(self) -> set[int]:
        """Ids of tokens that are no part of a text."""
        return set(self.tokenizer.all_special_ids)


def load_text_tower(spec: TextEncoder) -> TransformersTower:
    """Load a transformer for text and its tokenizer.

    Raises
    ------
    WeightsError
        If the weights are missing, not the ones that ``spec`` names, or incomplete.
    """
    folder = checkpoint_folder(spec)
    model = load_model(AutoModel, folder)
    check_positions(model, spec.max_length, spec.source)
    return TransformersTower(model, load_tokenizer(folder), spec.max_length)


def check_positions(model: nn.Module, max_length: int, source: str) -> None:
    """Refuse a length for which a network has no positions.

    Raises
    ------
    WeightsError
        If ``max_length`` exceeds the network's positions.
    """
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is not None and max_length > positions:
        raise WeightsError(f"{source}: max_length is {max_length}, it has {positions} positions")
