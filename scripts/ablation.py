"""Write the ablation table."""

import argparse
from pathlib import Path

from mmsent.config.experiment import EXPERIMENTS
from mmsent.files import write_text
from mmsent.report.comparison import ablation_table
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures, load_results
from mmsent.tables import write_table


def main() -> None:
    """Read the command line and write the table as Markdown and CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", required=True, nargs="+", type=Path)
    parser.add_argument("--metrics", required=True, nargs="+", type=Path, help="in the same order")
    parser.add_argument("--runs", required=True, nargs="+", type=Path, help="metrics of the runs")
    parser.add_argument("--reported", required=True, help="the seed's figures (CSV)")
    parser.add_argument("--markdown", required=True, type=Path)
    parser.add_argument("--csv", required=True, type=Path)
    args = parser.parse_args()
    results = load_results(args.experiments, args.metrics, args.runs, EXPERIMENTS)
    table = ablation_table(results, PrintedFigures(args.reported))
    write_table(args.csv, table)
    write_text(args.markdown, rendered("ablation.md.j2", table=table, results=results))


if __name__ == "__main__":
    main()
