"""Keep the posts that the policy leaves; with the policy "error", refuse if any is bad."""

import argparse
import sys
from pathlib import Path

from mmsent.data.layout import DatasetError
from mmsent.data.posts import apply_policy
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the command line and write the posts table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listed", required=True, help="all listed posts")
    parser.add_argument("--problems", required=True, help="problems, judged")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    try:
        posts = apply_policy(read_table(args.listed), read_table(args.problems))
    except DatasetError as error:
        sys.exit(str(error))
    write_table(args.out, posts)


if __name__ == "__main__":
    main()
