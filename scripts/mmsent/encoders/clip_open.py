"""CLIP models of open_clip, read before their projections into the joint space."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import open_clip
import torch
import torch.nn.functional as F
from open_clip.hf_model import HFTextEncoder
from open_clip.timm_model import TimmModel
from torch import nn
from transformers import AutoConfig

from mmsent.config.encoders import OpenClip
from mmsent.config.validation import nearest
from mmsent.encoders.checkpoints import OPTIONS, as_weights_error, checkpoint_folder
from mmsent.encoders.pooling import masked_mean
from mmsent.encoders.towers import ImageTower, TextTower, frozen
from mmsent.encoders.weights import WeightsError, check_sha256, locate

#: Files of weights in a folder, in open_clip's order of preference.
_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
          "open_clip_pytorch_model.bin")  # fmt: skip

#: Before a folder, in open_clip's names of models.
_FOLDER = "local-dir:"


@dataclass(frozen=True)
class OpenClipTower(TextTower):
    """Text encoder of an open_clip model with its tokenizer.

    ``inner`` is the tokenizer of transformers that ``tokenizer`` wraps; None in open_clip's own.
    """

    model: Any
    tokenizer: Any
    inner: Any
    max_length: int

    @torch.inference_mode()
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts, as :meth:`TextTower.encode` says."""
        limit, length = self.limit(max_tokens), self.lengths(texts)
        ids = self.tokenizer(list(texts), context_length=limit)
        padding = 0 if self.inner is None else self.inner.pad_token_id
        ids = F.pad(ids, (0, self.tokenizer.context_length - limit), value=padding)
        own = length.clamp(max=limit)
        states, summary = self._states(ids.to(self.device), width or int(own.max()))
        # Masked by length, not by id: open_clip's own tokenizer pads with the id of "!".
        mask = torch.arange(states.shape[1]) < own.unsqueeze(1)
        mean = masked_mean(states, mask.to(self.device))
        return {"mean": mean, "first": states[:, 0], "summary": summary, "length": length}

    def _states(self, ids: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return last states ``(batch, tokens, dim)`` and what they are pooled to."""
        text = self.model
        if isinstance(text, HFTextEncoder):  # has no forward_intermediates
            ids = ids[:, :width]
            mask = torch.ne(ids, text.config.pad_token_id).long()
            out = text.transformer(input_ids=ids, attention_mask=mask)
            return out.last_hidden_state, text.pooler(out, mask)
        if text.attn_mask is not None and text.pool_type in ("argmax", "eos"):
            # In a causal transformer, padding changes no token before it; elsewhere it does.
            ids = ids[:, :width]
            text.attn_mask = text.build_causal_mask()[:width, :width].to(ids.device)
        out = text.forward_intermediates(
            ids, indices=1, normalize_intermediates=True, output_fmt="NLC"
        )
        return out["text_intermediates"][-1], out["text_features"]

    def lengths(self, texts: Sequence[str]) -> torch.Tensor:
        """Number of tokens of texts before cutting off, ``(batch,)``."""
        around = 2 if self.inner is None else self.inner.num_special_tokens_to_add()
        return torch.tensor([len(ids) + around for ids in self.ids(texts)], dtype=torch.int32)

    def input_embeddings(self) -> torch.Tensor:
        """The embedding of each token of the vocabulary, ``(vocabulary, dim)``."""
        if isinstance(self.model, HFTextEncoder):
            return self.model.transformer.get_input_embeddings().weight
        return self.model.token_embedding.weight

    def pieces(self) -> Iterable[str]:
        """The tokens of the vocabulary as the tokenizer spells them."""
        return list(self.tokenizer.encoder if self.inner is None else self.inner.get_vocab())

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of texts, without the tokens that the encoder puts before and after."""
        if self.inner is None:
            return [self.tokenizer.encode(text) for text in texts]
        cleaned = [self.tokenizer.clean_fn(text) for text in texts]
        return self.inner(cleaned, add_special_tokens=False, verbose=False)["input_ids"]

    def special_ids(self) -> set[int]:
        """Ids of tokens that are no part of a text."""
        return set((self.inner or self.tokenizer).all_special_ids)


def load_open_text(clip: OpenClip) -> TextTower:
    """Load the text encoder of an open_clip model.

    Raises
    ------
    WeightsError
        If weights are missing or not the ones named, or the model is not supported.
    """
    name, config, model = _model(clip)
    # A reduction, meant for training, would cut texts at random.
    options = OPTIONS if config["text_cfg"].get("hf_tokenizer_name") else {"reduction_mask": ""}
    with as_weights_error(name):
        tokenizer = open_clip.get_tokenizer(name, **options)
    inner = getattr(tokenizer, "tokenizer", None)
    if inner is not None and inner.padding_side != "right":
        raise WeightsError(f"{name}: its tokenizer pads on the left, which is not supported")
    if clip.max_length > tokenizer.context_length:
        raise WeightsError(
            f"{name}: clip.max_length is {clip.max_length}, the model has "
            f"{tokenizer.context_length} positions; set max_length to that or less"
        )
    if isinstance(model.text, HFTextEncoder):
        model.text.proj = nn.Identity()
    else:
        model.text.prune_intermediate_layers(1)  # keeps all layers, drops the projection
    return OpenClipTower(model.text, tokenizer, inner, clip.max_length)


def load_open_image(clip: OpenClip) -> ImageTower:
    """Load the image encoder of an open_clip model with the model's own size, mean and deviation.

    Images keep their proportions and lose their margins, even if the model was trained on squeezed
    ones.

    Raises
    ------
    WeightsError
        If weights are missing or not the ones named, or the model is not supported.
    """
    name, _, model = _model(clip)
    own, visual = open_clip.get_model_preprocess_cfg(model), model.visual
    height, width = own["size"]
    if height != width:
        raise WeightsError(f"{name}: reads images of {width} x {height} pixels, not squares")
    if isinstance(visual, TimmModel):
        visual.trunk.reset_classifier(0)
        visual = visual.trunk
    else:
        # Keeps all layers, drops projection and last norm: the class token's last state is left,
        # which is what is read of a CLIP of transformers, too.
        visual.prune_intermediate_layers(1, prune_norm=True)
    return ImageTower(visual, height, 1.0, list(own["mean"]), list(own["std"]))


def _model(clip: OpenClip) -> tuple[str, dict[str, Any], Any]:
    """Return open_clip's name of the model, its configuration, and the model with its weights."""
    if clip.architecture:
        name, path = _known(clip.architecture), locate(clip.source)
        check_sha256(path, clip.sha256)
        weights = str(path.absolute())
    else:
        folder = checkpoint_folder(clip, [(file,) for file in _FILES], _files_in)
        name, weights = f"{_FOLDER}{folder}", None  # open_clip finds the file that was checked
    with as_weights_error(name):
        config = open_clip.get_model_config(name)
        _check_supported(name, config)
        model = open_clip.create_model_from_pretrained(
            name, pretrained=weights, weights_only=True, force_custom_text=True,
            return_transform=False,
        )  # fmt: skip
    return name, config, frozen(model)


def _files_in(folder: Path) -> list[Path]:
    return [folder / name for name in _FILES if (folder / name).is_file()][:1]


def _known(architecture: str) -> str:
    known = open_clip.list_models()
    if architecture not in known:
        raise WeightsError(
            f"clip.architecture: open_clip has no model {architecture!r}"
            f"{nearest(architecture, known)}; see open_clip.list_models()"
        )
    return architecture


def _check_supported(name: str, config: dict[str, Any]) -> None:
    """Raise a WeightsError if a model is of another kind, or has a part that a hub would give."""
    text, vision = config["text_cfg"], config["vision_cfg"]
    kinds = {
        "CoCa": config.get("multimodal_cfg") or text.get("embed_cls")
        or vision.get("attentional_pool"),
        "CLIPA (strip_sep_token)": text.get("tokenizer_kwargs", {}).get("strip_sep_token"),
        "CLIPS (tokenizer_mode)": text.get("tokenizer_mode"),
        "ResNet (a list of layers)": isinstance(vision.get("layers"), list),
    }  # fmt: skip
    for kind, present in kinds.items():
        if present:
            raise WeightsError(
                f"{name}: models of the kind {kind} are not supported; name a CLIP with a vision "
                "transformer or an image encoder of timm, or a SigLIP"
            )
    parts = {"text_cfg.hf_model_name": text.get("hf_model_name")}
    if not name.startswith(_FOLDER):  # in a folder, open_clip reads the tokenizer that is there
        parts["text_cfg.hf_tokenizer_name"] = text.get("hf_tokenizer_name")
    if ":" in str(vision.get("timm_model_name")):
        parts["vision_cfg.timm_model_name"] = vision["timm_model_name"]
    for key, part in parts.items():
        if part and not Path(part).is_dir():
            raise WeightsError(
                f"{name}: {key} is {part!r}, which open_clip would fetch from a hub in whatever "
                "revision; set clip.source to a folder, or a hub id with its revision, whose "
                "open_clip_config.json names a folder there"
            )
    if text.get("hf_model_name"):  # refused if it comes with code of its own
        AutoConfig.from_pretrained(text["hf_model_name"], **OPTIONS)
