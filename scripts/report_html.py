"""Make the report one page for a browser."""

import argparse
from pathlib import Path

from mmsent.files import write_text
from mmsent.report.page import page


def main() -> None:
    """Read the command line and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", required=True, type=Path, help="the report")
    figures = "the pictures that it names, the drawings (SVG) beside them, or folders of both"
    parser.add_argument("--figures", required=True, nargs="+", type=Path, help=figures)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    write_text(args.out, page(args.markdown, args.figures))


if __name__ == "__main__":
    main()
