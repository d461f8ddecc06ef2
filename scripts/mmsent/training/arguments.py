"""The command line that the scripts which train share."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmsent.config.experiment import Experiment, load_experiment
from mmsent.files import read_json, seed_of, settings_argument
from mmsent.tables import read_table
from mmsent.training.inputs import Inputs, load_inputs
from mmsent.training.roles import ROLES


@dataclass(frozen=True)
class GivenRun:
    """What a command line names of a fold: experiment, posts by role, seed, file to write."""

    experiment: Experiment
    posts: pd.DataFrame
    inputs: dict[str, Inputs]
    fold: int
    seed: int
    out: Path


def run_parser(description: str | None, out: str) -> argparse.ArgumentParser:
    """A parser with the options that :func:`runs_of` reads; ``out`` says what is written."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--experiment", required=True, type=Path, help="experiment file (YAML)")
    parser.add_argument("--adjust", type=settings_argument, default={},
                        help="settings that override the file's (JSON)")  # fmt: skip
    parser.add_argument("--encoders", type=settings_argument, default={},
                        help="settings of encoders of which a part is trained (JSON)")  # fmt: skip
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--fold", required=True, type=int, nargs="+")
    parser.add_argument("--text", type=Path, nargs="*", default=[],
                        help="text embeddings: the text as it is, then augmented ones")  # fmt: skip
    parser.add_argument("--images", type=Path, nargs="*", default=[],
                        help="image embeddings: evaluation view, then augmented ones")  # fmt: skip
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path, nargs="+",
                        help=f"{out}, a file for each fold")  # fmt: skip
    return parser


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the option for what a search has found."""
    parser.add_argument("--search", type=Path, nargs="*", default=[],
                        help="settings that a search chose, a file for each fold")  # fmt: skip


def runs_of(
    args: argparse.Namespace, roles: tuple[str, ...] = ROLES, search: Sequence[Path] = ()
) -> Iterator[GivenRun]:
    """Read what the options of :func:`run_parser` name, fold by fold, the posts of some roles.

    Parameters
    ----------
    search
        What :func:`add_search` has read; none: the settings are those of the experiment's file.

    Raises
    ------
    ValueError
        If there is not one file for each fold.
    """
    experiment = load_experiment(args.experiment, args.adjust)
    posts, folds = read_table(args.posts), read_table(args.folds)
    files = {"text": args.text, "image": args.images}
    settings = [experiment.varied(*read_json(path)["chosen"]) for path in search]
    each = settings or [experiment] * len(args.fold)
    for own, fold, out in zip(each, args.fold, args.out, strict=True):
        inputs = load_inputs(own, posts, folds, fold, files, roles)
        seed = seed_of(args.seed, args.experiment.stem, fold)
        yield GivenRun(own, posts, inputs, fold, seed, out)
