"""Evaluate the baselines, and compare versions and ablation with them."""

from pathlib import Path
from typing import Any

from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import flat_table
from mmsent.evaluation.pairs import baseline_tests, probe_families
from mmsent.evaluation.pooling import pooled
from mmsent.files import write_json
from mmsent.tables import Json, Table, write_table


def evaluate_baselines(
    folds: Table,
    baselines: dict[str, list[Table]],
    average: dict[str, list[Table]],
    predictions: dict[str, list[Table]],
    modalities: dict[str, str],
    probes: dict[str, str],
    averaged: dict[str, list[str]],
    spreads: list[Json],
    bootstrap: dict[str, Any],
    metrics: Path,
    tests: Path,
    tests_csv: Path,
) -> None:
    """Write the metrics of baselines and of the average of the versions, and paired tests.

    A baseline that was left out has no predictions and no metrics.

    Parameters
    ----------
    baselines, average, predictions
        Predictions of the baselines, of the average of the versions if there are several, and of
        versions and ablation.
    modalities
        Text, image or both, by experiment.
    probes
        The linear probe of each modality.
    averaged
        By the name of the average, the versions that it is of.
    spreads
        Standard deviations over seeds of versions and rows of the ablation.
    """
    shown = {n: runs for n, runs in baselines.items() if not runs[0].empty}
    measured = shown | average
    write_json(metrics, {n: experiment_metrics(r, folds, **bootstrap) for n, r in measured.items()})
    tables = {n: pooled(runs, folds) for n, runs in (measured | predictions).items()}
    probes = {modality: name for modality, name in probes.items() if name in shown}
    families = probe_families(modalities, probes, averaged)
    compared = baseline_tests(tables, families, shown, spreads, **bootstrap)
    write_json(tests, compared)
    write_table(tests_csv, flat_table(compared["families"]))
