"""Check that an archive is whole and that its numbers follow from its predictions."""

import argparse
import sys
from pathlib import Path

from mmsent.files import write_json
from mmsent.report.verification import Archive, compared


def main() -> None:
    """Read the command line, check and say what was found; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--out", type=Path, default=None, help="what was found (JSON)")
    args = parser.parse_args()
    try:
        archive = Archive(args.archive)
        count, wrong = compared(archive)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    except (KeyError, TypeError, AttributeError) as error:
        sys.exit(f"{args.archive}: not made as the archive of a report is: {error!r}")
    if wrong:
        sys.exit("\n".join([f"{len(wrong)} of {count} numbers differ:", *wrong[:20]]))
    print(f"{args.archive}: {len(archive)} members as archived, {count} numbers derived again")
    if args.out:
        write_json(args.out, {"members": len(archive), "numbers": count})


if __name__ == "__main__":
    main()
