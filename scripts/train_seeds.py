"""Train an experiment on one fold several times: the seed differs, nothing else."""

from pathlib import Path

import pandas as pd

from mmsent.encoders.device import device_for
from mmsent.files import read_json, seed_of
from mmsent.labels import TEST, TRAIN, VALIDATION
from mmsent.tables import write_table
from mmsent.training.arguments import run_of, run_parser
from mmsent.training.files import make_deterministic
from mmsent.training.run import run_experiment


def main() -> None:
    """Read the command line, train and write the predictions of all repetitions."""
    parser = run_parser(__doc__)
    parser.add_argument("--search", type=Path, nargs="?", default=None,
                        help="settings that a search chose on this fold")  # fmt: skip
    parser.add_argument("--number", type=int, default=5, help="of repetitions")
    parser.add_argument("--out", required=True, type=Path, help="predictions to write")
    args = parser.parse_args()

    make_deterministic()
    given = run_of(args, roles=(TRAIN, VALIDATION, TEST))
    experiment, device = given.experiment, device_for(args.gpus)
    if args.search is not None:
        experiment = experiment.varied(*read_json(args.search)["chosen"])
    tables = []
    for number in range(args.number):
        seed = seed_of(given.seed, "repetition", number)
        run = run_experiment(
            experiment, given.inputs, given.posts, args.fold, seed, device, args.encoders
        )
        tables.append(run.predictions.assign(seed=number))
    write_table(args.out, pd.concat(tables, ignore_index=True))


if __name__ == "__main__":
    main()
