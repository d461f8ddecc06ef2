"""The command line that the scripts which train share."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmsent.config.experiment import Experiment, load_experiment
from mmsent.files import seed_of, settings_argument
from mmsent.tables import read_table
from mmsent.training.inputs import Inputs, load_inputs
from mmsent.training.roles import ROLES


@dataclass(frozen=True)
class GivenRun:
    """What a command line names: an experiment, the posts by role, the seed of its fold."""

    experiment: Experiment
    posts: pd.DataFrame
    inputs: dict[str, Inputs]
    seed: int


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that :func:`run_of` reads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--experiment", required=True, type=Path, help="experiment file (YAML)")
    parser.add_argument("--adjust", type=settings_argument, default={},
                        help="settings that override the file's (JSON)")  # fmt: skip
    parser.add_argument("--encoders", type=settings_argument, default={},
                        help="settings of encoders of which a part is trained (JSON)")  # fmt: skip
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--fold", required=True, type=int)
    parser.add_argument("--text", type=Path, nargs="*", default=[],
                        help="text embeddings: the text as it is, then augmented ones")  # fmt: skip
    parser.add_argument("--images", type=Path, nargs="*", default=[],
                        help="image embeddings: evaluation view, then augmented ones")  # fmt: skip
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    return parser


def run_of(args: argparse.Namespace, roles: tuple[str, ...] = ROLES) -> GivenRun:
    """Read what the options of :func:`run_parser` name, the posts of some roles alone."""
    experiment = load_experiment(args.experiment, args.adjust)
    posts, folds = read_table(args.posts), read_table(args.folds)
    files = {"text": args.text, "image": args.images}
    inputs = load_inputs(experiment, posts, folds, args.fold, files, roles)
    seed = seed_of(args.seed, args.experiment.stem, args.fold)
    return GivenRun(experiment, posts, inputs, seed)
