"""Split the labelled posts as the study does: the paper protocol."""

import argparse
import sys
from pathlib import Path

from mmsent.data.layout import DatasetError
from mmsent.data.paper_split import paper_table
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the command line and write the split as a fold table with one fold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--groups", required=True, help="near-duplicate groups")
    parser.add_argument("--share", type=float, default=0.15, help="of the posts, for validation")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    posts, groups = read_table(args.posts), read_table(args.groups)
    try:
        table = paper_table(posts, groups, args.share)
    except DatasetError as error:
        sys.exit(str(error))
    write_table(args.out, table)


if __name__ == "__main__":
    main()
