"""Index the texts of the data set: hash, encoding, decoded text, what is wrong."""

import argparse
from pathlib import Path

from mmsent.data.index import index_texts
from mmsent.data.layout import dataset_files
from mmsent.tables import write_table


def main() -> None:
    """Read the command line and write the index."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, type=Path, help="folder of the data set")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    files = dataset_files(args.dataset, "text")
    write_table(args.out, index_texts(Path(file) for file in files))


if __name__ == "__main__":
    main()
