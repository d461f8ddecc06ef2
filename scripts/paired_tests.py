"""Compare the experiments of a table pair by pair on the posts that both predict."""

from pathlib import Path

from mmsent.evaluation.arguments import bootstrap_of, modalities_of, table_parser
from mmsent.evaluation.paired import compared_together, enough_resamples, flat_table
from mmsent.evaluation.pairs import against_best, consecutive, grid_families
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.runs import tables_of
from mmsent.evaluation.seeds import seed_deviations
from mmsent.files import read_json, write_json
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the predictions of all runs and write a row for each pair, family by family."""
    parser = table_parser(__doc__)
    parser.add_argument("--pairs", choices=("consecutive", "grid"), default="consecutive",
                        help="each against the one before it, or every pair")  # fmt: skip
    parser.add_argument("--spreads", nargs="*", default=[], type=Path,
                        help="of repeated experiments of the table (JSON)")  # fmt: skip
    parser.add_argument("--csv", required=True, type=Path)
    parser.add_argument("--numbers", required=True, type=Path, help="JSON to write")
    args = parser.parse_args()
    folds, names = read_table(args.folds), args.experiments
    tables = {name: pooled(tables_of(name, args.predictions), folds) for name in names}
    pairs = {"consecutive": consecutive(names)}
    if args.pairs == "grid":
        pairs = grid_families(modalities_of(args))
    # What is bold is decided by the same tests as all else, so that nothing contradicts it.
    pairs["best_other"] = against_best(names, tables)
    resamples = enough_resamples(args.resamples, pairs, args.level)
    bootstrap = bootstrap_of(args) | {"resamples": resamples}
    deviations = seed_deviations([read_json(path) for path in args.spreads])
    families = compared_together(pairs, tables, **bootstrap, deviations=deviations)
    write_table(args.csv, flat_table(families))
    write_json(
        args.numbers,
        {
            "families": families,
            "posts": len(folds),
            "groups": int(folds["group"].nunique()),
            "level": args.level,
            "resamples": resamples,
            "seeds": {m: {"sd": sd, "freedom": n} for m, (sd, n) in deviations.items()},
        },
    )


if __name__ == "__main__":
    main()
