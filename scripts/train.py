"""Train an experiment on one fold or several, and predict the test posts of each."""

from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for
from mmsent.training.arguments import add_search, run_parser, runs_of
from mmsent.training.files import make_deterministic
from mmsent.training.run import run_experiment, write_run


def main() -> None:
    """Read the command line, train fold by fold and write the runs."""
    parser = run_parser(__doc__, "predictions; the other files of a run lie beside them")
    add_search(parser)
    args = parser.parse_args()

    make_deterministic()
    device = device_for(args.gpus)
    for given in runs_of(args, search=args.search):
        run = run_experiment(
            given.experiment,
            given.inputs,
            given.posts,
            given.fold,
            given.seed,
            device,
            args.encoders,
        )
        write_run(given.out.parent, run, given.experiment)


if __name__ == "__main__":
    with told_plainly():
        main()
