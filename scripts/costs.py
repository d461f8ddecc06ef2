"""Sum up what the jobs cost."""

import argparse
from pathlib import Path

from mmsent.report.costs import costs_table, experiment_seconds
from mmsent.tables import write_table


def main() -> None:
    """Read the command line and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", required=True, nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path, help="costs by rule")
    parser.add_argument("--experiments", required=True, type=Path, help="seconds by experiment")
    args = parser.parse_args()
    write_table(args.out, costs_table(args.benchmarks))
    write_table(args.experiments, experiment_seconds(args.benchmarks))


if __name__ == "__main__":
    main()
