"""Compute the metrics of an experiment from its out-of-fold predictions."""

from pathlib import Path

from mmsent.evaluation.arguments import bootstrap_of, bootstrap_parser
from mmsent.evaluation.experiment import experiment_metrics
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and write the metrics."""
    parser = bootstrap_parser(__doc__)
    parser.add_argument("--folds", required=True, help="fold table")
    parser.add_argument("--predictions", required=True, nargs="+", help="one file for each fold")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    runs = [read_table(path) for path in args.predictions]
    write_json(args.out, experiment_metrics(runs, read_table(args.folds), **bootstrap_of(args)))


if __name__ == "__main__":
    main()
