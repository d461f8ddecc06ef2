"""Train an experiment on one fold and predict the fold's test posts."""

import argparse
from pathlib import Path

from mmsent.config.experiment import load_experiment
from mmsent.encoders.device import device_for
from mmsent.files import seed_of
from mmsent.tables import read_table
from mmsent.training.inputs import load_inputs
from mmsent.training.run import make_deterministic, run_experiment, write_run


def main() -> None:
    """Read the command line, train and write the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", required=True, type=Path, help="experiment file (YAML)")
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--fold", required=True, type=int)
    parser.add_argument("--text", type=Path, nargs="?", default=None, help="text embeddings")
    parser.add_argument("--images", type=Path, nargs="*", default=[],
                        help="image embeddings: evaluation view, then augmented ones")  # fmt: skip
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path, help="folder of the run")
    args = parser.parse_args()

    make_deterministic()
    experiment = load_experiment(args.experiment)
    posts, folds = read_table(args.posts), read_table(args.folds)
    inputs = load_inputs(experiment, posts, folds, args.fold, args.text, args.images)
    seed = seed_of(args.seed, args.experiment.stem, args.fold)
    run = run_experiment(experiment, inputs, posts, args.fold, seed, device_for(args.gpus))
    write_run(args.out, run, experiment)


if __name__ == "__main__":
    main()
