"""Fine-tune a vision-language model on one fold and predict the fold's test posts."""

from pathlib import Path

from mmsent.config.validation import told_plainly
from mmsent.config.vlm import VlmExperiment
from mmsent.encoders.device import device_for
from mmsent.files import write_json
from mmsent.training.files import write_run_files
from mmsent.vlm.arguments import vlm_parser, vlm_run_of
from mmsent.vlm.memory import OutOfMemoryError
from mmsent.vlm.network import trained_state
from mmsent.vlm.run import make_deterministic, resolved, run_vlm


def main() -> None:
    """Read the command line, fine-tune and write the run."""
    parser = vlm_parser(__doc__)
    parser.add_argument("--state", type=Path, default=None,
                        help="state after each epoch, gone on from after a kill")  # fmt: skip
    args = parser.parse_args()
    device = device_for(args.gpus)
    make_deterministic(device)
    given = vlm_run_of(args, VlmExperiment)
    settings, model = given.settings, given.model
    try:
        run = run_vlm(
            settings, model, given.posts, given.label_of, args.fold, given.seed, device,
            args.workers, args.state,
        )  # fmt: skip
    except OutOfMemoryError as error:
        parser.exit(1, f"{error}\n")
    fitted = run.fitted
    write_run_files(
        args.out,
        run.predictions,
        fitted.history,
        run.metrics,
        resolved(settings, model),
        trained_state(fitted.network),
    )
    if args.cost:
        write_json(args.cost, run.cost)
    if args.state:
        args.state.unlink(missing_ok=True)


if __name__ == "__main__":
    with told_plainly():
        main()
