"""Draw how long the texts are in words and in tokens of the text encoder."""

from pathlib import Path

from mmsent.figures.arguments import figure_parser
from mmsent.figures.style import save_figure
from mmsent.figures.text_lengths import read_token_lengths, text_length_figure
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the posts and their tokens, draw the figure and write its numbers."""
    parser = figure_parser(__doc__)
    parser.add_argument(
        "--tokens", type=Path, required=True, help="safetensors file with each text's length"
    )
    parser.add_argument(
        "--max-length", type=int, default=64, help="tokens that the encoder reads (default: 64)"
    )
    arguments = parser.parse_args()
    figure, numbers = text_length_figure(
        read_table(arguments.posts), read_token_lengths(arguments.tokens), arguments.max_length
    )
    save_figure(figure, arguments.figure)
    write_json(arguments.numbers, numbers)


if __name__ == "__main__":
    main()
