"""Measure what is lost when a modality is missing at test time."""

from pathlib import Path

from mmsent.evaluation.arguments import bootstrap_of, modalities_of, table_parser
from mmsent.evaluation.pairs import single_rows
from mmsent.evaluation.robustness import robustness_table
from mmsent.evaluation.runs import tables_of
from mmsent.tables import read_table, write_table


def main() -> None:
    """Read the predictions of all runs and write a row for each experiment and modality."""
    parser = table_parser(__doc__)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    runs = {name: tables_of(name, args.predictions) for name in args.experiments}
    single = single_rows(modalities_of(args))
    folds = read_table(args.folds)
    write_table(args.out, robustness_table(runs, folds, single, **bootstrap_of(args)))


if __name__ == "__main__":
    main()
