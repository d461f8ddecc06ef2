"""Evaluate the experiments of a table on their out-of-fold predictions, and compare them."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import flat_table
from mmsent.evaluation.pairs import paired_tests, single_rows
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.robustness import robustness_table
from mmsent.evaluation.selection import selection_optimism
from mmsent.evaluation.slices import slice_table
from mmsent.files import write_json
from mmsent.tables import Json, Table, write_table


def evaluate(
    folds: Table,
    posts: Table,
    predictions: dict[str, list[Table]],
    modalities: dict[str, str],
    pairs: str,
    spreads: list[Json],
    bootstrap: dict[str, Any],
    metrics: Path,
    tests: Path,
    tests_csv: Path,
    selection: Path,
    robustness: Path,
    slices: Path,
) -> None:
    """Write metrics, the optimism of selecting the best, paired tests, robustness and slices.

    Parameters
    ----------
    modalities
        Text, image or both, by experiment.
    pairs
        ``consecutive``: each experiment is tested against the one before it; ``grid``: every pair.
    spreads
        Standard deviations over seeds of experiments of the table.
    """
    single = single_rows(modalities)
    measured = {n: experiment_metrics(runs, folds, **bootstrap) for n, runs in predictions.items()}
    write_json(metrics, measured)
    tables = {name: pooled(runs, folds) for name, runs in predictions.items()}
    write_json(selection, selection_optimism(tables, bootstrap["resamples"], bootstrap["seed"]))
    compared = paired_tests(tables, modalities, pairs, spreads, **bootstrap)
    write_json(tests, compared)
    write_table(tests_csv, flat_table(compared["families"]))
    write_table(robustness, robustness_table(predictions, folds, single, **bootstrap))
    write_table(slices, slice_table(tables, posts, single, **bootstrap))
