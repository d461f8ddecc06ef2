"""Measure the experiments of a table on slices of the posts."""

from pathlib import Path

from mmsent.evaluation.arguments import bootstrap_of, modalities_of, table_parser
from mmsent.evaluation.pairs import single_rows
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.runs import tables_of
from mmsent.evaluation.slices import slice_table
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the predictions of all runs and write a row for each slice and experiment."""
    parser = table_parser(__doc__)
    parser.add_argument("--posts", required=True, help="posts table")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    folds, posts, names = read_table(args.folds), read_table(args.posts), args.experiments
    tables = {name: pooled(tables_of(name, args.predictions), folds) for name in names}
    rows = single_rows(modalities_of(args))
    single = (tables[rows["text"]], tables[rows["image"]]) if len(rows) == 2 else None
    reference = rows.get("text", names[0])
    found = slice_table(names, tables, posts, single, reference, **bootstrap_of(args))
    write_table(args.out, found)


if __name__ == "__main__":
    main()
