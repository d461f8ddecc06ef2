"""Load an encoder: weights that are missing, others than named, or do not fit are refused."""

import argparse
from pathlib import Path

from mmsent.config.validation import told_plainly
from mmsent.encoders.sizes import encoder_sizes
from mmsent.files import settings_argument, write_json


def main() -> None:
    """Read the command line, load the encoder and write what was loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", required=True, type=settings_argument,
                        help="settings as JSON, or a models file")  # fmt: skip
    parser.add_argument("--out", required=True, type=Path, help="settings, sizes (JSON)")
    args = parser.parse_args()
    sizes = encoder_sizes(args.encoder)
    write_json(args.out, {"encoder": args.encoder, "parameters": sizes})


if __name__ == "__main__":
    with told_plainly():
        main()
