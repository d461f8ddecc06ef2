"""Write the study's final table with the measured figures beside it."""

from pathlib import Path

from mmsent.files import read_json, write_text
from mmsent.report.comparison import comparison_parts, comparison_table
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.tables import read_numbers, write_table


def write_comparison(
    scores: Path, tests: Path, vlm: list[Path], reported: Path, document: Path, csv: Path
) -> None:
    """Write the table as Markdown and CSV.

    Parameters
    ----------
    scores, tests
        Of the versions.
    vlm
        Scores of vision-language models, if there are any.
    """
    numbers = read_numbers(scores)
    consecutive = read_json(tests)["families"]["consecutive"]
    verdicts = {row["first"]: row["verdict"] for row in consecutive}
    models = [read_numbers(path) for path in vlm]
    table = comparison_table(numbers, PrintedFigures(reported), verdicts, *models)
    write_table(csv, table)
    whole, by_class = comparison_parts(table)
    values = {"table": whole, "classes": by_class, "scores": numbers, "tests": consecutive}
    write_text(document, rendered("comparison.md.j2", vlm=bool(vlm), **values))
