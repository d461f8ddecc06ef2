"""Image encoders of timm."""

import timm
import torch

from mmsent.config.encoders import ImageEncoder
from mmsent.encoders.checkpoints import as_weights_error
from mmsent.encoders.towers import ImageTower, frozen
from mmsent.encoders.weights import WeightsError, check_sha256, locate


def load_image_tower(spec: ImageEncoder) -> ImageTower:
    """Build a timm architecture without its classifier and load its weights.

    The tensors of the file may have other names: then they are matched in order, one to one, and
    every shape has to agree.

    Raises
    ------
    WeightsError
        If the weights are missing, not those that ``spec`` names, or do not fit.
    """
    path = locate(spec.source)
    check_sha256([path], spec.sha256)
    with as_weights_error("image.architecture"):
        model = timm.create_model(spec.architecture, pretrained=False)
    with as_weights_error(path.name):
        content = torch.load(path, map_location="cpu", weights_only=True)
        load_matched(model, content)
    model.reset_classifier(0)  # type: ignore[operator]
    model.to(memory_format=torch.channels_last)
    return ImageTower(
        frozen(model), spec.size, spec.crop_share, spec.mean, spec.std, fuses=spec.fused
    )


def load_matched(model: torch.nn.Module, content: dict[str, torch.Tensor]) -> None:
    """Load tensors by name, or in order if any name differs.

    Raises
    ------
    WeightsError
        If the number of tensors differs.
    RuntimeError
        If a shape differs.
    """
    names = model.state_dict().keys()
    if len(content) != len(names):
        raise WeightsError(
            f"the file contains {len(content)} tensors, image.architecture has {len(names)}; "
            "set it to the architecture of these weights"
        )
    if content.keys() != names:
        content = dict(zip(names, content.values(), strict=True))
    model.load_state_dict(content)
