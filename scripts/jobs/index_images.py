"""Index the images of the data set: hash, format, size, perceptual hash, problem."""

from pathlib import Path

from mmsent.data.dataset import recognise
from mmsent.data.index import index_images as index_of
from mmsent.tables import write_table


def index_images(dataset: Path, columns: dict[str, str], index: Path, threads: int = 1) -> None:
    """Write a row for each image of the data set; ``threads`` processes read."""
    posts = recognise(dataset, columns)
    write_table(index, index_of(posts.root, posts.files["image"], threads))
