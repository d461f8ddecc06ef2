"""Compute the metrics of an experiment under the study's own protocol."""

from pathlib import Path

from mmsent.evaluation.arguments import bootstrap_of, bootstrap_parser
from mmsent.evaluation.paper import paper_metrics
from mmsent.files import write_json
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and write the metrics."""
    parser = bootstrap_parser(__doc__)
    parser.add_argument("--split", required=True, help="the study's split")
    parser.add_argument("--predictions", required=True)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    run, split = read_table(args.predictions), read_table(args.split)
    write_json(args.out, paper_metrics(run, split, **bootstrap_of(args)))


if __name__ == "__main__":
    main()
