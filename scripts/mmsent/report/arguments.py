"""Command lines that the scripts of several tables share."""

import argparse
from pathlib import Path
from typing import Any

from mmsent.config.experiment import EXPERIMENTS
from mmsent.files import read_json, settings_argument
from mmsent.report.comparison import calibration_table
from mmsent.report.results import PrintedFigures, Result, load_results
from mmsent.report.statistics import (
    FAMILIES,
    confidence_shown,
    robustness_shown,
    slice_gains_shown,
    slices_shown,
    test_tables,
)
from mmsent.tables import read_numbers


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


def document_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that :func:`document_values` reads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scores", required=True, help="of the table's experiments (CSV)")
    parser.add_argument("--paired", required=True, help="tests of its pairs (JSON)")
    parser.add_argument("--robustness", required=True, help="with a modality blank (CSV)")
    parser.add_argument("--slices", required=True, help="on slices of the posts (CSV)")
    parser.add_argument("--reported", required=True, help="the study's figures (CSV)")
    parser.add_argument("--markdown", required=True, type=Path)
    return parser


def document_values(args: argparse.Namespace) -> dict[str, Any]:
    """What the documents of a table are filled with, by the names that the templates use."""
    scores, paired = read_numbers(args.scores), read_json(args.paired)
    slices = read_numbers(args.slices)
    return {
        "scores": scores,
        "paired": paired,
        "families": FAMILIES,
        "tests": test_tables(paired["families"]),
        "calibration": calibration_table(scores),
        "robustness": robustness_shown(read_numbers(args.robustness)),
        "slices": slices_shown(slices),
        "slice_gains": slice_gains_shown(slices),
        "confidence": confidence_shown(slices),
    }
