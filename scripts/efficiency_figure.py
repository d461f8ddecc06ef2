"""Draw what a weighted F1 costs."""

import argparse
from pathlib import Path

import pandas as pd

from mmsent.figures.efficiency import efficiency_figure, efficiency_rows
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.tables import read_numbers, read_table


def main() -> None:
    """Read scores and seconds, draw the figure and write its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, nargs="+", type=Path, help="of each table")
    parser.add_argument("--seconds", required=True, help="seconds and memory by experiment")
    parser.add_argument("--figure", required=True, type=Path, help="PNG; an SVG is put beside")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    scores = pd.concat(map(read_numbers, args.scores), ignore_index=True)
    # A row of the ablation may be a version as well.
    scores = scores.drop_duplicates("experiment")
    rows = efficiency_rows(scores, read_table(args.seconds))
    figure, numbers = efficiency_figure(rows, float(scores["level"].iloc[0]))
    save_figure(figure, args.figure)
    write_json(args.numbers, numbers)


if __name__ == "__main__":
    main()
