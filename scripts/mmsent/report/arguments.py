"""Command-line options that the scripts of several tables share."""

import argparse
from pathlib import Path

from mmsent.config.experiment import EXPERIMENTS
from mmsent.report.results import PrintedFigures, Result, load_results


def results_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that :func:`results_of` reads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--experiments", required=True, nargs="+", type=Path)
    parser.add_argument("--metrics", required=True, nargs="+", type=Path, help="in the same order")
    parser.add_argument("--runs", required=True, nargs="+", type=Path, help="metrics of the runs")
    parser.add_argument("--reported", required=True, help="the study's figures (CSV)")
    return parser


def results_of(args: argparse.Namespace) -> tuple[list[Result], PrintedFigures]:
    """The results of the named experiments, and the figures that the study prints."""
    results = load_results(args.experiments, args.metrics, args.runs, EXPERIMENTS)
    return results, PrintedFigures(args.reported)
