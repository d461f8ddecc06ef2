"""Refuse posts that cannot be used or shared out to folds, before anything is encoded."""

import argparse
import sys
from pathlib import Path

from mmsent.data.admission import check_data
from mmsent.data.layout import DatasetError
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and check the data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, type=Path, help="folder of the data set")
    parser.add_argument("--texts", required=True, help="text index")
    parser.add_argument("--images", required=True, help="image index")
    parser.add_argument("--on-bad-post", required=True, choices=["error", "drop", "blank"])
    parser.add_argument("--phash-distance", type=int, default=4, help="bits of 64 that may differ")
    parser.add_argument("--minimum-words", type=int, default=4)
    parser.add_argument("--outer", type=int, default=5, help="test folds")
    parser.add_argument("--inner", type=int, default=6, help="one part in so many is validation")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", required=True, type=Path, help="how many files (JSON)")
    args = parser.parse_args()

    texts, images = read_table(args.texts), read_table(args.images)
    duplicates = (args.phash_distance, args.minimum_words)
    folds = (args.outer, args.inner)
    try:
        check_data(args.dataset, texts, images, args.on_bad_post, duplicates, folds, args.seed)
    except DatasetError as error:
        sys.exit(str(error))
    write_json(args.out, {"texts": len(texts), "images": len(images)})


if __name__ == "__main__":
    main()
