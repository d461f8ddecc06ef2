"""Views of a picture: the fixed one of evaluation, and augmented ones for training."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from PIL import Image
from torchvision.transforms import v2

from mmsent.encoders.towers import ImageTower
from mmsent.files import seed_of

#: Beyond so many times its shorter side, the ends of a picture are cut off.
MOST_ELONGATED = 8

#: What ``one_of`` draws from; a factor of 1 leaves the picture as it is.
_ADJUSTMENTS: dict[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "brightness": v2.functional.adjust_brightness,
    "contrast": v2.functional.adjust_contrast,
    "saturation": v2.functional.adjust_saturation,
    "sharpness": v2.functional.adjust_sharpness,
}

#: A transform of ``(3, height, width)`` pictures in bytes.
Operation = Callable[[torch.Tensor], torch.Tensor]


def operation(name: str, settings: dict[str, Any], size: int) -> Operation:
    """Build one augmentation operation; ``size`` is the encoder's side in pixels."""
    builders: dict[str, Callable[[], Operation]] = {
        "random_crop": lambda: v2.RandomCrop(size),
        "random_resized_crop": lambda: v2.RandomResizedCrop(size, antialias=True, **settings),
        "horizontal_flip": lambda: v2.RandomHorizontalFlip(**settings),
        "rotation": lambda: v2.RandomRotation(
            settings["degrees"], interpolation=v2.InterpolationMode.BILINEAR
        ),
        "translation": lambda: v2.RandomAffine(0, translate=(settings["share"],) * 2),
        "color_jitter": lambda: v2.ColorJitter(**settings),
        "sharpness": lambda: v2.RandomAdjustSharpness(settings["factor"], p=1.0),
        "blur": lambda: v2.GaussianBlur(5, sigma=settings["sigma"]),
        "erasing": lambda: v2.RandomErasing(**settings),
        "one_of": lambda: partial(_adjusted, **settings),
    }
    return builders[name]()


def _adjusted(image: torch.Tensor, p: float, **widths: float) -> torch.Tensor:
    """With probability ``p`` one of the adjustments of a width above 0, drawn evenly."""
    happens, factor = torch.rand(2).tolist()
    names = [name for name in _ADJUSTMENTS if widths.get(name, 0) > 0]
    name = names[int(torch.randint(len(names), ()))]
    if happens >= p:
        return image
    return _ADJUSTMENTS[name](image, 1 + widths[name] * (2 * factor - 1))


def view_maker(
    tower: ImageTower, policy: dict[str, Any] | None, number: int, seed: int
) -> Callable[[Image.Image, str], torch.Tensor]:
    """The function that makes a view, ``(3, size, size)``, of an image and its file's SHA-256.

    It is the evaluation view, or draw ``number`` of a policy.
    """
    if policy is None:
        return lambda image, _: evaluation_view(image, tower.size, tower.crop_share)
    return lambda image, sha256: augmented_view(image, policy, tower.size, sha256, number, seed)


def augmented_view(
    picture: Image.Image, policy: dict[str, Any], size: int, sha256: str, view: int, seed: int
) -> torch.Tensor:
    """One augmented view, ``(3, size, size)`` in bytes.

    The draw depends on the picture's own bytes (``sha256``), the view's number and the seed, not on
    the other pictures or their order: a post that comes or goes changes no other post's views.
    """
    image = _resized(picture, size + policy["margin"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, sha256, view))
        for step in policy["operations"]:
            ((name, settings),) = step.items()
            image = operation(name, settings, size)(image)
    return v2.functional.center_crop(image, [size, size])


def evaluation_view(picture: Image.Image, size: int, crop_share: float = 1.0) -> torch.Tensor:
    """The middle of the picture, ``(3, size, size)`` in bytes; nothing random.

    The shorter side is resized to ``size / crop_share`` pixels, so that the proportions are kept,
    and the middle ``size`` by ``size`` of it are taken: what the encoder was trained to see.
    """
    image = _resized(picture, int(size / crop_share))
    return v2.functional.center_crop(image, [size, size])


def _resized(picture: Image.Image, shorter_side: int) -> torch.Tensor:
    """The picture with its shorter side at so many pixels, ``(3, height, width)`` in bytes."""
    image = v2.functional.pil_to_tensor(picture.convert("RGB"))
    height, width = image.shape[-2:]
    longest = MOST_ELONGATED * min(height, width)
    # A strip of one pixel by thousands would become a picture of millions.
    image = v2.functional.center_crop(image, [min(height, longest), min(width, longest)])
    bicubic = v2.InterpolationMode.BICUBIC
    return v2.functional.resize(image, [shorter_side], interpolation=bicubic, antialias=True)
