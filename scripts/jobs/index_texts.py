"""Index the texts of the data set: hash, encoding, decoded text, problem."""

from pathlib import Path

from mmsent.data.index import index_texts as index_of
from mmsent.data.layout import dataset_files
from mmsent.tables import write_table


def index_texts(dataset: Path, index: Path) -> None:
    """Write a row for each text of the data set."""
    write_table(index, index_of(Path(file) for file in dataset_files(dataset, "text")))
