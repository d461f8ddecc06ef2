"""Command-line options that the scripts of all figures share."""

import argparse
from pathlib import Path


def figure_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options ``--posts``, ``--figure`` and ``--numbers``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--posts", type=Path, required=True, help="posts table")
    parser.add_argument(
        "--figure", type=Path, required=True, help="PNG to write; of a chart, with SVG beside"
    )
    parser.add_argument("--numbers", type=Path, required=True, help="JSON to write")
    return parser
