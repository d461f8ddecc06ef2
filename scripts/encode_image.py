"""Encode one view of the pictures of the data set with a frozen encoder."""

import argparse
from pathlib import Path

from mmsent.config.augmentation import Augmentation
from mmsent.config.validation import told_plainly
from mmsent.encoders.device import device_for, keep_freed_memory
from mmsent.encoders.encode_image import encode_image_index
from mmsent.files import settings_argument
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and encode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="image index (TSV)")
    parser.add_argument("--images", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--encoder", required=True, type=settings_argument,
                        help="settings as JSON, or a models file")  # fmt: skip
    parser.add_argument("--augmentation", type=settings_argument, default=None,
                        help="JSON or FILE.yaml#name; none: evaluation view")  # fmt: skip
    parser.add_argument("--number", type=int, default=0, help="number of the draw")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()

    keep_freed_memory()
    policy = Augmentation(**args.augmentation).model_dump() if args.augmentation else None
    encode_image_index(
        read_table(args.index),
        args.images,
        args.encoder,
        policy,
        args.number,
        args.seed,
        device_for(args.gpus),
        args.out,
    )


if __name__ == "__main__":
    with told_plainly():
        main()
