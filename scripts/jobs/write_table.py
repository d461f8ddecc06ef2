"""Write the document of a table of experiments: its scores, figures, and what supports them."""

from functools import partial
from pathlib import Path
from typing import Any

from mmsent.figures.style import save_figures
from mmsent.figures.table import table_figures
from mmsent.files import read_json, write_json, write_text
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures, load_results
from mmsent.report.scores import scores_table
from mmsent.report.statistics import FAMILIES
from mmsent.report.table import table_values
from mmsent.tables import read_numbers
from mmsent.tables import write_table as write


def write_table(
    table: str,
    experiments: dict[str, dict[str, Any]],
    metrics: Path,
    runs: dict[str, list[Path]],
    tests: Path,
    robustness: Path,
    slices: Path,
    paper: list[Path],
    reported: Path,
    scores: Path,
    figures: list[Path],
    figure_numbers: Path,
    document: Path,
) -> None:
    """Write the scores of the table as CSV, its figures, and the document in Markdown.

    Parameters
    ----------
    table
        ``versions`` or ``ablation``: name of the template.
    experiments
        Resolved settings by name, in the order of the table.
    metrics, runs
        Metrics of each experiment, and of each fold.
    paper
        Metrics under the paper protocol, if it was run.
    reported
        The study's figures.
    """
    results = load_results(experiments, read_json(metrics), runs)
    printed, compared = PrintedFigures(reported), read_json(tests)
    optimistic = read_json(paper[0]) if paper else {}
    write(scores, scores_table(results, printed, compared, optimistic))
    # From the file, so that the document shows what the file has.
    numbers = read_numbers(scores)
    calibration = {result.name: result.metrics["calibration"] for result in results}
    f1 = partial(printed.value, metric="weighted_f1")
    drawn = table_figures(numbers, compared, calibration, FAMILIES, f1, table.capitalize())
    write_json(figure_numbers, save_figures(drawn, figures))
    values = table_values(table, numbers, compared, robustness, slices, printed, experiments)
    write_text(document, rendered("table.md.j2", **values))
