"""Encode one view of the texts of the data set with a frozen encoder."""

import argparse
from pathlib import Path

from mmsent.config.augmentation import TextAugmentation
from mmsent.config.validation import told_plainly
from mmsent.encoders.passes import text_pass
from mmsent.encoders.posts import posts_in
from mmsent.encoders.reading import TextReading
from mmsent.encoders.store import embed
from mmsent.files import settings_argument


def main() -> None:
    """Read the command line and encode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, type=Path, help="text index (TSV)")
    parser.add_argument("--encoder", required=True, type=settings_argument,
                        help="settings as JSON, or a models file")  # fmt: skip
    parser.add_argument("--cleaning", default="none")
    parser.add_argument("--max-tokens", type=int, default=0, help="0: the encoder's own length")
    parser.add_argument("--below", type=int, default=0,
                        help="store token states below so many last layers")  # fmt: skip
    parser.add_argument("--augmentation", type=settings_argument, default=None,
                        help="JSON or FILE.yaml#name; none: the text as it is")  # fmt: skip
    parser.add_argument("--number", type=int, default=0, help="number of the draw")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--store", type=Path, default=None, help="file of rows made earlier")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()

    policy = TextAugmentation(**args.augmentation).model_dump() if args.augmentation else None
    reading = TextReading(
        args.cleaning, args.max_tokens, args.below, policy, args.number, args.seed
    )
    wanted = text_pass(posts_in(args.index), args.encoder, reading, args.gpus)
    embed(args.out, wanted, args.store)


if __name__ == "__main__":
    with told_plainly():
        main()
