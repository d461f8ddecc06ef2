"""The held-out test as tables and sentences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.evaluation.paired import BETTER, WORSE
from mmsent.evaluation.pairs import tied_with_best
from mmsent.paths import short_name
from mmsent.report import cells
from mmsent.report.cells import (
    Cell,
    Row,
    change,
    class_columns,
    interval,
    listed,
    value,
)
from mmsent.report.scores import with_ends
from mmsent.report.statistics import test_tables

_DIRECTIONS = {BETTER: 1, WORSE: -1}


def held_out_scores(results: Mapping[str, Any], names: Iterable[str]) -> pd.DataFrame:
    """A row for each of ``names``, from :func:`mmsent.evaluation.held_out.held_out_results`.

    Returns
    -------
    pandas.DataFrame
        ``experiment``; ``posts``, ``groups``, ``resamples``, ``level``; each metric with ``_low``
        and ``_high``; ``log_loss``, ``ece``; of weighted F1 ``single``, ``out_of_fold`` and
        ``difference``, with their ends; ``best_set``: not significantly worse than the experiment
        that is best out of fold.
    """
    tied = tied_with_best(results["tests"]["families"]["best_other"], results["experiments"])
    rows = []
    for name in names:  # in the order of the table, which a file does not keep
        numbers = results["experiments"][name]
        row = {"experiment": name} | numbers | numbers["test"]
        row |= with_ends(row.pop("test"), row.pop("interval"))
        rows.append(row | {"best_set": name in tied})
    return pd.DataFrame(rows)


def held_out_values(
    results: Mapping[str, Any],
    names: Iterable[str],
    out_of_fold: Mapping[str, Sequence[Row]],
    noun: str,
) -> dict[str, Any]:
    """What documents show of the held-out test of a table, by the names that templates use.

    Parameters
    ----------
    names
        The experiments in the order of the table.
    out_of_fold
        Families of paired tests of the out-of-fold predictions.
    noun
        What the table calls an experiment.
    """
    scores = held_out_scores(results, names)
    name = {noun.capitalize(): cells.name}
    columns = name | {
        "Weighted F1": cells.best_f1,
        "Single models": interval("single"),
        "Out of fold": interval("out_of_fold"),
        "Single - out of fold": change("difference"),
    }
    more: dict[str, Cell] = {
        "Accuracy": interval("accuracy"),
        "Macro F1": interval("macro_f1"),
        **class_columns(),
        "Log loss": value("log_loss", "{:.3f}"),
        "ECE": value("ece", "{:.3f}"),
    }
    return {
        "table": cells.shown(scores, columns),
        "more": cells.shown(scores, name | more),
        "first": scores.iloc[0],
        "models": results["models"],
        "near_duplicates": results["near_duplicates"],
        "paired": results["tests"],
        "tests": test_tables(results["tests"]["families"]),
        "in_words": [
            scores_agree(scores, noun),
            *pairs_agree(out_of_fold, results["tests"]["families"]),
        ],
    }


def scores_agree(scores: pd.DataFrame, noun: str) -> str:
    """Whether the held-out scores are those that the out-of-fold predictions promise."""
    f1 = scores["weighted_f1"]
    within = f1.between(scores["out_of_fold_low"], scores["out_of_fold_high"])
    differs = (scores["difference_low"] > 0) | (scores["difference_high"] < 0)
    names = scores.loc[differs, "experiment"].map(short_name).tolist()
    return (
        f"On {scores['posts'].iloc[0]:,} held-out posts, weighted F1 is within the out-of-fold "
        f"interval for {within.sum()} of {len(scores)} {noun}s; that of single models, which also "
        "make the out-of-fold predictions, differs significantly from the out-of-fold score for "
        f"{listed(names) if names else 'none'}."
    )


def pairs_agree(
    out_of_fold: Mapping[str, Sequence[Row]], held_out: Mapping[str, Sequence[Row]]
) -> list[str]:
    """Whether the pairs that differ significantly out of fold do so on the held-out posts."""
    before, now = _directions(out_of_fold), _directions(held_out)
    if not before:
        return []
    decided = [pair for pair, direction in before.items() if direction]
    same = sum(now[pair] == before[pair] for pair in decided)
    opposite = sum(now[pair] == -before[pair] for pair in decided)
    new = sum(bool(now[pair]) for pair in now.keys() - decided)
    return [
        f"Significantly different pairs: {len(decided)} of {len(before)} out of fold; on the "
        f"held-out posts {same} of these in the same direction, {opposite} in the opposite one, "
        f"and {new} of the others."
    ]


def _directions(families: Mapping[str, Sequence[Row]]) -> dict[tuple[str, str], int]:
    """Of each pair by the order of its names, 1 if the first is better, -1 if it is worse."""
    directions = {}
    for test in (test for tests in families.values() for test in tests):
        direction = _DIRECTIONS.get(test["verdict"], 0)
        first, second = test["first"], test["second"]
        in_order = first < second
        directions[min(first, second), max(first, second)] = direction if in_order else -direction
    return directions
