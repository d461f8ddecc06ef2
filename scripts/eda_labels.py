"""Draw how many posts there are of each class."""

from mmsent.figures.arguments import figure_parser
from mmsent.figures.labels import label_figure
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the posts, draw the figure and write its numbers."""
    parser = figure_parser(__doc__)
    arguments = parser.parse_args()
    figure, numbers = label_figure(read_table(arguments.posts))
    save_figure(figure, arguments.figure)
    write_json(arguments.numbers, numbers)


if __name__ == "__main__":
    main()
