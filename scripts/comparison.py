"""Write the study's final table with ours beside it."""

import argparse
from pathlib import Path

from mmsent.files import read_json, write_text
from mmsent.report.comparison import comparison_parts, comparison_table
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.tables import read_numbers, write_table


def main() -> None:
    """Read the command line and write the table as Markdown and CSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, help="of the versions (CSV)")
    parser.add_argument("--paired", required=True, help="tests of the versions (JSON)")
    parser.add_argument("--vlm", nargs="*", default=[], help="scores of vision-language models")
    parser.add_argument("--reported", required=True, help="the study's figures (CSV)")
    parser.add_argument("--markdown", required=True, type=Path)
    parser.add_argument("--csv", required=True, type=Path)
    args = parser.parse_args()
    scores, paired = read_numbers(args.scores), read_json(args.paired)
    consecutive = paired["families"]["consecutive"]
    verdicts = {row["first"]: row["verdict"] for row in consecutive}
    vlm = [read_numbers(path) for path in args.vlm]
    table = comparison_table(scores, PrintedFigures(args.reported), verdicts, *vlm)
    write_table(args.csv, table)
    whole, by_class = comparison_parts(table)
    values = {"table": whole, "classes": by_class, "scores": scores, "tests": consecutive}
    values["vlm"] = bool(vlm)
    write_text(args.markdown, rendered("comparison.md.j2", **values))


if __name__ == "__main__":
    main()
