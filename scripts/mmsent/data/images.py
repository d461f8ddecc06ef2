"""Reading the image of a post."""

import errno
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms

#: Larger images are refused: decoding them would take over a gigabyte.
MAXIMUM_PIXELS = 100_000_000

#: Colour of a blank image.
BLANK_COLOUR = (128, 128, 128)

#: Errors of the machine, not of the file: disk, network, too many open files, no permission.
_FAULTS = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
           errno.EACCES, errno.EPERM}  # fmt: skip

#: How an image is turned upright, by the orientation in its EXIF.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip

#: White in images of integers or floats: the least of these that no pixel exceeds.
_WHITE_LEVELS = (255, 65_535, 2**31 - 1)


class UnreadableImageError(ValueError):
    """A file is not an image that can be decoded."""


@dataclass(frozen=True)
class DecodedImage:
    """A decoded image, upright, with the format and mode of its file.

    ``notes`` says how the file was made an RGB image.
    """

    rgb: Image.Image
    format: str
    mode: str
    notes: list[str]


def read_image(path: Path) -> DecodedImage:
    """Decode a whole image and convert it to RGB, transparency to white.

    Raises
    ------
    UnreadableImageError
        If the file is empty, not an image, truncated, or larger than :data:`MAXIMUM_PIXELS`.
    OSError, MemoryError
        If the machine is at fault, not the file.
    """
    if path.stat().st_size == 0:
        raise UnreadableImageError("the file is empty")
    try:
        with warnings.catch_warnings(record=True) as warned:
            # Pillow warns of damaged EXIF, and of images over its limit of pixels.
            warnings.simplefilter("always")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MAXIMUM_PIXELS:
                    raise UnreadableImageError(
                        f"{width} x {height} pixels are more than {MAXIMUM_PIXELS:,}"
                    )
                image.load()
                turn, exif_error = _turn(image)
                damage = [
                    str(each.message).strip() for each in warned if "EXIF" in str(each.message)
                ]
                rgb = _to_rgb(image)
                rgb = rgb if turn is None else rgb.transpose(turn)
                notes = _notes(image, exif_error or "".join(damage[:1]))
                return DecodedImage(rgb, image.format or "unknown", image.mode, notes)
    except Image.DecompressionBombError:
        raise UnreadableImageError(f"more than {MAXIMUM_PIXELS:,} pixels") from None
    except Image.UnidentifiedImageError:
        raise UnreadableImageError("not in a known format") from None
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # damaged files make decoders raise anything
        if isinstance(error, OSError) and error.errno in _FAULTS:
            raise
        raise UnreadableImageError(f"cannot be decoded: {error}") from None


def _notes(image: Image.Image, exif_error: str) -> list[str]:
    notes, frames = [], getattr(image, "n_frames", 1)
    if image.mode != "RGB":
        notes.append(f"mode {image.mode} converted to RGB")
    if frames > 1:
        kind = "several images" if image.format == "MPO" else "animated"
        notes.append(f"{kind}: the first of {frames} frames is used")
    if exif_error:
        notes.append(f"EXIF not wholly readable: {exif_error}")
    return notes


def _turn(image: Image.Image) -> tuple[Image.Transpose | None, str]:
    """How an image is turned upright, and why its EXIF cannot be read, if it cannot."""
    try:
        return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1)), ""
    except Exception as error:  # noqa: BLE001  damaged EXIF makes the parser raise anything
        return None, str(error) or type(error).__name__


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _grey_levels(image)
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(lab, srgb, "LAB", "RGB").apply(image)
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return image.convert("RGB")


def _grey_levels(image: Image.Image) -> Image.Image:
    """An image of more than eight bits, scaled; ``convert`` would clip its values at 255."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    white = next((level for level in _WHITE_LEVELS if values.max() <= level), values.max())
    if image.mode.startswith("I;16"):
        white = 65_535
    elif image.mode == "F" and values.max() <= 1:
        white = 1
    grey = np.clip(values * (255 / white), 0, 255)
    transparent = image.info.get("transparency")
    if transparent is not None:
        grey[values == transparent] = 255
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
