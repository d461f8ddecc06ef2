"""Share the labelled posts out to grouped, stratified folds."""

import argparse
import sys
from pathlib import Path

from mmsent.data.folds import fold_table
from mmsent.data.layout import DatasetError
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the command line and write the folds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--groups", required=True, help="near-duplicate groups")
    parser.add_argument("--outer", type=int, default=5, help="test folds")
    parser.add_argument("--inner", type=int, default=6, help="one part in so many is validation")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    posts, groups = read_table(args.posts), read_table(args.groups)
    try:
        table = fold_table(posts, groups, args.outer, args.inner, args.seed)
    except DatasetError as error:
        sys.exit(str(error))
    write_table(args.out, table)


if __name__ == "__main__":
    main()
