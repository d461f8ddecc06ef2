"""Draw how many posts there are of each class."""

import argparse
from pathlib import Path

from mmsent.figures.labels import label_figure
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the posts, draw the figure and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=Path, required=True, help="posts table")
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write, with SVG beside")
    parser.add_argument("--numbers", type=Path, required=True, help="JSON to write")
    arguments = parser.parse_args()
    figure, numbers = label_figure(read_table(arguments.posts))
    save_figure(figure, arguments.figure)
    write_json(arguments.numbers, numbers)


if __name__ == "__main__":
    main()
