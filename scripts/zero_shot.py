"""Ask a vision-language model for the sentiment of a fold's posts, without training."""

from mmsent.config.validation import told_plainly
from mmsent.config.vlm import ZeroShot
from mmsent.encoders.device import device_for
from mmsent.files import write_json
from mmsent.labels import TRAIN
from mmsent.training.files import write_answers
from mmsent.training.roles import ROLES
from mmsent.vlm.arguments import vlm_parser, vlm_run_of
from mmsent.vlm.memory import OutOfMemoryError
from mmsent.vlm.run import make_deterministic, resolved
from mmsent.vlm.zero_shot import ask


def main() -> None:
    """Read the command line, ask and write predictions, metrics and settings."""
    parser = vlm_parser(__doc__)
    args = parser.parse_args()
    device = device_for(args.gpus)
    make_deterministic(device)
    roles = tuple(role for role in ROLES if role != TRAIN)
    given = vlm_run_of(args, ZeroShot, roles)
    try:
        predictions, metrics, cost = ask(
            given.settings, given.model, given.posts, given.label_of, args.fold, device,
            args.workers,
        )  # fmt: skip
    except OutOfMemoryError as error:
        parser.exit(1, f"{error}\n")
    write_answers(args.out, predictions, metrics, resolved(given.settings, given.model))
    if args.cost:
        write_json(args.cost, cost)


if __name__ == "__main__":
    with told_plainly():
        main()
