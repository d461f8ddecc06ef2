"""Encode the texts of the data set with a frozen encoder."""

import argparse
from pathlib import Path

from mmsent.encoders.device import device_for
from mmsent.encoders.encode import encode_text_index
from mmsent.files import settings_argument
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and encode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="text index (TSV)")
    parser.add_argument("--encoder", required=True, type=settings_argument,
                        help="settings as JSON, or a models file")  # fmt: skip
    parser.add_argument("--cleaning", default="none")
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    encode_text_index(
        read_table(args.index), args.encoder, args.cleaning, device_for(args.gpus), args.out
    )


if __name__ == "__main__":
    main()
