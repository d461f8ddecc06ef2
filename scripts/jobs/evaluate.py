"""Evaluate the experiments of a table on their out-of-fold predictions, and compare them."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import flat_table
from mmsent.evaluation.pairs import paired_tests, single_rows
from mmsent.evaluation.pooling import pooled, read_runs
from mmsent.evaluation.robustness import robustness_table
from mmsent.evaluation.slices import slice_table
from mmsent.files import read_json, write_json
from mmsent.tables import read_table, write_table


def evaluate(
    folds: Path,
    posts: Path,
    predictions: dict[str, list[Path]],
    modalities: dict[str, str],
    pairs: str,
    spreads: list[Path],
    bootstrap: dict[str, Any],
    metrics: Path,
    tests: Path,
    tests_csv: Path,
    robustness: Path,
    slices: Path,
) -> None:
    """Write the metrics of each experiment, paired tests, robustness and slices.

    Parameters
    ----------
    predictions, modalities
        Predictions of each fold, and text, image or both, by experiment in the order of the table.
    pairs
        ``consecutive``: each experiment is tested against the one before it; ``grid``: every pair.
    spreads
        Standard deviations over seeds of experiments of the table.
    bootstrap
        ``resamples``, ``level`` and ``seed``.
    """
    split, single = read_table(folds), single_rows(modalities)
    by_name = read_runs(predictions)
    write_json(
        metrics, {n: experiment_metrics(runs, split, **bootstrap) for n, runs in by_name.items()}
    )
    tables = {name: pooled(runs, split) for name, runs in by_name.items()}
    compared = paired_tests(tables, modalities, pairs, map(read_json, spreads), **bootstrap)
    write_json(tests, compared)
    write_table(tests_csv, flat_table(compared["families"]))
    write_table(robustness, robustness_table(by_name, split, single, **bootstrap))
    write_table(slices, slice_table(tables, read_table(posts), single, **bootstrap))
