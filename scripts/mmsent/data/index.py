"""Indexes: a row for the text and the image of each post, with its content or its problem.

Only the two index jobs depend on the thousands of files; all later jobs on these small tables.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
from PIL import Image

from mmsent.data.decoding import UndecodableTextError, decode_text
from mmsent.data.images import UnreadableImageError, read_image
from mmsent.data.layout import NOTE_SEPARATOR
from mmsent.files import sha256_bytes, sha256_file
from mmsent.processes import in_processes
from mmsent.progress import with_progress

TEXT_COLUMNS = ["guid", "file", "sha256", "bytes", "encoding", "text", "note", "problem"]
IMAGE_COLUMNS = [
    "guid", "file", "sha256", "bytes", "format", "mode", "width", "height", "phash", "contrast",
    "note", "problem",
]  # fmt: skip


def index_texts(texts: Iterable[tuple[str, str, bytes, str]]) -> pd.DataFrame:
    """Index texts: columns :data:`TEXT_COLUMNS`, a row for each text, in their order.

    A text that cannot be decoded has the reason in ``problem`` and an empty ``text``.

    Parameters
    ----------
    texts
        Guid, file, content and encoding of each, from :meth:`Dataset.contents`: the encoding is
        empty unless it is that of a table, which has been decoded.
    """
    rows = []
    for guid, file, content, of_table in with_progress(texts, "texts"):
        problem = "" if content else "text is empty" if of_table else "text file is empty"
        try:
            text, encoding, notes = decode_text(content)
        except UndecodableTextError as error:
            text, encoding, notes, problem = "", "", [], f"text {error}"
        start = (guid, file, sha256_bytes(content), len(content), of_table or encoding)
        rows.append((*start, text, NOTE_SEPARATOR.join(notes), problem))
    return pd.DataFrame(rows, columns=TEXT_COLUMNS)


def index_images(root: Path, files: Mapping[str, str], threads: int = 1) -> pd.DataFrame:
    """Index images: columns :data:`IMAGE_COLUMNS`, a row for each image, in their order.

    ``width`` and ``height`` are in pixels, ``phash`` is the 64-bit perceptual hash as 16
    hexadecimal digits, ``contrast`` the standard deviation of the grey levels (0 to 127.5). An
    image that cannot be decoded has the reason in ``problem``; one that can in part, also what was
    measured of that part.

    Parameters
    ----------
    files
        The image of each guid, relative to ``root``.
    """
    images = [(root, guid, file) for guid, file in files.items()]
    rows = with_progress(in_processes(_image_row, images, threads), "images", len(images))
    return pd.DataFrame(list(rows), columns=IMAGE_COLUMNS)


def _image_row(named: tuple[Path, str, str]) -> tuple[str | int | float, ...]:
    root, guid, file = named
    path, nothing = root / file, ("", "", 0, 0, "", 0.0, "")
    if not path.is_file():
        return (guid, file, "", 0, *nothing, "image file is missing")
    start = (guid, file, sha256_file(path), path.stat().st_size)
    try:
        image = read_image(path)
    except UnreadableImageError as error:
        return (*start, *nothing, f"image {error}")
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
        f"image {image.damage}" if image.damage else "",
    )
