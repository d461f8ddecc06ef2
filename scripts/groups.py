"""Group near-duplicate posts."""

import argparse
from pathlib import Path

from mmsent.data.duplicates import near_duplicate_groups
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the command line and write the groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", required=True, help="text index")
    parser.add_argument("--images", required=True, help="image index")
    parser.add_argument("--phash-distance", type=int, default=4, help="bits of 64 that may differ")
    parser.add_argument("--minimum-words", type=int, default=4)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    groups = near_duplicate_groups(
        read_table(args.texts), read_table(args.images), args.phash_distance, args.minimum_words
    )
    write_table(args.out, groups)


if __name__ == "__main__":
    main()
