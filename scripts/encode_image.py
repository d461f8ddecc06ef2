"""Encode one view of the pictures of the data set with a frozen encoder."""

import argparse
from pathlib import Path

from mmsent.config.augmentation import Augmentation
from mmsent.config.validation import told_plainly
from mmsent.encoders.passes import image_pass
from mmsent.encoders.posts import posts_in
from mmsent.encoders.store import embed
from mmsent.files import settings_argument


def main() -> None:
    """Read the command line and encode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, type=Path, help="image index (TSV)")
    parser.add_argument("--images", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--encoder", required=True, type=settings_argument,
                        help="settings as JSON, or a models file")  # fmt: skip
    parser.add_argument("--augmentation", type=settings_argument, default=None,
                        help="JSON or FILE.yaml#name; none: evaluation view")  # fmt: skip
    parser.add_argument("--number", type=int, default=0, help="number of the draw")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--store", type=Path, default=None, help="file of rows made earlier")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()

    policy = Augmentation(**args.augmentation).model_dump() if args.augmentation else None
    wanted = image_pass(
        posts_in(args.index),
        args.images,
        args.encoder,
        policy,
        args.number,
        args.seed,
        args.gpus,
    )
    embed(args.out, wanted, args.store)


if __name__ == "__main__":
    with told_plainly():
        main()
