"""Write the report."""

import argparse
from pathlib import Path

from mmsent.config.experiment import EXPERIMENTS
from mmsent.files import read_json, write_text
from mmsent.report.document import report_values
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures, load_results
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", required=True, nargs="+", type=Path)
    parser.add_argument("--metrics", required=True, nargs="+", type=Path, help="in the same order")
    parser.add_argument("--runs", required=True, nargs="+", type=Path, help="metrics of the runs")
    parser.add_argument("--reported", required=True, help="the seed's figures (CSV)")
    parser.add_argument("--card", required=True, help="numbers of the data card")
    parser.add_argument("--costs", required=True, help="costs by rule")
    parser.add_argument("--provenance", required=True)
    parser.add_argument("--eda", required=True, nargs="+", type=Path, help="numbers of the figures")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    values = report_values(
        results=load_results(args.experiments, args.metrics, args.runs, EXPERIMENTS),
        printed=PrintedFigures(args.reported),
        eda={path.stem: read_json(path) for path in args.eda},
    )
    values |= {
        "card": read_json(args.card),
        "costs": read_table(args.costs),
        "provenance": read_json(args.provenance),
    }
    write_text(args.out, rendered("report.md.j2", **values))


if __name__ == "__main__":
    main()
