"""Train an experiment on one fold or several, and predict the test posts of each."""

from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import seed_of
from mmsent.tables import read_table
from mmsent.training.arguments import folds_of, run_parser
from mmsent.training.inputs import load_inputs
from mmsent.training.outputs import run_paths, write_run
from mmsent.training.run import train_fold


def main() -> None:
    """Read the command line, train fold by fold and write the runs."""
    args = run_parser(__doc__).parse_args()
    make_deterministic()
    device = device_for(args.gpus)
    posts, folds = read_table(args.posts), read_table(args.folds)
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    files = {"text": args.text, "image": args.images}
    for experiment, fold, out in folds_of(args):
        inputs = load_inputs(experiment, posts, folds, fold, files)
        seed = seed_of(args.seed, args.experiment.stem, fold)
        run = train_fold(experiment, inputs, label_of, fold, seed, device, args.encoders)
        write_run(run, **run_paths(out.parent))


if __name__ == "__main__":
    with told_plainly():
        main()
