"""Measure how far identical runs lie apart."""

import argparse
from pathlib import Path

from mmsent.evaluation.seeds import seed_scores, seed_spread
from mmsent.files import write_json
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the predictions of all repetitions and write their scores and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", help="one file for each fold")
    parser.add_argument("--scores", required=True, type=Path, help="table to write")
    parser.add_argument("--spread", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    runs = [read_table(path) for path in args.predictions]
    scores = seed_scores(runs, read_table(args.folds))
    write_table(args.scores, scores)
    write_json(args.spread, seed_spread(scores))


if __name__ == "__main__":
    main()
