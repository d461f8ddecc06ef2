"""Draw what an augmentation does to pictures of the data set."""

from pathlib import Path

import torch

from mmsent.figures.arguments import figure_parser
from mmsent.figures.augmentation import augmentation_gallery
from mmsent.figures.style import save_sheet
from mmsent.files import settings_argument, write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the posts and the augmentation, draw the gallery and write its numbers."""
    parser = figure_parser(__doc__)
    parser.add_argument("--images", type=Path, required=True, help="folder of the pictures")
    parser.add_argument(
        "--policy", type=settings_argument, required=True, help="JSON, or FILE.yaml#name"
    )
    parser.add_argument("--size", type=int, default=224, help="side in pixels (default: 224)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws (default: 0)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # three pictures need no more
    figure, numbers = augmentation_gallery(
        read_table(arguments.posts),
        arguments.images,
        arguments.policy,
        arguments.size,
        arguments.seed,
    )
    save_sheet(figure, arguments.figure)
    write_json(arguments.numbers, numbers)


if __name__ == "__main__":
    main()
