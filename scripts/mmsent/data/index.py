"""One row for each file of the data set: what it holds and what is wrong with it.

The two indexes are the only things that read the thousands of files for their own sake; whatever
comes later depends on these small tables.
"""

from collections.abc import Iterable
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd

from mmsent.data.decoding import UndecodableTextError
from mmsent.data.images import UnreadableImageError, expected_format, read_picture
from mmsent.data.layout import normalise_guid
from mmsent.data.problems import NOTE_SEPARATOR
from mmsent.data.text import decode_text
from mmsent.files import sha256_bytes, sha256_file
from mmsent.progress import with_progress

TEXT_COLUMNS = ["guid", "file", "sha256", "bytes", "encoding", "text", "note", "problem"]
IMAGE_COLUMNS = [
    "guid", "file", "sha256", "bytes", "format", "mode", "width", "height", "phash", "contrast",
    "note", "problem",
]  # fmt: skip


def index_texts(files: Iterable[Path]) -> pd.DataFrame:
    """Index the texts: columns :data:`TEXT_COLUMNS`, a row for each file, in the given order.

    A text that cannot be decoded has its reason in ``problem`` and an empty ``text``.
    """
    rows = []
    for path in with_progress(files, "texts"):
        content = path.read_bytes()
        text, encoding, note, problem = "", "", "", ""
        try:
            text, encoding, notes = decode_text(content)
            note = NOTE_SEPARATOR.join(notes)
        except UndecodableTextError as error:
            problem = f"text {error}"
        if not content:
            problem = "text file is empty"
        start = (str(normalise_guid(path.stem)), path.name, sha256_bytes(content), len(content))
        rows.append((*start, encoding, text, note, problem))
    return pd.DataFrame(rows, columns=TEXT_COLUMNS)


def index_images(files: Iterable[Path]) -> pd.DataFrame:
    """Index the pictures: columns :data:`IMAGE_COLUMNS`, a row for each file, in the given order.

    ``width`` and ``height`` are pixels, ``phash`` the 64-bit perceptual hash as 16 hexadecimal
    digits, ``contrast`` the standard deviation of the grey levels (0 to 127.5). A picture that
    cannot be decoded has its reason in ``problem``.
    """
    rows = [_image_row(path) for path in with_progress(files, "images")]
    return pd.DataFrame(rows, columns=IMAGE_COLUMNS)


def _image_row(path: Path) -> tuple[str | int | float, ...]:
    start = (str(normalise_guid(path.stem)), path.name, sha256_file(path), path.stat().st_size)
    try:
        picture = read_picture(path)
    except UnreadableImageError as error:
        return (*start, "", "", 0, 0, "", 0.0, "", f"image {error}")
    notes = picture.notes
    promised = expected_format(path)
    if promised and picture.format != promised:
        notes.insert(0, f"{picture.format} named {path.suffix}")
    grey = np.asarray(picture.rgb.convert("L"), dtype=np.float64)
    return (
        *start,
        picture.format,
        picture.mode,
        *picture.rgb.size,
        str(imagehash.phash(picture.rgb)),
        round(float(grey.std()), 2),
        NOTE_SEPARATOR.join(notes),
        "",
    )
