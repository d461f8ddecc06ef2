"""Put a finished report into one file: documents, numbers, predictions, settings, code, hashes."""

import argparse
from pathlib import Path

from mmsent.report.archive import write_archive


def main() -> None:
    """Read the command line and write the archive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", required=True, type=Path, nargs="+", help="what goes in")
    parser.add_argument("--texts", required=True, type=Path, help="text index")
    parser.add_argument("--images", required=True, type=Path, help="image index")
    parser.add_argument("--out", required=True, type=Path, help="ZIP file")
    args = parser.parse_args()
    write_archive(args.out, args.files, args.texts, args.images)


if __name__ == "__main__":
    main()
