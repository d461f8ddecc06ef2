"""Check before anything trains: disk, memory, and a step of each vision-language model."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from mmsent.config.encoders import TinyVlm, vlm_model
from mmsent.config.validation import told_plainly
from mmsent.files import read_json, settings_argument, write_json
from mmsent.tables import read_table
from mmsent.workflow.preflight import check_room, demand


def main() -> None:
    """Read the command line, check, and write what the run takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reads", required=True, type=json.loads,
                        help="embeddings that each experiment reads, as JSON")  # fmt: skip
    parser.add_argument("--encoders", required=True, type=Path, nargs="+",
                        help="what each encoder takes, NAME.json")  # fmt: skip
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--pictures", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--vlm", required=True, type=settings_argument,
                        help="settings of the vision-language model as JSON")  # fmt: skip
    parser.add_argument("--vlm-experiments", type=json.loads, default={},
                        help="settings of its experiments as JSON")  # fmt: skip
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path, help="what is taken (JSON)")
    args = parser.parse_args()

    posts = read_table(args.posts)
    encoders = {path.stem: read_json(path) for path in args.encoders}
    wanted = demand(args.reads, encoders, len(posts))
    lines = check_room(wanted, args.out.parent)
    model = vlm_model(args.vlm)
    # One with random weights is small, and has none that could be missing.
    if not isinstance(model, TinyVlm) and args.vlm_experiments:
        from mmsent.vlm.smoke_test import smoke_test

        lines += smoke_test(args.vlm_experiments, model, posts, args.pictures, args.gpus)
    print("\n".join(lines), file=sys.stderr)
    write_json(args.out, asdict(wanted))


if __name__ == "__main__":
    with told_plainly():
        main()
