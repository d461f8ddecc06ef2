"""List the posts that experiments get wrong, draw a sheet of the worst of each, shrink pictures."""

import argparse
from pathlib import Path

from mmsent.evaluation.bad_cases import bad_case_numbers, bad_cases, shown_cases
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.runs import tables_of
from mmsent.figures.bad_cases import bad_case_sheet, write_thumbnail
from mmsent.figures.style import save_sheet
from mmsent.files import write_json
from mmsent.tables import as_cell, read_table, write_table

#: Posts that the report shows of each list.
SHOWN = 12


def main() -> None:
    """Read the predictions of all runs; write lists, sheets, thumbnails and counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", required=True, nargs="+",
                        help="names, each compared with the one before")  # fmt: skip
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--predictions", required=True, nargs="+", type=Path, help="of all runs")
    parser.add_argument("--images", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--figures", required=True, type=Path, help="folder for NAME.png")
    parser.add_argument("--lists", required=True, type=Path, help="folder for NAME.csv")
    parser.add_argument("--thumbnails", required=True, type=Path, help="folder for GUID.jpg")
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    folds, posts = read_table(args.folds), read_table(args.posts)
    tables = {name: pooled(tables_of(name, args.predictions), folds) for name in args.experiments}
    wrong = {name: bad_cases(table, folds, posts) for name, table in tables.items()}
    for name, table in wrong.items():
        write_table(args.lists / f"{name}.csv", table.assign(text=table["text"].map(as_cell)))
        sheet = bad_case_sheet(name, table, len(tables[name]), posts, args.images)
        save_sheet(sheet, args.figures / f"{name}.png")
    shown = shown_cases(wrong, folds, SHOWN)
    files = posts.set_index("guid")
    args.thumbnails.mkdir(parents=True, exist_ok=True)
    for case in [*shown["last"], *shown["common"]]:
        post = files.loc[case["guid"]]
        case["picture"] = not bool(post["image_blanked"])
        if case["picture"]:
            picture = args.images / post["image_file"]
            write_thumbnail(picture, args.thumbnails / f"{case['guid']}.jpg")
    write_json(args.numbers, bad_case_numbers(tables, wrong, folds) | {"shown": shown})


if __name__ == "__main__":
    main()
