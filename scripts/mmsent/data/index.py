"""Indexes: a row for each file of the data set, with its content or its problem.

Only the two index jobs depend on the thousands of files; all later jobs on these small tables.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
from PIL import Image

from mmsent.data.decoding import UndecodableTextError, decode_text
from mmsent.data.images import UnreadableImageError, read_image
from mmsent.data.layout import NOTE_SEPARATOR, normalise_guid
from mmsent.files import sha256_bytes, sha256_file
from mmsent.processes import in_processes
from mmsent.progress import with_progress

TEXT_COLUMNS = ["guid", "file", "sha256", "bytes", "encoding", "text", "note", "problem"]
IMAGE_COLUMNS = [
    "guid", "file", "sha256", "bytes", "format", "mode", "width", "height", "phash", "contrast",
    "note", "problem",
]  # fmt: skip


def index_texts(files: Iterable[Path]) -> pd.DataFrame:
    """Index texts: columns :data:`TEXT_COLUMNS`, a row for each file, in the order of the files.

    A text that cannot be decoded has the reason in ``problem`` and an empty ``text``.
    """
    rows = []
    for path in with_progress(files, "texts"):
        content = path.read_bytes()
        problem = "" if content else "text file is empty"
        try:
            text, encoding, notes = decode_text(content)
        except UndecodableTextError as error:
            text, encoding, notes, problem = "", "", [], f"text {error}"
        start = (str(normalise_guid(path.stem)), path.name, sha256_bytes(content), len(content))
        rows.append((*start, encoding, text, NOTE_SEPARATOR.join(notes), problem))
    return pd.DataFrame(rows, columns=TEXT_COLUMNS)


def index_images(files: Sequence[Path], threads: int = 1) -> pd.DataFrame:
    """Index images: columns :data:`IMAGE_COLUMNS`, a row for each file, in the order of the files.

    ``width`` and ``height`` are in pixels, ``phash`` is the 64-bit perceptual hash as 16
    hexadecimal digits, ``contrast`` the standard deviation of the grey levels (0 to 127.5). An
    image that cannot be decoded has the reason in ``problem``.
    """
    rows = with_progress(in_processes(_image_row, files, threads), "images", len(files))
    return pd.DataFrame(list(rows), columns=IMAGE_COLUMNS)


def _image_row(path: Path) -> tuple[str | int | float, ...]:
    start = (str(normalise_guid(path.stem)), path.name, sha256_file(path), path.stat().st_size)
    try:
        image = read_image(path)
    except UnreadableImageError as error:
        return (*start, "", "", 0, 0, "", 0.0, "", f"image {error}")
    notes = image.notes
    if image.format != Image.registered_extensions().get(path.suffix.lower(), image.format):
        notes.insert(0, f"{image.format} named {path.suffix}")
    grey = np.asarray(image.rgb.convert("L"), dtype=np.float64)
    return (
        *start,
        image.format,
        image.mode,
        *image.rgb.size,
        str(imagehash.phash(image.rgb)),
        round(float(grey.std()), 2),
        NOTE_SEPARATOR.join(notes),
        "",
    )
