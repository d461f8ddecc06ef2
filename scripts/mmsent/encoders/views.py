"""Views of an image: the fixed one of evaluation, and augmented ones for training."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from PIL import Image
from torchvision.transforms import v2

from mmsent.encoders.towers import ImageTower
from mmsent.files import seed_of

#: An image that is longer than this many times its shorter side loses its ends.
MOST_ELONGATED = 8

#: Adjustments that ``one_of`` draws from; a factor of 1 leaves the image unchanged.
_ADJUSTMENTS: dict[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "brightness": v2.functional.adjust_brightness,
    "contrast": v2.functional.adjust_contrast,
    "saturation": v2.functional.adjust_saturation,
    "sharpness": v2.functional.adjust_sharpness,
}

#: A transform of ``(3, height, width)`` images in bytes.
Operation = Callable[[torch.Tensor], torch.Tensor]


def operation(name: str, settings: dict[str, Any], size: int) -> Operation:
    """Return an augmentation operation; ``size`` is the side of the encoder's images in pixels."""
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
    """Return a function of an image and the SHA-256 of its file that returns a view of it.

    Without a policy it is the evaluation view, else draw ``number`` of the policy;
    ``(3, size, size)``.
    """
    if policy is None:
        return lambda image, _: evaluation_view(image, tower.size, tower.crop_share)
    return lambda image, sha256: augmented_view(image, policy, tower.size, sha256, number, seed)


def augmented_view(
    image: Image.Image, policy: dict[str, Any], size: int, sha256: str, view: int, seed: int
) -> torch.Tensor:
    """Return an augmented view, ``(3, size, size)`` in bytes.

    The draw depends on the image's file (``sha256``), the number of the view and the seed, not on
    the other images or their order: a new or removed post changes no view of another one.
    """
    pixels = _resized(image, size + policy["margin"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(seed, sha256, view))
        for step in policy["operations"]:
            ((name, settings),) = step.items()
            pixels = operation(name, settings, size)(pixels)
    return v2.functional.center_crop(pixels, [size, size])


def evaluation_view(image: Image.Image, size: int, crop_share: float = 1.0) -> torch.Tensor:
    """Return the middle of an image, ``(3, size, size)`` in bytes; nothing is random.

    The shorter side is resized to ``size / crop_share`` pixels, so that the proportions are kept,
    and the middle ``size`` by ``size`` pixels are cropped, as in the encoder's training.
    """
    return v2.functional.center_crop(_resized(image, int(size / crop_share)), [size, size])


def _resized(image: Image.Image, shorter_side: int) -> torch.Tensor:
    """The image with its shorter side at so many pixels, ``(3, height, width)`` in bytes."""
    pixels = v2.functional.pil_to_tensor(image.convert("RGB"))
    height, width = pixels.shape[-2:]
    longest = MOST_ELONGATED * min(height, width)
    # A strip of one pixel by thousands would become an image of millions.
    pixels = v2.functional.center_crop(pixels, [min(height, longest), min(width, longest)])
    bicubic = v2.InterpolationMode.BICUBIC
    return v2.functional.resize(pixels, [shorter_side], interpolation=bicubic, antialias=True)
