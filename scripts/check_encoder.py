"""Load an encoder and try it: weights that are missing, or others, or do not fit end here."""

import argparse
from dataclasses import asdict
from pathlib import Path

from mmsent.config.validation import told_plainly
from mmsent.encoders.trial import tried
from mmsent.files import settings_argument, write_json


def main() -> None:
    """Read the command line, try the encoder and write what it takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", required=True, type=settings_argument,
                        help="settings as JSON, or a models file")  # fmt: skip
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path, help="settings, sizes (JSON)")
    args = parser.parse_args()
    trial = tried(args.encoder, args.gpus)
    write_json(args.out, {"encoder": args.encoder} | asdict(trial))


if __name__ == "__main__":
    with told_plainly():
        main()
