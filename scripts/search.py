"""Search an experiment's hyper-parameters on each fold, scored on its inner validation."""

from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import seed_of, write_json
from mmsent.labels import TRAIN, VALIDATION
from mmsent.tables import read_table
from mmsent.training.arguments import folds_of, run_parser
from mmsent.training.inputs import load_inputs
from mmsent.training.search import run_search


def main() -> None:
    """Read the command line, train the trials and write their scores and the best settings."""
    args = run_parser(__doc__).parse_args()
    make_deterministic()
    device = device_for(args.gpus)
    posts, folds = read_table(args.posts), read_table(args.folds)
    files = {"text": args.text, "image": args.images}
    draw_seed = seed_of(args.seed, args.experiment.stem)
    for experiment, fold, out in folds_of(args):
        inputs = load_inputs(experiment, posts, folds, fold, files, (TRAIN, VALIDATION))
        seed = seed_of(args.seed, args.experiment.stem, fold)
        train, validation = inputs[TRAIN], inputs[VALIDATION]
        write_json(
            out,
            run_search(experiment, train, validation, draw_seed, seed, device, args.encoders),
        )


if __name__ == "__main__":
    with told_plainly():
        main()
