"""Scores on the held-out test, beside those of the out-of-fold predictions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.experiment import measured
from mmsent.evaluation.intervals import (
    interval_columns,
    percentile_interval,
    resampled,
    table_confusions,
)
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.pairs import pairs_of, tested_families
from mmsent.evaluation.pooling import pooled, prediction_metrics
from mmsent.evaluation.seeds import SPREAD
from mmsent.evaluation.submission import mean_predictions
from mmsent.files import seed_of
from mmsent.labels import UNLABELLED_SPLIT

ByName = Mapping[str, list[Any]]


def held_out_results(
    labels: pd.DataFrame,
    folds: pd.DataFrame,
    predictions: ByName,
    runs: ByName,
    postprocessing: Mapping[str, dict[str, Any] | None],
    tests: Mapping[str, Any],
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Score the experiments of a table on the held-out posts without a labelled near-duplicate.

    Parameters
    ----------
    labels
        From :func:`mmsent.data.held_out.held_out_labels`.
    predictions, runs
        Predictions and metrics of each fold, by experiment.
    tests
        Paired tests of the out-of-fold predictions: their pairs are tested again, with their seed
        standard deviations. The best experiment was thus chosen without the held-out posts.

    Returns
    -------
    dict
        ``experiments``: of each ``test`` (metrics), :func:`measured` and
        :func:`beside_out_of_fold`; ``tests``: :func:`mmsent.evaluation.pairs.tested_families`;
        ``models`` (averaged for each prediction); ``near_duplicates`` (posts that are left out).
    """
    bootstrap: dict[str, Any] = {"resamples": resamples, "level": level, "seed": seed}
    scored = labels[~labels["near_duplicate"]].drop(columns="near_duplicate")
    tables = {
        name: labelled_predictions(tables, runs[name], postprocessing[name], scored)
        for name, tables in predictions.items()
    }
    out_of_fold = {name: pooled(tables, folds) for name, tables in predictions.items()}
    single = {
        name: [single_predictions(run, scored) for run in tables]
        for name, tables in predictions.items()
    }
    beside = beside_out_of_fold(single, out_of_fold, **bootstrap)
    experiments = {
        name: measured(table, **bootstrap) | {"test": prediction_metrics(table)} | beside[name]
        for name, table in tables.items()
    }
    # In the order in which the tests of the table draw them: a file has them in another.
    seeds = {metric: tests["seeds"][metric] for metric in SPREAD if metric in tests["seeds"]}
    deviations = {metric: (spread["sd"], spread["freedom"]) for metric, spread in seeds.items()}
    return {
        "experiments": experiments,
        "tests": tested_families(pairs_of(tests["families"]), tables, deviations, **bootstrap),
        "models": max(map(len, predictions.values())),
        "near_duplicates": int(labels["near_duplicate"].sum()),
    }


def labelled_predictions(
    predictions: list[pd.DataFrame],
    runs: list[dict[str, Any]],
    postprocessing: dict[str, Any] | None,
    labels: pd.DataFrame,
) -> pd.DataFrame:
    """Return probabilities, class, label and group of held-out posts, by the runs of all folds.

    Raises
    ------
    ValueError
        If a post is not predicted.
    """
    probabilities, predicted, _ = mean_predictions(predictions, runs, postprocessing)
    table = labels.merge(probabilities.assign(predicted=predicted), on="guid")
    if len(table) != len(labels):
        raise ValueError("the runs do not predict each held-out post")
    return table


def single_predictions(run: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return class, label and group of held-out posts, by the run of one fold alone."""
    tested = run.loc[run["subset"] == UNLABELLED_SPLIT, ["guid", "predicted"]]
    return labels.merge(tested, on="guid", validate="one_to_one")


def beside_out_of_fold(
    single: Mapping[str, list[pd.DataFrame]],
    out_of_fold: Mapping[str, pd.DataFrame],
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, dict[str, float]]:
    """Compare weighted F1 of single models on the held-out posts with the out-of-fold score.

    An out-of-fold prediction is that of one model, and averaged models usually score higher. The
    posts are others, and no group has posts of both, so the two are resampled independently.

    Returns
    -------
    dict
        Of each experiment ``single`` (mean over its models), ``out_of_fold`` and ``difference``
        (single - out-of-fold), each with ``_low`` and ``_high``.
    """
    test_seed = seed_of(seed, "held-out")
    first = {name: _mean_f1(tables, resamples, test_seed) for name, tables in single.items()}
    second = {name: _mean_f1([table], resamples, seed) for name, table in out_of_fold.items()}
    rows: dict[str, dict[str, float]] = {}
    for name, (score, drawn) in first.items():
        other, drawn_other = second[name]
        parts = {
            "single": (score, drawn),
            "out_of_fold": (other, drawn_other),
            "difference": (score - other, drawn - drawn_other),
        }
        rows[name] = {}
        for key, (value, values) in parts.items():
            rows[name] |= interval_columns(key, (value, *percentile_interval(values, level)))
    return rows


def _mean_f1(tables: list[pd.DataFrame], resamples: int, seed: int) -> tuple[float, np.ndarray]:
    """Mean weighted F1 of predictions of the same posts, and over resamples ``(resamples,)``."""
    counts = np.stack([table_confusions(table) for table in tables], axis=1)
    drawn = metrics_from_confusion(resampled(counts, resamples, seed))["weighted_f1"]
    score = metrics_from_confusion(counts.sum(0))["weighted_f1"].mean()
    return float(score), drawn.mean(1)
