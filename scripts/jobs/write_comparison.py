"""Write the study's final table with the measured figures beside it."""

from pathlib import Path

from mmsent.files import write_text
from mmsent.report.render import rendered
from mmsent.report.reported import Reported
from mmsent.report.table import comparison_parts, comparison_table
from mmsent.tables import Json, Numbers, write_table


def write_comparison(
    scores: Numbers,
    tests: Json,
    selection: Json,
    vlm: list[Numbers],
    reported: Reported,
    document: Path,
    csv: Path,
) -> None:
    """Write the table as Markdown and CSV; scores, tests, selection are those of the versions."""
    steps = tests["families"]["consecutive"]
    verdicts = {row["first"]: row["verdict"] for row in steps}
    table = comparison_table(scores, reported, verdicts, *vlm)
    write_table(csv, table)
    whole, classes = comparison_parts(table)
    values = {"table": whole, "classes": classes, "scores": scores, "tests": steps}
    values["selection"] = selection
    write_text(document, rendered("comparison.md.j2", vlm=bool(vlm), **values))
