"""Command line of the scripts that train or run models on a fold."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from mmsent.config.experiment import Experiment, load_experiment
from mmsent.files import read_json, settings_argument


def fold_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser for what every run has: experiment, posts, folds, seed, GPUs, output."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--experiment", required=True, type=Path, help="experiment file (YAML)")
    parser.add_argument("--adjust", type=settings_argument, default={},
                        help="settings over the file's: JSON, or FILE.yaml#key")  # fmt: skip
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--fold", required=True, type=int, nargs="+")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="number of GPUs: 0 or 1")
    parser.add_argument("--out", required=True, type=Path, nargs="+", help="a path for each fold")
    return parser


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser for runs on stored inputs."""
    parser = fold_parser(description)
    parser.add_argument("--encoders", type=settings_argument, default={},
                        help="settings of partly trained encoders (JSON)")  # fmt: skip
    parser.add_argument("--search", type=Path, nargs="*", default=[],
                        help="settings chosen by a search, a file for each fold")  # fmt: skip
    for name in ("text", "images"):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[],
                            help="embeddings: evaluation view, then augmented ones")  # fmt: skip
    return parser


def folds_of(args: argparse.Namespace) -> Iterator[tuple[Experiment, int, Path]]:
    """Yield each fold's experiment, with the settings chosen by its search, number and output.

    Raises
    ------
    ValueError
        If the numbers of folds and files differ.
    """
    experiment = load_experiment(args.experiment, args.adjust)
    experiments = [experiment] * len(args.fold)
    if args.search:
        experiments = [experiment.varied(*read_json(path)["chosen"]) for path in args.search]
    return zip(experiments, args.fold, args.out, strict=True)
