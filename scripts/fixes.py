"""Measure what the remedies for the study's own problems change."""

import argparse
from pathlib import Path

from mmsent.data.readers import read_listing
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.runs import tables_of
from mmsent.files import write_json
from mmsent.report.fixes import encoders_of, guid_matching, postprocessing_effect
from mmsent.tables import read_table


def main() -> None:
    """Read lists, indexes, embeddings and predictions; write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", required=True, nargs="+", type=Path,
                        help="label files, that of the posts with a label first")  # fmt: skip
    parser.add_argument("--texts", required=True, help="index of the texts")
    parser.add_argument("--images", required=True, help="index of the pictures")
    parser.add_argument("--embeddings", nargs="*", default=[], type=Path, help="of all encoders")
    parser.add_argument("--experiments", required=True, nargs="+", help="names of the versions")
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", type=Path, help="of all runs")
    parser.add_argument("--out", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    listings = [read_listing(path, labelled=not number) for number, path in enumerate(args.lists)]
    folds = read_table(args.folds)
    tables = {name: pooled(tables_of(name, args.predictions), folds) for name in args.experiments}
    numbers = {
        "guids": guid_matching(listings, read_table(args.texts), read_table(args.images)),
        "encoders": encoders_of(args.embeddings),
        "postprocessing": postprocessing_effect(tables),
    }
    write_json(args.out, numbers)


if __name__ == "__main__":
    main()
