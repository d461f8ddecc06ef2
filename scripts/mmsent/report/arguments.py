"""Command lines that the scripts of several tables share."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from mmsent.config.experiment import EXPERIMENTS
from mmsent.files import settings_argument, write_text
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures, Result, load_results
from mmsent.tables import write_table


def results_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that :func:`results_of` reads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--experiments", required=True, nargs="+", type=Path)
    parser.add_argument("--metrics", required=True, nargs="+", type=Path, help="in the same order")
    parser.add_argument("--runs", required=True, nargs="+", type=Path, help="metrics of the runs")
    parser.add_argument("--reported", required=True, help="the study's figures (CSV)")
    parser.add_argument("--adjustments", required=True, type=settings_argument,
                        help="what is set otherwise than in the experiments' files")  # fmt: skip
    return parser


def results_of(args: argparse.Namespace) -> tuple[list[Result], PrintedFigures]:
    """The results of the named experiments, and the figures that the study prints."""
    results = load_results(args.experiments, args.metrics, args.runs, EXPERIMENTS, args.adjustments)
    return results, PrintedFigures(args.reported)


def write_comparison(
    description: str | None,
    compare: Callable[[list[Result], PrintedFigures], pd.DataFrame],
    template: str,
) -> None:
    """Read the command line and write a table of experiments as Markdown and CSV."""
    parser = results_parser(description)
    parser.add_argument("--markdown", required=True, type=Path)
    parser.add_argument("--csv", required=True, type=Path)
    args = parser.parse_args()
    results, printed = results_of(args)
    table = compare(results, printed)
    write_table(args.csv, table)
    write_text(args.markdown, rendered(template, table=table, results=results))
