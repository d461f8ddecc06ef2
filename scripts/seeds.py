"""Write the study of the spread between identical runs."""

import argparse
from pathlib import Path

from mmsent.files import read_json, write_text
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.report.statistics import seeds_table


def main() -> None:
    """Read the command line and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", nargs="*", default=[], help="names, in their order")
    parser.add_argument("--spreads", nargs="*", default=[], type=Path, help="in the same order")
    parser.add_argument("--reported", required=True, help="the study's figures (CSV)")
    parser.add_argument("--markdown", required=True, type=Path)
    args = parser.parse_args()
    spreads = dict(zip(args.experiments, map(read_json, args.spreads), strict=True))
    reported = PrintedFigures(args.reported).value("identical_runs", "weighted_f1_difference")
    text = rendered(
        "seeds.md.j2",
        spreads=spreads,
        tables={m: seeds_table(spreads, m) for m in ("weighted_f1", "macro_f1", "accuracy")},
        reported=reported,
    )
    write_text(args.markdown, text)


if __name__ == "__main__":
    main()
