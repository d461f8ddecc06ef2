"""Draw a sheet of near-duplicate posts and count them."""

import argparse
from pathlib import Path

from mmsent.figures.duplicates import duplicate_sheet
from mmsent.figures.style import save_sheet
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the posts and their groups, draw the sheet and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=Path, required=True, help="posts table")
    parser.add_argument("--groups", type=Path, required=True, help="table of guid and group")
    parser.add_argument("--images", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    parser.add_argument("--numbers", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()
    figure, numbers = duplicate_sheet(
        read_table(arguments.posts), read_table(arguments.groups), arguments.images
    )
    save_sheet(figure, arguments.figure)
    write_json(arguments.numbers, numbers)


if __name__ == "__main__":
    main()
