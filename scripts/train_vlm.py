"""Fine-tune a vision-language model on one fold and predict the fold's test posts."""

from pathlib import Path

from mmsent.config.encoders import vlm_model
from mmsent.config.experiment import load_settings
from mmsent.config.validation import told_plainly
from mmsent.config.vlm import VlmExperiment
from mmsent.encoders.device import device_for, make_deterministic
from mmsent.files import seed_of, write_json
from mmsent.tables import read_table
from mmsent.training.outputs import run_paths, write_run
from mmsent.vlm.arguments import vlm_parser
from mmsent.vlm.device import memory_advice
from mmsent.vlm.prompts import load_posts
from mmsent.vlm.run import fine_tune_fold


def main() -> None:
    """Read the command line, fine-tune and write the run."""
    parser = vlm_parser(__doc__)
    parser.add_argument("--state", type=Path, default=None,
                        help="state after each epoch, to resume from")  # fmt: skip
    args = parser.parse_args()
    (fold,), (folder,) = args.fold, args.out
    device = device_for(args.gpus)
    if device.type == "cpu":
        make_deterministic()
    name = args.experiment.stem
    settings = load_settings(VlmExperiment, args.experiment, args.adjust)
    table, folds = read_table(args.posts), read_table(args.folds)
    posts = load_posts(settings, table, folds, fold, args.pictures)
    label_of = dict(zip(table["guid"], table["label"], strict=True))
    seed = seed_of(args.seed, name, fold)
    with memory_advice(name, settings, device):
        run = fine_tune_fold(
            settings, vlm_model(args.model), posts, label_of, fold, seed, device,
            args.workers, args.state,
        )  # fmt: skip
    write_run(run, **run_paths(folder))
    if args.cost:
        write_json(args.cost, run.cost)
    if args.state:
        args.state.unlink(missing_ok=True)


if __name__ == "__main__":
    with told_plainly():
        main()
