"""Write the ablation table."""

from pathlib import Path

from mmsent.files import write_text
from mmsent.report.arguments import results_of, results_parser
from mmsent.report.comparison import ablation_table
from mmsent.report.render import rendered
from mmsent.tables import write_table


def main() -> None:
    """Read the command line and write the table as Markdown and CSV."""
    parser = results_parser(__doc__)
    parser.add_argument("--markdown", required=True, type=Path)
    parser.add_argument("--csv", required=True, type=Path)
    args = parser.parse_args()
    results, printed = results_of(args)
    table = ablation_table(results, printed)
    write_table(args.csv, table)
    write_text(args.markdown, rendered("ablation.md.j2", table=table, results=results))


if __name__ == "__main__":
    main()
