"""The command line that the scripts of vision-language models share."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from mmsent.config.encoders import TinyVlm, VlmCheckpoint, vlm_model
from mmsent.config.experiment import load_settings
from mmsent.config.vlm import Prompted
from mmsent.files import seed_of, settings_argument
from mmsent.tables import read_table
from mmsent.training.roles import ROLES, posts_by_role
from mmsent.vlm.prompts import Posts

Given = TypeVar("Given", bound=Prompted)


@dataclass(frozen=True)
class GivenVlmRun(Generic[Given]):
    """What a command line names: settings, model, posts by role, labels, the fold's seed."""

    settings: Given
    model: TinyVlm | VlmCheckpoint
    posts: dict[str, Posts]
    label_of: dict[str, int]
    seed: int


def vlm_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that :func:`vlm_run_of` reads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--experiment", required=True, type=Path, help="experiment file (YAML)")
    parser.add_argument("--adjust", type=settings_argument, default={},
                        help="settings over the file's: JSON, or FILE.yaml#key")  # fmt: skip
    parser.add_argument("--model", required=True, type=settings_argument,
                        help="settings of the model: JSON, or MODELS.yaml#vlm")  # fmt: skip
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--pictures", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--fold", required=True, type=int)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--workers", type=int, default=0,
                        help="processes that decode pictures ahead")  # fmt: skip
    parser.add_argument("--cost", type=Path, default=None,
                        help="JSON to write: memory, posts per second")  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, help="folder of the run")
    return parser


def vlm_run_of(
    args: argparse.Namespace, kind: type[Given], roles: tuple[str, ...] = ROLES
) -> GivenVlmRun[Given]:
    """Read what the options of :func:`vlm_parser` name, the posts of some roles alone."""
    # Tokenizers warn of their threads where pictures are decoded by other processes.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    settings = load_settings(kind, args.experiment, args.adjust)
    table, folds = read_table(args.posts), read_table(args.folds)
    both = len(settings.modalities) > 1
    posts = {
        role: Posts(own, args.pictures, settings)
        for role, own in posts_by_role(table, folds, args.fold, roles, both).items()
    }
    label_of = dict(zip(table["guid"], table["label"], strict=True))
    seed = seed_of(args.seed, args.experiment.stem, args.fold)
    return GivenVlmRun(settings, vlm_model(args.model), posts, label_of, seed)
