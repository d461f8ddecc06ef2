"""Write the report."""

from pathlib import Path
from typing import Any

from mmsent.files import write_text
from mmsent.report.document import ReportInputs, report_values
from mmsent.report.render import rendered


def write_report(
    inputs: ReportInputs,
    experiments: dict[str, dict[str, Any]],
    overrides: list[dict[str, Any]],
    report: Path,
) -> None:
    """Write the report in Markdown; parameters as of ``report_values``."""
    values = report_values(inputs, experiments, overrides)
    write_text(report, rendered("report.md.j2", **values))
