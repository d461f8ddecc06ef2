"""CLIP models of open_clip, read before their projections into the joint space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import open_clip
import torch
import torch.nn.functional as F
from open_clip.timm_model import TimmModel
from open_clip.tokenizer import SimpleTokenizer

from mmsent.config.encoders import OpenClip
from mmsent.config.validation import nearest
from mmsent.encoders.checkpoints import OPTIONS, as_weights_error
from mmsent.encoders.towers import ImageTower, TextTower, frozen, masked_mean
from mmsent.encoders.weights import WeightsError, check_sha256, checkpoint_folder, locate

#: Files of weights in a folder, in open_clip's order of preference.
_FORMATS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)

#: Before a folder, in open_clip's names of models.
_FOLDER = "local-dir:"


class _BytePairs:
    """open_clip's byte-pair tokenizer with the interface of a tokenizer of transformers."""

    pad_token_id = 0  # also the id of "!"
    padding_side = "right"

    def __init__(self, tokenizer: SimpleTokenizer) -> None:
        self._tokenizer = tokenizer
        self.all_special_ids = tokenizer.all_special_ids

    def __call__(self, texts: Sequence[str], **_: Any) -> dict[str, list[list[int]]]:
        return {"input_ids": [self._tokenizer.encode(text) for text in texts]}

    def get_vocab(self) -> dict[str, int]:
        return self._tokenizer.encoder

    def num_special_tokens_to_add(self) -> int:
        return len(self.all_special_ids)


