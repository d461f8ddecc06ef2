"""Evaluate repeated runs, which differ in their seed."""

from pathlib import Path

from mmsent.evaluation.seeds import by_fold, seed_scores, seed_spread
from mmsent.files import write_json
from mmsent.tables import Table, write_table


def evaluate_seeds(
    folds: Table,
    predictions: dict[str, dict[int, list[Table]]],
    scores: list[Path],
    spreads: list[Path],
) -> None:
    """Write the scores of each repetition (predictions by its number), and standard deviations."""
    for runs, csv, spread in zip(predictions.values(), scores, spreads, strict=True):
        table = seed_scores(by_fold(runs), folds)
        write_table(csv, table)
        write_json(spread, seed_spread(table))
