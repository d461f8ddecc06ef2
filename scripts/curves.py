"""Draw the training curves of experiments."""

import argparse
from pathlib import Path

from mmsent.evaluation.runs import files_of, tables_of
from mmsent.figures.curves import curves_figure
from mmsent.figures.style import save_figure
from mmsent.files import read_json, write_json


def main() -> None:
    """Read the histories of all runs, draw a figure of each experiment and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", required=True, nargs="+", help="names")
    parser.add_argument("--histories", required=True, nargs="+", type=Path, help="of all runs")
    parser.add_argument("--runs", required=True, nargs="+", type=Path, help="metrics of all runs")
    parser.add_argument("--figures", required=True, type=Path, help="folder for NAME.png, NAME.svg")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    numbers = {}
    for name in args.experiments:
        best = [read_json(path)["best_epoch"] for path in files_of(name, args.runs)]
        figure, numbers[name] = curves_figure(name, tables_of(name, args.histories), best)
        save_figure(figure, args.figures / f"{name}.png")
    write_json(args.numbers, numbers)


if __name__ == "__main__":
    main()
