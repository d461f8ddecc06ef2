"""Write the document of the baselines."""

from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.files import write_text
from mmsent.report.baselines import baseline_scores, baseline_values
from mmsent.report.render import rendered
from mmsent.tables import Json, write_table


def write_baselines(
    experiments: dict[str, dict[str, Any]],
    metrics: Json,
    runs: dict[str, list[Json]],
    tests: Json,
    scores: Path,
    document: Path,
) -> None:
    """Write the scores as CSV and the document; parameters as of ``baseline_scores``."""
    write_table(scores, baseline_scores(experiments, metrics, runs))
    # From the file, so that the document shows what the file has.
    values = baseline_values(pd.read_csv(scores), tests)
    write_text(document, rendered("baselines.md.j2", **values))
