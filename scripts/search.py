"""Search an experiment's hyper-parameters on each fold, judged on its inner validation."""

from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for
from mmsent.files import seed_of, write_json
from mmsent.labels import TRAIN, VALIDATION
from mmsent.training.arguments import run_parser, runs_of
from mmsent.training.files import make_deterministic
from mmsent.training.search import run_search


def main() -> None:
    """Read the command line, train the trials and write what came of them."""
    parser = run_parser(__doc__, "trials and choice (JSON)")
    args = parser.parse_args()

    make_deterministic()
    device = device_for(args.gpus)
    for given in runs_of(args, roles=(TRAIN, VALIDATION)):
        found = run_search(
            given.experiment,
            given.inputs[TRAIN],
            given.inputs[VALIDATION],
            seed_of(args.seed, args.experiment.stem),
            given.seed,
            device,
            args.encoders,
        )
        write_json(given.out, found)


if __name__ == "__main__":
    with told_plainly():
        main()
