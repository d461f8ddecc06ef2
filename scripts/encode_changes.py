"""Encode the few posts that changed since the views were stored, for all of them at once."""

import argparse
from dataclasses import asdict
from pathlib import Path

from mmsent.config.validation import told_plainly
from mmsent.encoders.changes import store_changes
from mmsent.encoders.posts import posts_in
from mmsent.files import settings_argument, write_json


def main() -> None:
    """Read the command line and encode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", required=True, type=Path, help="text index (TSV)")
    parser.add_argument("--pictures", required=True, type=Path, help="image index (TSV)")
    parser.add_argument("--images", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--encoders", required=True, type=settings_argument,
                        help="settings of each encoder as JSON")  # fmt: skip
    parser.add_argument("--store", required=True, type=Path, help="folder of stored views")
    parser.add_argument("--gpus", type=int, default=0, help="GPUs allotted: 0 or 1")
    parser.add_argument("--out", required=True, type=Path, help="what was encoded (JSON)")
    args = parser.parse_args()

    done = store_changes(
        args.store,
        list(args.encoders.values()),
        {"text": posts_in(args.texts), "image": posts_in(args.pictures)},
        args.images,
        args.gpus,
    )
    write_json(args.out, {path: asdict(reuse) for path, reuse in done.items()})


if __name__ == "__main__":
    with told_plainly():
        main()
