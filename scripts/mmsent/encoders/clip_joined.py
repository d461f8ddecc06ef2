"""The open_clip model made of the two towers of the models file."""

import json
import logging
import tempfile
from pathlib import Path

import open_clip
from open_clip import CustomTextCLIP
from open_clip.hf_configs import arch_dict
from torch import nn

from mmsent.config.encoders import ImageEncoder, TextEncoder, TwoTowers
from mmsent.encoders.checkpoints import checkpoint_folder
from mmsent.encoders.timm_image import load_image_tower
from mmsent.encoders.towers import frozen
from mmsent.encoders.transformers_text import load_text_tower
from mmsent.encoders.weights import WeightsError


def load_two_towers(clip: TwoTowers, text: TextEncoder, image: ImageEncoder) -> CustomTextCLIP:
    """An open_clip model made of two pretrained towers, frozen.

    open_clip builds it from its own configuration, then the towers' weights go in. The projections
    into the joint space are untrained: nothing reads them.

    Raises
    ------
    WeightsError
        If a tower's weights are missing, not the ones named, or do not fit.
    """
    text_tower, image_tower = load_text_tower(text), load_image_tower(image)
    kind = text_tower.model.config.model_type  # type: ignore[union-attr]
    if kind not in arch_dict:
        raise WeightsError(
            f"open_clip makes no text tower of a model of type {kind!r}, but of "
            f"{', '.join(arch_dict)}; name another kind of clip in the models file"
        )
    folder = str(checkpoint_folder(text))
    configuration = {
        "embed_dim": clip.embedding_size,
        "vision_cfg": {
            "timm_model_name": image.architecture,
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": image.size,
        },
        "text_cfg": {
            "hf_model_name": folder,
            "hf_tokenizer_name": folder,
            "hf_model_pretrained": False,
            "hf_proj_type": "linear",
            "hf_pooler_type": "mean_pooler",
            "context_length": text.max_length,
        },
    }
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "two_towers.json"
        path.write_text(json.dumps(configuration), encoding="utf-8")
        open_clip.add_model_config(path)
    # open_clip warns that the model has no weights yet: they come in the next two lines.
    logging.disable(logging.WARNING)
    try:
        model = open_clip.create_model(
            "two_towers", pretrained=None, load_weights=False, pretrained_text=False
        )
    finally:
        logging.disable(logging.NOTSET)
    _copy(text_tower.model, model.text.transformer)
    _copy(image_tower.model, model.visual.trunk)
    return frozen(model)


def _copy(source: nn.Module, target: nn.Module) -> None:
    # Not strict: a tower may lack the pooling layer that the stand-alone encoder carries unused.
    result = target.load_state_dict(source.state_dict(), strict=False)
    if result.missing_keys:
        raise WeightsError(f"the tower's weights lack {', '.join(result.missing_keys[:5])}")
