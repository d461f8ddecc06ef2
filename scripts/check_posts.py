"""Put lists and indexes together; write all posts and every problem with what is done about it."""

import argparse
import sys
from pathlib import Path

from mmsent.data.layout import DatasetError
from mmsent.data.posts import gather, judge
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the command line and write posts and problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, type=Path, help="folder of the data set")
    parser.add_argument("--texts", required=True, help="text index")
    parser.add_argument("--images", required=True, help="image index")
    parser.add_argument("--on-bad-post", required=True, choices=["error", "drop", "blank"])
    parser.add_argument("--posts", required=True, type=Path, help="all listed posts (output)")
    parser.add_argument("--problems", required=True, type=Path, help="problems (output)")
    args = parser.parse_args()
    texts, images = read_table(args.texts), read_table(args.images)
    try:
        posts, problems = gather(args.dataset, texts, images)
    except DatasetError as error:
        sys.exit(str(error))
    write_table(args.problems, judge(problems, args.on_bad_post))
    write_table(args.posts, posts)


if __name__ == "__main__":
    main()
