"""Write the table of the vision-language models beside the versions on the same posts."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.pooling import read_runs
from mmsent.files import read_json, write_text
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.report.vlm import VlmResults, vlm_scores, vlm_values
from mmsent.tables import read_numbers, read_table, write_table


def write_vlm(
    experiments: dict[str, dict[str, Any]],
    versions: list[str],
    folds: Path,
    predictions: dict[str, list[Path]],
    runs: dict[str, list[Path]],
    costs: dict[str, list[Path]],
    paper: list[Path],
    reported: Path,
    bootstrap: dict[str, Any],
    document: Path,
    csv: Path,
) -> None:
    """Write the numbers as CSV and the document as Markdown.

    Parameters
    ----------
    experiments
        Resolved settings of the vision-language models by name.
    predictions, runs, costs
        Predictions, metrics and costs of each fold by name, the first two of the versions too.
    paper
        Metrics under the paper protocol, if it was run.
    """
    results = VlmResults(
        read_runs(predictions),
        {name: [read_json(path) for path in own] for name, own in runs.items()},
        {name: [read_json(path) for path in own] for name, own in costs.items()},
        read_json(paper[0]) if paper else {},
    )
    scores = vlm_scores(experiments, versions, results, read_table(folds), **bootstrap)
    write_table(csv, scores)
    # From the file, so that the report, which has nothing else, shows the same.
    values = vlm_values(read_numbers(csv), PrintedFigures(reported))
    write_text(document, rendered("vlm.md.j2", vlm=values))
