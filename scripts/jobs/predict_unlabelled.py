"""Predict the posts without a label by the runs of all folds of each version together."""

from pathlib import Path
from typing import Any

from mmsent.data.posts import BAD_LIST
from mmsent.evaluation.submission import submission
from mmsent.files import write_json
from mmsent.labels import UNLABELLED_SUBSET
from mmsent.tables import Json, Table, write_table


def predict_unlabelled(
    predictions: dict[str, list[Table]],
    runs: dict[str, list[Json]],
    postprocessing: dict[str, dict[str, Any] | None],
    listed: Table,
    problems: Table,
    test_lists: list[str],
    tags: list[Path],
    numbers: list[Path],
) -> None:
    """Write ``guid,tag`` of each version in the order of the lists of test posts, and counts."""
    guids = listed.loc[listed["subset"] == UNLABELLED_SUBSET, "guid"].tolist()
    bad_rows = problems[(problems["kind"] == BAD_LIST) & problems["file"].isin(test_lists)]
    for (name, tables), out, count in zip(predictions.items(), tags, numbers, strict=True):
        table, counts = submission(tables, runs[name], postprocessing[name], guids)
        write_table(out, table)
        write_json(count, counts | {"unusable_lines": len(bad_rows)})
