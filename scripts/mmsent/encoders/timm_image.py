"""Image encoders of timm."""

from pickle import UnpicklingError

import timm
import torch

from mmsent.config.encoders import ImageEncoder
from mmsent.encoders.towers import ImageTower, frozen
from mmsent.encoders.weights import WeightsError, check_sha256, locate


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
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise WeightsError(
            f"{path.name}: the weights contain more than tensors: not loaded"
        ) from error
    try:
        model = timm.create_model(spec.architecture, pretrained=False)
    except (RuntimeError, ValueError) as error:  # unknown to timm, or a name of something else
        raise WeightsError(f"image.architecture: {error}; see timm.list_models()") from error
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
    if len(content) != len(expected):
        raise WeightsError(
            f"{name}: {len(content)} tensors, the architecture has {len(expected)}; "
            "name the one of these weights in the models file"
        )
    if content.keys() == expected.keys():
        content = {key: content[key] for key in expected}
    for (key, tensor), (old, given) in zip(expected.items(), content.items(), strict=True):
        if tensor.shape != given.shape:
            raise WeightsError(
                f"{name}: {old} has shape {tuple(given.shape)}, {key} needs {tuple(tensor.shape)}"
            )
    return dict(zip(expected, content.values(), strict=True))
