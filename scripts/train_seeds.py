"""Train an experiment several times on each fold: only the seed differs."""

import pandas as pd

from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import seed_of
from mmsent.labels import TEST, TRAIN, VALIDATION
from mmsent.tables import read_table, write_table
from mmsent.training.arguments import folds_of, run_parser
from mmsent.training.inputs import load_inputs
from mmsent.training.run import train_fold


def main() -> None:
    """Read the command line, train and write the predictions of all repetitions."""
    parser = run_parser(__doc__)
    parser.add_argument("--number", type=int, default=5, help="number of repetitions")
    args = parser.parse_args()
    make_deterministic()
    device = device_for(args.gpus)
    posts, folds = read_table(args.posts), read_table(args.folds)
    label_of = dict(zip(posts["guid"], posts["label"], strict=True))
    files = {"text": args.text, "image": args.images}
    for experiment, fold, out in folds_of(args):
        inputs = load_inputs(experiment, posts, folds, fold, files, (TRAIN, VALIDATION, TEST))
        fold_seed = seed_of(args.seed, args.experiment.stem, fold)
        tables = []
        for number in range(args.number):
            seed = seed_of(fold_seed, "repetition", number)
            run = train_fold(experiment, inputs, label_of, fold, seed, device, args.encoders)
            tables.append(run.predictions.assign(seed=number))
        write_table(out, pd.concat(tables, ignore_index=True))


if __name__ == "__main__":
    with told_plainly():
        main()
