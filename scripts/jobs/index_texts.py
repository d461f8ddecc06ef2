"""Index the texts of the data set: hash, encoding, decoded text, problem."""

from pathlib import Path

from mmsent.data.dataset import recognise
from mmsent.data.index import index_texts as index_of
from mmsent.tables import write_table


def index_texts(dataset: Path, columns: dict[str, str], index: Path) -> None:
    """Write a row for each text of the data set; ``columns`` are those of a table."""
    write_table(index, index_of(recognise(dataset, columns).contents()))
