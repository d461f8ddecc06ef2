"""Predict the posts without a label by the runs of all folds of each version together."""

from pathlib import Path
from typing import Any

from mmsent.data.readers import read_listing
from mmsent.evaluation.submission import submission
from mmsent.files import write_json
from mmsent.tables import Json, Table, write_table


def predict_unlabelled(
    predictions: dict[str, list[Table]],
    runs: dict[str, list[Json]],
    postprocessing: dict[str, dict[str, Any] | None],
    lists: list[Path],
    tags: list[Path],
    numbers: list[Path],
) -> None:
    """Write ``guid,tag`` of each version in the order of the list of posts, and counts.

    Parameters
    ----------
    lists
        The label file of the posts without a label, if there is one.
    """
    listings = [read_listing(path, labelled=False) for path in lists]
    for (name, tables), out, count in zip(predictions.items(), tags, numbers, strict=True):
        table, counts = submission(tables, runs[name], postprocessing[name], listings)
        write_table(out, table)
        write_json(count, counts)
