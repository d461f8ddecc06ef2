"""Draw how far the scores of experiments move with the seed of training."""

import argparse
from pathlib import Path

from mmsent.figures.seed_spread import seed_figure
from mmsent.figures.style import save_figure
from mmsent.report.results import PrintedFigures
from mmsent.tables import read_table


def _reported(value: str) -> float | None:
    if value.endswith(".csv"):
        return PrintedFigures(value).value("identical_runs", "weighted_f1_difference")
    return float(value)


def main() -> None:
    """Read the scores of each experiment's seeds and draw their spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, nargs="+", type=Path, help="CSV files")
    parser.add_argument("--experiments", required=True, nargs="+", help="names, in that order")
    parser.add_argument("--reported", type=_reported,
                        help="difference between two identical runs in the study: a number, or the "
                        "CSV of the study's figures")  # fmt: skip
    parser.add_argument("--title", default="What the seed of training alone changes")
    parser.add_argument("--figure", required=True, type=Path, help="PNG to write; SVG beside it")
    args = parser.parse_args()
    tables = dict(zip(args.experiments, map(read_table, args.scores), strict=True))
    figure, _ = seed_figure(tables, args.reported, args.title)
    save_figure(figure, args.figure)


if __name__ == "__main__":
    main()
