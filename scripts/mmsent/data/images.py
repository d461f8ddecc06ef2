"""Reading the image of a post."""

import errno
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageFile

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


#: A damaged image is decoded in part if this fraction of its rows can be.
MOST_ROWS = 0.5


class UnreadableImageError(ValueError):
    """A file is not an image that can be decoded."""


class _DamagedError(UnreadableImageError):
    """The header of an image can be read, its pixels not all."""


@dataclass(frozen=True)
class DecodedImage:
    """A decoded image, upright, with the format and mode of its file.

    ``notes`` says how the file was made an RGB image, ``damage`` how much of it could be decoded if
    not all; the policy decides whether such an image is used.
    """

    rgb: Image.Image
    format: str
    mode: str
    notes: list[str]
    damage: str = ""


def read_image(path: Path) -> DecodedImage:
    """Decode an image and convert it to RGB, transparency to white.

    Of an image that is truncated or damaged, the rows that could be decoded are followed by grey or
    black ones.

    Raises
    ------
    UnreadableImageError
        If the file is empty, not an image, larger than :data:`MAXIMUM_PIXELS`, or fewer than
        :data:`MOST_ROWS` of its rows can be decoded.
    OSError, MemoryError
        If the machine is at fault, not the file.
    """
    if path.stat().st_size == 0:
        raise UnreadableImageError("the file is empty")
    try:
        return _decoded(path)
    except _DamagedError as error:
        # Pillow has only a switch for the whole process.
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            return _decoded(path, str(error))
        except UnreadableImageError:
            raise error from None
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False


def _decoded(path: Path, damage: str = "") -> DecodedImage:
    """Decode an image; one with a known ``damage`` as far as that is possible."""
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
                if damage:
                    rows = _decoded_rows(image)
                    if rows < MOST_ROWS:
                        raise UnreadableImageError(damage)
                    damage += f"; the upper {int(100 * rows)} % of its rows can be"
                turn, exif_error = _turn(image)
                damaged_exif = [
                    str(each.message).strip() for each in warned if "EXIF" in str(each.message)
                ]
                rgb = _to_rgb(image)
                rgb = rgb if turn is None else rgb.transpose(turn)
                notes = _notes(image, exif_error or "".join(damaged_exif[:1]))
                return DecodedImage(rgb, image.format or "unknown", image.mode, notes, damage)
    except Image.DecompressionBombError:
        raise UnreadableImageError(f"more than {MAXIMUM_PIXELS:,} pixels") from None
    except Image.UnidentifiedImageError:
        raise UnreadableImageError("not in a known format") from None
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # damaged files make decoders raise anything
        if isinstance(error, OSError) and error.errno in _FAULTS:
            raise
        raise _DamagedError(f"cannot be decoded: {error}") from None


def _decoded_rows(image: Image.Image) -> float:
    """Fraction of the rows of a damaged image above those that its decoder left as they were.

    These are grey in a JPEG and zero in a PNG. Other formats, and interlaced PNGs, are not decoded
    from the top.
    """
    rows = np.asarray(image).reshape(image.height, -1)
    if image.format in ("JPEG", "MPO"):
        left = np.abs(rows - 127.5) < 1
    elif image.format == "PNG" and not image.info.get("interlace"):
        left = rows == 0
    else:
        return 0.0
    decoded = np.flatnonzero(~left.all(axis=1))
    return (int(decoded[-1]) + 1) / image.height if len(decoded) else 0.0


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
