"""The towers of a pretrained open_clip model, before their projections into the joint space."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import open_clip
import torch
import torch.nn.functional as F
from open_clip.tokenizer import SimpleTokenizer
from torch import nn

from mmsent.config.encoders import FOLDER, HUB, OpenClip
from mmsent.config.validation import nearest
from mmsent.encoders.clip_states import image_states, text_states
from mmsent.encoders.hub import fetched
from mmsent.encoders.pooling import masked_mean
from mmsent.encoders.towers import ImageTower, TextTower, frozen
from mmsent.encoders.weights import WeightsError, check_sha256, locate

#: Names of weights in a folder of open_clip, best first: safetensors can hold no code.
_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
          "open_clip_pytorch_model.bin")  # fmt: skip


@dataclass(frozen=True)
class OpenClipTower(TextTower):
    """The text side of an open_clip model with the tokenizer that open_clip gives it."""

    model: nn.Module
    tokenizer: Any
    max_length: int

    @torch.inference_mode()
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts, as :meth:`TextTower.encode` says."""
        ids = self.tokenizer(list(texts), context_length=self.limit(max_tokens))
        own = own_tokens(ids, self._end, self._padding)
        # What open_clip pads with may be a word's id, and may take part: the model sees to that.
        ids = F.pad(ids, (0, self.max_length - ids.shape[1]), value=self._padding)
        states, summary = self.model(ids.to(self.device), width or int(own.sum(1).max()))
        own = F.pad(own, (0, self.max_length - own.shape[1]))[:, : states.shape[1]]
        return {
            "mean": masked_mean(states, own.to(self.device)),
            "first": states[:, 0],
            "summary": summary,
            "length": self.lengths(texts),
        }

    def lengths(self, texts: Sequence[str]) -> torch.Tensor:
        """Number of tokens of texts before cutting off, ``(batch,)``."""
        return torch.tensor([len(ids) + self._around for ids in self.ids(texts)], dtype=torch.int32)

    def input_embeddings(self) -> torch.Tensor:
        """The embedding of each token of the vocabulary, ``(vocabulary, dim)``."""
        return self.model.input_embeddings()  # type: ignore[operator]

    def pieces(self) -> Iterable[str]:
        """The tokens of the vocabulary as the tokenizer spells them."""
        simple = isinstance(self.tokenizer, SimpleTokenizer)
        return list(self.tokenizer.encoder if simple else self.tokenizer.tokenizer.get_vocab())

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts, without the tokens that the encoder puts before and after."""
        if isinstance(self.tokenizer, SimpleTokenizer):
            return [self.tokenizer.encode(text) for text in texts]
        clean = getattr(self.tokenizer, "clean_fn", str)
        inner = self.tokenizer.tokenizer
        return inner([clean(text) for text in texts], add_special_tokens=False)["input_ids"]

    def special_ids(self) -> set[int]:
        """Ids of tokens that are no part of a text."""
        simple = isinstance(self.tokenizer, SimpleTokenizer)
        holder = self.tokenizer if simple else self.tokenizer.tokenizer
        return set(holder.all_special_ids)

    @property
    def _around(self) -> int:
        """Number of tokens that are put before and after a text."""
        simple = isinstance(self.tokenizer, SimpleTokenizer)
        return 2 if simple else self.tokenizer.tokenizer.num_special_tokens_to_add()

    @property
    def _end(self) -> int | None:
        """Id of the token that ends a text."""
        if isinstance(self.tokenizer, SimpleTokenizer):
            return self.tokenizer.eot_token_id
        inner = self.tokenizer.tokenizer
        return inner.sep_token_id if inner.eos_token_id is None else inner.eos_token_id

    @property
    def _padding(self) -> int:
        """Id of the token that open_clip pads with; of its own tokenizer, that of ``!``."""
        simple = isinstance(self.tokenizer, SimpleTokenizer)
        return 0 if simple else self.tokenizer.tokenizer.pad_token_id


def own_tokens(ids: torch.Tensor, end: int | None, padding: int) -> torch.Tensor:
    """Mask of the tokens up to and including the first end-of-text, ``(batch, tokens)``.

    Ids alone do not tell padding: open_clip's own tokenizer pads with the id of ``!``. A text
    without an end has all tokens that are not padding.
    """
    ends = torch.eq(ids, -1 if end is None else end).long()
    until = (ends.cumsum(1) - ends) == 0
    closed = ends.any(1, keepdim=True)
    return torch.where(closed, until, torch.ne(ids, padding)).long()


def load_open_text(clip: OpenClip) -> TextTower:
    """The text side of an open_clip model.

    Raises
    ------
    WeightsError
        If the architecture or the weights are unknown, missing, or not the ones that are named.
    """
    name, model = _model(clip)
    with _quiet(), _as_weights_error(clip.architecture):
        tokenizer = open_clip.get_tokenizer(name)
    # The configuration's context length is that of the tokenizer; a tower of transformers has more.
    return OpenClipTower(text_states(model), tokenizer, int(tokenizer.context_length))


def load_open_image(clip: OpenClip) -> ImageTower:
    """The picture side of an open_clip model with the model's own size, mean and deviation.

    Pictures keep their proportions and lose their margins, also with a model that was trained on
    squeezed ones.

    Raises
    ------
    WeightsError
        If the architecture or the weights are unknown, missing, or not the ones that are named.
    """
    _, model = _model(clip)
    own = model.visual.preprocess_cfg
    sides = {own["size"]} if isinstance(own["size"], int) else set(own["size"])
    if len(sides) != 1:
        raise WeightsError(f"{clip.architecture}: its pictures are no squares, but {own['size']}")
    states = frozen(image_states(model.visual))
    return ImageTower(states, sides.pop(), 1.0, list(own["mean"]), list(own["std"]))


def _model(clip: OpenClip) -> tuple[str, Any]:
    """The name under which open_clip finds the architecture, and the model with its weights."""
    name, path, fixed = _weights(clip)
    if path is not None and not fixed:
        check_sha256(path, clip.sha256)
    with _quiet(), _as_weights_error(clip.architecture):
        model = open_clip.create_model(
            name, pretrained=clip.pretrained, load_weights=False, pretrained_text=False
        )
        if path is None:
            settings = open_clip.get_pretrained_cfg(name.replace("/", "-"), clip.pretrained)
            path = Path(open_clip.download_pretrained(settings))
            check_sha256(path, clip.sha256)
        open_clip.load_checkpoint(model, str(path), strict=True, weights_only=True)
    return name, frozen(model)


def _weights(clip: OpenClip) -> tuple[str, Path | None, bool]:
    """Name of the architecture, file of weights (None: a tag), and whether a revision fixes it."""
    if clip.architecture.startswith(HUB):
        hub_id = clip.architecture.removeprefix(HUB)
        formats = [(file,) for file in _FILES]
        folder = fetched(hub_id, clip.revision or "", formats, lambda f: _file(f) is not None)
        return f"{FOLDER}{folder}", _file(folder), clip.sha256 is None
    if clip.architecture.startswith(FOLDER):
        folder = locate(clip.architecture.removeprefix(FOLDER))
        path = _file(folder)
        if path is None:
            raise WeightsError(f"{folder}: holds none of {', '.join(_FILES)}")
        return f"{FOLDER}{folder}", path, False
    known = open_clip.list_models()
    if clip.architecture not in known:
        raise WeightsError(
            f"open_clip knows no architecture {clip.architecture!r}"
            f"{nearest(clip.architecture, known)}"
        )
    _refuse_unnamed_hub(clip.architecture)
    return clip.architecture, locate(clip.source) if clip.source else None, False


def _refuse_unnamed_hub(architecture: str) -> None:
    """Some architectures have a tokenizer, or a text side, from a hub, in whatever revision."""
    text = (open_clip.get_model_config(architecture) or {}).get("text_cfg", {})
    named = [text.get(key) for key in ("hf_tokenizer_name", "hf_model_name")]
    away = [name for name in named if name and not Path(name).is_dir()]
    if away:
        raise WeightsError(
            f"{architecture}: open_clip would ask a hub for {away[0]}, in whatever revision; name "
            f"a model as architecture: {HUB}ID with its revision, or {FOLDER}FOLDER"
        )


def _file(folder: Path) -> Path | None:
    return next((folder / name for name in _FILES if (folder / name).is_file()), None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without open_clip's warning that a model has no weights: they come right after."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _as_weights_error(name: str) -> Iterator[None]:
    try:
        yield
    except WeightsError:
        raise
    except UnpicklingError as error:
        raise WeightsError(f"{name}: the weights hold more than tensors: not loaded") from error
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise WeightsError(f"{name}: {error}") from error
