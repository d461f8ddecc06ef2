"""Predict a fold's posts by a vision-language model without training."""

from mmsent.config.encoders import vlm_model
from mmsent.config.experiment import load_settings
from mmsent.config.validation import told_plainly
from mmsent.config.vlm import ZeroShot
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import write_json
from mmsent.labels import TRAIN
from mmsent.tables import read_table
from mmsent.training.outputs import run_paths, write_run
from mmsent.training.splits import SPLITS
from mmsent.vlm.arguments import vlm_parser
from mmsent.vlm.device import memory_advice
from mmsent.vlm.prompts import load_posts
from mmsent.vlm.zero_shot import predict_fold


def main() -> None:
    """Read the command line, predict and write predictions, metrics and settings."""
    args = vlm_parser(__doc__).parse_args()
    (fold,), (folder,) = args.fold, args.out
    device = device_for(args.gpus)
    if device.type == "cpu":
        make_deterministic()
    settings = load_settings(ZeroShot, args.experiment, args.adjust)
    table, folds = read_table(args.posts), read_table(args.folds)
    splits = tuple(split for split in SPLITS if split != TRAIN)
    posts = load_posts(settings, table, folds, fold, args.pictures, splits)
    label_of = dict(zip(table["guid"], table["label"], strict=True))
    with memory_advice(args.experiment.stem, settings, device):
        run = predict_fold(
            settings, vlm_model(args.model), posts, label_of, fold, device, args.workers
        )
    write_run(run, **run_paths(folder))
    if args.cost:
        write_json(args.cost, run.cost)


if __name__ == "__main__":
    with told_plainly():
        main()
