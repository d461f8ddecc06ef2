"""Write the report."""

from pathlib import Path
from typing import Any

from mmsent.files import read_json, write_text
from mmsent.report.document import ReportInputs, report_values
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures, load_results
from mmsent.tables import read_numbers, read_table


def write_report(
    experiments: dict[str, dict[str, Any]],
    overrides: list[dict[str, Any]],
    metrics: list[Path],
    runs: dict[str, list[Path]],
    scores: dict[str, Path],
    tests: dict[str, Path],
    spreads: dict[str, Path],
    submissions: dict[str, Path],
    searches: dict[str, list[Path]],
    vlm: list[Path],
    numbers: dict[str, Path],
    costs: Path,
    deviations: Path,
    reported: Path,
    report: Path,
) -> None:
    """Write the report in Markdown.

    Parameters
    ----------
    experiments
        Resolved settings by name.
    overrides
        What the profile overrides: experiment, key, value of the files, value of this run.
    metrics
        Metrics by experiment, of each table.
    scores, tests
        Of each table, by its name.
    runs, spreads, submissions, searches
        Metrics, standard deviations over seeds, counts of the predicted posts without a label, and
        the trials of each fold, by experiment.
    vlm
        Scores of vision-language models, if there are any.
    numbers
        Other numbers, by the names of :class:`mmsent.report.document.ReportInputs`.
    """
    of_experiments = dict(item for path in metrics for item in read_json(path).items())
    results = load_results(experiments, of_experiments, runs)
    inputs = ReportInputs(
        scores={name: read_numbers(path) for name, path in scores.items()},
        tests={name: read_json(path) for name, path in tests.items()},
        spreads={name: read_json(path) for name, path in spreads.items()},
        submissions={name: read_json(path) for name, path in submissions.items()},
        searches={name: [read_json(path) for path in own] for name, own in searches.items()},
        vlm=read_numbers(vlm[0]) if vlm else None,
        overrides=overrides,
        costs=read_table(costs),
        deviations=read_table(deviations),
        **{name: read_json(path) for name, path in numbers.items()},
    )
    values = report_values(results, PrintedFigures(reported), inputs)
    write_text(report, rendered("report.md.j2", **values))
