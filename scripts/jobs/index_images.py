"""Index the images of the data set: hash, format, size, perceptual hash, problem."""

from pathlib import Path

from mmsent.data.index import index_images as index_of
from mmsent.data.layout import dataset_files
from mmsent.tables import write_table


def index_images(dataset: Path, index: Path, threads: int = 1) -> None:
    """Write a row for each image of the data set; ``threads`` processes read."""
    files = [Path(file) for file in dataset_files(dataset, "image")]
    write_table(index, index_of(files, threads))
