"""Put the scores of a table's experiments together."""

from pathlib import Path

from mmsent.files import read_json
from mmsent.report.arguments import results_of, results_parser
from mmsent.report.scores import scores_table
from mmsent.tables import write_table


def main() -> None:
    """Read the command line and write a row for each experiment."""
    parser = results_parser(__doc__)
    parser.add_argument("--paired", required=True, help="tests of the table's pairs (JSON)")
    parser.add_argument("--paper", nargs="*", default=[], type=Path,
                        help="metrics under the paper protocol, in the same order")  # fmt: skip
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    results, printed = results_of(args)
    names = [result.name for result in results]
    found = [read_json(path) for path in args.paper]
    paper = dict(zip(names, found, strict=True)) if found else {}
    write_table(args.out, scores_table(results, printed, read_json(args.paired), paper))


if __name__ == "__main__":
    main()
