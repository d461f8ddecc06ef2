"""Record where the results come from: code, data, settings, software, hardware."""

import argparse
from pathlib import Path

from mmsent.files import settings_argument, write_json
from mmsent.report.provenance import provenance


def main() -> None:
    """Read the command line and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, nargs="+", type=Path, help="lists and indexes")
    parser.add_argument("--settings", required=True, type=settings_argument)
    parser.add_argument("--setting-files", required=True, nargs="+", type=Path)
    parser.add_argument("--sources", required=True, nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    write_json(args.out, provenance(args.data, args.settings, args.setting_files, args.sources))


if __name__ == "__main__":
    main()
