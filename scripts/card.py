"""Write the data card."""

import argparse
from pathlib import Path

from mmsent.files import write_json, write_text
from mmsent.report.card import card_numbers
from mmsent.report.render import rendered
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and write the card and its numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", required=True, nargs="+", type=Path, help="label files")
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--problems", required=True, help="problems, judged")
    parser.add_argument("--groups", required=True, help="near-duplicate groups")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--card", required=True, type=Path, help="card (output)")
    parser.add_argument("--numbers", required=True, type=Path, help="its numbers (output)")
    args = parser.parse_args()
    tables = [read_table(path) for path in (args.posts, args.problems, args.groups, args.folds)]
    numbers = card_numbers(args.lists, *tables)
    write_json(args.numbers, numbers)
    write_text(args.card, rendered("card.md.j2", card=numbers))


if __name__ == "__main__":
    main()
