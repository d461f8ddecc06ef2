"""Compare experiments pair by pair on the posts that both predict."""

import argparse
from pathlib import Path

from mmsent.evaluation.paired import against_best, compared, consecutive, flat_table
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.runs import tables_of
from mmsent.files import settings_argument, write_json
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the predictions of all runs and write a row for each pair, family by family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", required=True, nargs="+", help="names, in their order")
    parser.add_argument("--families", type=settings_argument, default="{}",
                        help='further pairs, each tested against its second: '
                        'JSON {"family": [["name", "name"]]}, or FILE.yaml#key')  # fmt: skip
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", type=Path, help="of all runs")
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--level", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--csv", required=True, type=Path)
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    folds = read_table(args.folds)
    further = [name for pairs in args.families.values() for pair in pairs for name in pair]
    names = dict.fromkeys([*args.versions, *further])
    tables = {name: pooled(tables_of(name, args.predictions), folds) for name in names}
    pairs = {
        "consecutive": consecutive(args.versions),
        "best_other": against_best(args.versions, tables),
        **{family: [(first, second) for first, second in own]
           for family, own in args.families.items()},
    }  # fmt: skip
    families = {
        family: compared(own, tables, args.resamples, args.level, args.seed)
        for family, own in pairs.items()
    }
    write_table(args.csv, flat_table(families))
    write_json(
        args.numbers,
        {
            "families": families,
            "posts": len(folds),
            "groups": int(folds["group"].nunique()),
            "level": args.level,
            "resamples": args.resamples,
        },
    )


if __name__ == "__main__":
    main()
