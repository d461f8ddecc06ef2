"""Write the table of the vision-language models beside the versions on the same posts."""

from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.files import write_text
from mmsent.report.render import rendered
from mmsent.report.reported import Reported
from mmsent.report.vlm import vlm_scores, vlm_values
from mmsent.tables import Json, Table, write_table


def write_vlm(
    experiments: dict[str, dict[str, Any]],
    folds: Table,
    predictions: dict[str, list[Table]],
    runs: dict[str, list[Json]],
    costs: dict[str, list[Json]],
    paper: list[Json],
    reported: Reported,
    bootstrap: dict[str, Any],
    document: Path,
    csv: Path,
) -> None:
    """Write the scores as CSV and the document as Markdown; parameters as of ``vlm_scores``."""
    optimistic = paper[0] if paper else {}
    scores = vlm_scores(experiments, predictions, runs, costs, optimistic, folds, bootstrap)
    write_table(csv, scores)
    # From the file, so that the report, which has nothing else, shows the same.
    values = vlm_values(pd.read_csv(csv), reported)
    write_text(document, rendered("vlm.md.j2", vlm=values))
