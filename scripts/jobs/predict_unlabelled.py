"""Predict the posts without a label by the runs of all folds of each version together."""

from pathlib import Path
from typing import Any

from mmsent.data.readers import read_listing
from mmsent.evaluation.pooling import read_runs
from mmsent.evaluation.submission import submission
from mmsent.files import read_json, write_json
from mmsent.tables import write_table


def predict_unlabelled(
    predictions: dict[str, list[Path]],
    runs: dict[str, list[Path]],
    postprocessing: dict[str, dict[str, Any] | None],
    lists: list[Path],
    tags: list[Path],
    numbers: list[Path],
) -> None:
    """Write ``guid,tag`` of each version in the order of the list of posts, and counts.

    Parameters
    ----------
    predictions, runs, postprocessing
        Predictions and metrics of each fold, and settings, by version.
    lists
        The label file of the posts without a label, if there is one.
    """
    listings = [read_listing(path, labelled=False) for path in lists]
    tables_of = read_runs(predictions)
    for (name, tables), out, count in zip(tables_of.items(), tags, numbers, strict=True):
        metrics = [read_json(path) for path in runs[name]]
        table, counts = submission(tables, metrics, postprocessing[name], listings)
        write_table(out, table)
        write_json(count, counts)
