"""Evaluate the experiments of a table on the held-out posts, which no model was trained on."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.held_out import held_out_results
from mmsent.files import write_json
from mmsent.report.held_out import held_out_scores
from mmsent.tables import Json, Table, write_table


def evaluate_test(
    labels: Table,
    folds: Table,
    predictions: dict[str, list[Table]],
    runs: dict[str, list[Json]],
    postprocessing: dict[str, dict[str, Any] | None],
    tests: Json,
    bootstrap: dict[str, Any],
    results: Path,
    scores: Path,
) -> None:
    """Write scores and paired tests, as JSON and a table; parameters as of ``held_out_results``."""
    measured = held_out_results(
        labels, folds, predictions, runs, postprocessing, tests, **bootstrap
    )
    write_json(results, measured)
    write_table(scores, held_out_scores(measured, predictions))
