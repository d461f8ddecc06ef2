"""Write the demo data set: ``python scripts/demo.py --out data/demo``."""

import argparse
import sys
from pathlib import Path

from mmsent.demo.write import write_demo


def main(arguments: list[str] | None = None) -> int:
    """Write what the command line asks for; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Write a generated data set in the layout of the real one."
    )
    parser.add_argument("--labelled", type=int, default=480, help="posts with a label (480)")
    parser.add_argument("--unlabelled", type=int, default=60, help="posts without one (60)")
    parser.add_argument("--seed", type=int, default=7, help="another one gives other posts (7)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--alone", action="store_true", help="remove other files of its data/")
    options = parser.parse_args(arguments)
    try:
        write_demo(options.out, options.labelled, options.unlabelled, options.seed, options.alone)
    except ValueError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
