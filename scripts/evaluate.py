"""Compute the metrics of an experiment from its out-of-fold predictions."""

import argparse
from pathlib import Path

from mmsent.evaluation.pooling import experiment_metrics
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and write the metrics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", help="one file for each fold")
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    runs = [read_table(path) for path in args.predictions]
    metrics = experiment_metrics(
        runs, read_table(args.folds), args.resamples, args.level, args.seed
    )
    write_json(args.out, metrics)


if __name__ == "__main__":
    main()