@dataclass(frozen=True)
class OpenClipTower(TextTower):
    """Text encoder of an open_clip model.

    ``batcher`` is open_clip's wrapper of ``tokenizer``: it cleans, cuts off and pads.
    """

    batcher: Any

    @torch.inference_mode()
    def encode(
        self, texts: Sequence[str], max_tokens: int = 0, width: int = 0
    ) -> dict[str, torch.Tensor]:
        """Encode texts, see :meth:`TextTower.encode`."""
        limit, length = self.limit(max_tokens), self.lengths(texts)
        ids = self.batcher(list(texts), context_length=limit)
        ids = F.pad(
            ids, (0, self.batcher.context_length - limit), value=self.tokenizer.pad_token_id
        )
        tokens = length.clamp(max=limit)
        states, summary = self._states(ids.to(self.device), width or int(tokens.max()))
        # Masked by length, not by id: open_clip's tokenizer pads with the id of "!".
        mask = torch.arange(states.shape[1]) < tokens.unsqueeze(1)
        mean = masked_mean(states, mask.to(self.device))
        return {"mean": mean, "first": states[:, 0], "summary": summary, "length": length}

    def _states(self, ids: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return last states ``(batch, tokens, dim)`` and the vector that they are pooled to."""
        text = self.model
        if text.attn_mask is not None and text.pool_type in ("argmax", "eos"):
            # In a causal transformer, padding changes no token before it; elsewhere it does.
            ids = ids[:, :width]
            text.attn_mask = text.build_causal_mask()[:width, :width].to(ids.device)
        out = text.forward_intermediates(
            ids, indices=1, normalize_intermediates=True, output_fmt="NLC"
        )
        return out["text_intermediates"][-1], out["text_features"]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of texts, without the tokens that the encoder puts around them."""
        if not isinstance(self.batcher, SimpleTokenizer):  # which cleans by itself
            texts = [self.batcher.clean_fn(text) for text in texts]
        return super().ids(texts)

    def input_embeddings(self) -> torch.Tensor:
        """Return the embedding of each token of the vocabulary, ``(vocabulary, dim)``."""
        return self.model.token_embedding.weight


def load_open_text(clip: OpenClip) -> TextTower:
    """Load the text encoder of an open_clip model.

    Raises
    ------
    WeightsError
        If weights are missing or not those that ``clip`` names, or the model is not supported.
    """
    model, batcher = load_open_clip(clip)
    name = clip.architecture or clip.source
    is_byte_pair = isinstance(batcher, SimpleTokenizer)
    tokenizer = _BytePairs(batcher) if is_byte_pair else batcher.tokenizer
    if tokenizer.padding_side != "right":
        raise WeightsError(f"{name}: its tokenizer pads on the left, which is not supported")
    if clip.max_length > batcher.context_length:
        raise WeightsError(
            f"{name}: clip.max_length is {clip.max_length}, the model has "
            f"{batcher.context_length} positions; set max_length to that or less"
        )
    model.text.prune_intermediate_layers(1)  # keeps all layers, drops the projection
    return OpenClipTower(model.text, tokenizer, clip.max_length, batcher)


def load_open_clip(clip: OpenClip) -> tuple[Any, Any]:
    """Load a whole model of open_clip and what turns texts into its batches of token ids.

    Raises
    ------
    WeightsError
        As :func:`load_open_text` does.
    """
    name, config, model = _model(clip)
    # A reduction, meant for training, would cut texts at random.
    options = OPTIONS if config["text_cfg"].get("hf_tokenizer_name") else {"reduction_mask": ""}
    with as_weights_error(name):
        return model, open_clip.get_tokenizer(name, **options)


def load_open_image(clip: OpenClip) -> ImageTower:
    """Load the image encoder of an open_clip model, with its size, mean and standard deviation.

    Images keep their proportions and lose their margins, even if the model was trained on squeezed
    ones.

    Raises
    ------
    WeightsError
        If weights are missing or not those that ``clip`` names, or the model is not supported.
    """
    name, _, model = _model(clip)
    preprocessing, visual = open_clip.get_model_preprocess_cfg(model), model.visual
    height, width = preprocessing["size"]
    if height != width:
        raise WeightsError(f"{name}: reads images of {width} x {height} pixels, not squares")
    if isinstance(visual, TimmModel):
        visual.trunk.reset_classifier(0)
        visual = visual.trunk
    else:
        # Keeps all layers, drops projection and last norm: the class token's last state is left,
        # as for a CLIP of transformers.
        visual.prune_intermediate_layers(1, prune_norm=True)
    return ImageTower(visual, height, 1.0, preprocessing["mean"], preprocessing["std"])


def _model(clip: OpenClip) -> tuple[str, dict[str, Any], Any]:
    """Return open_clip's name of the model, its configuration, and the model with its weights."""
    if clip.architecture:
        name, known, path = clip.architecture, open_clip.list_models(), locate(clip.source)
        if name not in known:
            raise WeightsError(
                f"clip.architecture: open_clip has no model {name!r}{nearest(name, known)}; "
                "see open_clip.list_models()"
            )
        check_sha256([path], clip.sha256)
        weights = str(path.absolute())
    else:
        folder = checkpoint_folder(clip, _FORMATS)
        name, weights = f"{_FOLDER}{folder}", None  # open_clip finds the file that was checked
    with as_weights_error(name):
        config = open_clip.get_model_config(name)
        _check_supported(name, config)
        model = open_clip.create_model_from_pretrained(
            name, pretrained=weights, weights_only=True, force_custom_text=True,
            return_transform=False,
        )  # fmt: skip
    return name, config, frozen(model)


def _check_supported(name: str, config: dict[str, Any]) -> None:
    """Raise a WeightsError if a model is of another kind, or needs a part from a hub."""
    text, vision = config["text_cfg"], config["vision_cfg"]
    kinds = {
        "CoCa": config.get("multimodal_cfg") or text.get("embed_cls")
        or vision.get("attentional_pool"),
        "CLIPA (strip_sep_token)": text.get("tokenizer_kwargs", {}).get("strip_sep_token"),
        "CLIPS (tokenizer_mode)": text.get("tokenizer_mode"),
        "ResNet (a list of layers)": isinstance(vision.get("layers"), list),
        "text encoder of transformers (hf_model_name)": text.get("hf_model_name"),
        "image encoder of a hub (timm_model_name)": ":" in str(vision.get("timm_model_name")),
    }  # fmt: skip
    for kind, present in kinds.items():
        if present:
            raise WeightsError(
                f"{name}: models of the kind {kind} are not supported; name a CLIP with a vision "
                "transformer or an image encoder of timm, or a SigLIP"
            )
    tokenizer = text.get("hf_tokenizer_name")
    if tokenizer and not name.startswith(_FOLDER):  # where open_clip reads the tokenizer
        raise WeightsError(
            f"{name}: open_clip would fetch its tokenizer {tokenizer!r} from a hub in whatever "
            "revision; set clip.source to a folder with the tokenizer, or a hub id and its revision"
        )
