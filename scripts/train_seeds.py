"""Train an experiment several times on each fold: the seed differs, nothing else."""

import pandas as pd

from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for
from mmsent.files import seed_of
from mmsent.labels import TEST, TRAIN, VALIDATION
from mmsent.tables import write_table
from mmsent.training.arguments import add_search, run_parser, runs_of
from mmsent.training.files import make_deterministic
from mmsent.training.run import run_experiment


def main() -> None:
    """Read the command line, train and write the predictions of all repetitions."""
    parser = run_parser(__doc__, "predictions")
    add_search(parser)
    parser.add_argument("--number", type=int, default=5, help="of repetitions")
    args = parser.parse_args()

    make_deterministic()
    device = device_for(args.gpus)
    for given in runs_of(args, roles=(TRAIN, VALIDATION, TEST), search=args.search):
        tables = []
        for number in range(args.number):
            run = run_experiment(
                given.experiment,
                given.inputs,
                given.posts,
                given.fold,
                seed_of(given.seed, "repetition", number),
                device,
                args.encoders,
            )
            tables.append(run.predictions.assign(seed=number))
        write_table(given.out, pd.concat(tables, ignore_index=True))


if __name__ == "__main__":
    with told_plainly():
        main()
