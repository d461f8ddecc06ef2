"""Draw a sheet of near-duplicate posts and count them."""

from pathlib import Path

from mmsent.figures.arguments import figure_parser
from mmsent.figures.duplicates import duplicate_sheet
from mmsent.figures.style import save_sheet
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the posts and their groups, draw the sheet and write its numbers."""
    parser = figure_parser(__doc__)
    parser.add_argument("--groups", type=Path, required=True, help="table of guid and group")
    parser.add_argument("--images", type=Path, required=True, help="folder of the pictures")
    arguments = parser.parse_args()
    figure, numbers = duplicate_sheet(
        read_table(arguments.posts), read_table(arguments.groups), arguments.images
    )
    save_sheet(figure, arguments.figure)
    write_json(arguments.numbers, numbers)


if __name__ == "__main__":
    main()
