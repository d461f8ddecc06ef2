"""Write the report."""

from pathlib import Path

from mmsent.files import read_json, write_text
from mmsent.report.arguments import results_of, results_parser
from mmsent.report.document import report_values
from mmsent.report.render import rendered
from mmsent.tables import read_table


def main() -> None:
    """Read the command line and write the report."""
    parser = results_parser(__doc__)
    parser.add_argument("--card", required=True, help="numbers of the data card")
    parser.add_argument("--costs", required=True, help="costs by rule")
    parser.add_argument("--provenance", required=True)
    parser.add_argument("--eda", required=True, nargs="+", type=Path, help="numbers of the figures")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    results, printed = results_of(args)
    eda = {path.stem: read_json(path) for path in args.eda}
    values = report_values(results, printed, eda)
    values |= {
        "card": read_json(args.card),
        "costs": read_table(args.costs),
        "provenance": read_json(args.provenance),
    }
    write_text(args.out, rendered("report.md.j2", **values))


if __name__ == "__main__":
    main()
