"""Reading the picture of a post."""

import errno
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

#: A picture of more pixels is refused: decoding it would take over a gigabyte.
MAXIMUM_PIXELS = 100_000_000

#: Colour of the picture that stands in where one is blank.
BLANK_COLOUR = (128, 128, 128)

#: What says nothing of the file: a fault of disk or network, too many open files, no right.
_FAULTS = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
           errno.EACCES, errno.EPERM}  # fmt: skip

_SUFFIX_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}


class UnreadableImageError(ValueError):
    """A file is no picture that can be decoded."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture and what its file was like; sizes in pixels as shown (EXIF applied)."""

    rgb: Image.Image
    format: str
    mode: str
    frames: int

    @property
    def notes(self) -> list[str]:
        """What was done to make an RGB picture of the file."""
        notes = []
        if self.mode != "RGB":
            notes.append(f"mode {self.mode} converted to RGB")
        if self.frames > 1:
            notes.append(f"animated: the first of {self.frames} frames is used")
        return notes


def read_picture(path: str | Path) -> Picture:
    """Decode a picture wholly and turn it into RGB; transparency is laid over white.

    Raises
    ------
    UnreadableImageError
        If the file is empty, no picture, truncated, or larger than :data:`MAXIMUM_PIXELS`.
    OSError, MemoryError
        If the machine is at fault: the file may be as good as any.
    """
    path = Path(path)
    if path.stat().st_size == 0:
        raise UnreadableImageError("the file is empty")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a picture that is large: the limit here is ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                width, height = image.size
                if width * height > MAXIMUM_PIXELS:
                    raise UnreadableImageError(
                        f"{width} x {height} pixels are more than {MAXIMUM_PIXELS:,}"
                    )
                image.load()
                rgb = _to_rgb(ImageOps.exif_transpose(image))
                frames = getattr(image, "n_frames", 1)
                return Picture(rgb, image.format or "unknown", image.mode, frames)
    except Image.DecompressionBombError:
        raise UnreadableImageError(f"more than {MAXIMUM_PIXELS:,} pixels") from None
    except Image.UnidentifiedImageError:
        raise UnreadableImageError("not a picture in a known format") from None
    except (UnreadableImageError, MemoryError):
        raise
    except Exception as error:  # damaged files make decoders raise anything
        if isinstance(error, OSError) and error.errno in _FAULTS:
            raise
        raise UnreadableImageError(f"cannot be decoded: {error}") from None


def expected_format(path: Path) -> str:
    """The format that the name of a picture promises, or ``""``."""
    return _SUFFIX_FORMATS.get(path.suffix.lower(), "")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    if image.mode.startswith("I;16"):
        # convert() would clip sixteen bits at 255: almost everything would be white.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    return image.convert("RGB")
