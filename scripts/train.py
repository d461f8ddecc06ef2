"""Train an experiment on one fold and predict the fold's test posts."""

from pathlib import Path

from mmsent.encoders.device import device_for
from mmsent.files import read_json
from mmsent.training.arguments import run_of, run_parser
from mmsent.training.files import make_deterministic
from mmsent.training.run import run_experiment, write_run


def main() -> None:
    """Read the command line, train and write the run."""
    parser = run_parser(__doc__)
    parser.add_argument("--search", type=Path, nargs="?", default=None,
                        help="settings that a search chose on this fold")  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, help="folder of the run")
    args = parser.parse_args()

    make_deterministic()
    given = run_of(args)
    experiment = given.experiment
    if args.search is not None:
        experiment = experiment.varied(*read_json(args.search)["chosen"])
    device = device_for(args.gpus)
    run = run_experiment(
        experiment, given.inputs, given.posts, args.fold, given.seed, device, args.encoders
    )
    write_run(args.out, run, experiment)


if __name__ == "__main__":
    main()
