"""Compare a run with an earlier one: posts, settings, code, scores, conclusions."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.seeds import seed_deviations
from mmsent.files import write_json, write_text
from mmsent.report.render import rendered
from mmsent.report.run_changes import Run, archived_run, run_changes, run_changes_values
from mmsent.tables import Json, write_table


def compare_runs(
    now: Run,
    then: Run | Path,
    spreads: list[Json],
    bootstrap: dict[str, Any],
    document: Path,
    numbers: Path,
    csv: Path,
) -> None:
    """Write what differs as Markdown and JSON, and each changed prediction as CSV.

    Parameters
    ----------
    then
        The files of the earlier run, or its archive.
    spreads
        Standard deviations over seeds of this run's repeated experiments.
    """
    earlier = archived_run(then) if isinstance(then, Path) else then
    changes, predictions = run_changes(now, earlier, seed_deviations(spreads), bootstrap)
    write_json(numbers, changes)
    write_table(csv, predictions)
    write_text(document, rendered("changes.md.j2", changes=run_changes_values(changes)))
