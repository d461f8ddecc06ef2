"""Command lines that the scripts of several statistics share."""

import argparse
from pathlib import Path
from typing import Any

from mmsent.files import settings_argument


def bootstrap_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options of :func:`bootstrap_of`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--resamples", type=int, default=2000, help="of the groups")
    parser.add_argument("--level", type=float, default=0.95, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, default=42)
    return parser


def bootstrap_of(args: argparse.Namespace) -> dict[str, Any]:
    """``resamples``, ``level`` and ``seed``, as the functions that resample take them."""
    return {"resamples": args.resamples, "level": args.level, "seed": args.seed}


def table_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser of what compares the experiments of a table: runs, folds, bootstrap."""
    parser = bootstrap_parser(description)
    parser.add_argument("--experiments", required=True, nargs="+", help="names, in their order")
    parser.add_argument("--modalities", type=settings_argument, default={},
                        help="text, image or both by name (JSON)")  # fmt: skip
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", type=Path, help="of all runs")
    return parser


def modalities_of(args: argparse.Namespace) -> dict[str, str]:
    """The modality of each experiment, in their order."""
    return {name: args.modalities[name] for name in args.experiments}
