"""Evaluate repeated runs, which differ in their seed."""

from pathlib import Path

from mmsent.evaluation.pooling import read_runs
from mmsent.evaluation.seeds import by_fold, seed_scores, seed_spread
from mmsent.files import write_json
from mmsent.tables import read_table, write_table


def evaluate_seeds(
    folds: Path, predictions: dict[str, dict[int, list[Path]]], scores: list[Path],
    spreads: list[Path],
) -> None:  # fmt: skip
    """Write the scores of each repetition of some experiments, and their standard deviations.

    Parameters
    ----------
    predictions
        Of each fold, by experiment and number of the repetition.
    """
    for runs, csv, spread in zip(predictions.values(), scores, spreads, strict=True):
        table = seed_scores(by_fold(read_runs(runs)), read_table(folds))
        write_table(csv, table)
        write_json(spread, seed_spread(table))
