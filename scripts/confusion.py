"""Draw the confusion matrices of experiments."""

import argparse
from pathlib import Path

from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.runs import tables_of
from mmsent.figures.confusion import confusion_figure
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the predictions of all runs, draw a figure of each experiment and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", required=True, nargs="+", help="names")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", type=Path, help="of all runs")
    parser.add_argument("--figures", required=True, type=Path, help="folder for NAME.png, NAME.svg")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    folds = read_table(args.folds)
    numbers = {}
    for name in args.experiments:
        table = pooled(tables_of(name, args.predictions), folds)
        figure, numbers[name] = confusion_figure(name, table)
        save_figure(figure, args.figures / f"{name}.png")
    write_json(args.numbers, numbers)


if __name__ == "__main__":
    main()
