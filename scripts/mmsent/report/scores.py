"""The scores of a table's experiments as numbers."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from mmsent.evaluation.pairs import tied_with_best
from mmsent.labels import LABELS, STUDY_LABELS
from mmsent.report.reported import PrintedFigures

#: Families of tests whose differences are gains over a single modality.
GAINS = ("over_text", "over_image")


def scores_table(
    experiments: Mapping[str, Mapping[str, Any]],
    metrics: Mapping[str, dict[str, Any]],
    runs: Mapping[str, list[dict[str, Any]]],
    printed: PrintedFigures,
    families: Mapping[str, list[dict[str, Any]]],
    paper: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """A row for each experiment, all of it numbers.

    Parameters
    ----------
    experiments, metrics, runs
        Resolved settings, metrics, and metrics of each fold's run, by name.
    families
        The paired tests of the table.
    paper
        Metrics under the paper protocol by name; empty if it was not run.

    Returns
    -------
    pandas.DataFrame
        ``experiment``, ``title``, ``modality``, ``fusion``; ``posts`` (tested), ``groups``,
        ``train_posts`` (mean over folds); each metric with ``_low`` and ``_high``; ``log_loss``;
        ``ece`` with its ends, and both after temperature scaling (``ece_scaled``,
        ``log_loss_scaled``, mean ``temperature``); ``validation_weighted_f1`` (inner validation,
        which chose the epoch); ``best_set``: statistically tied with the best; ``over_text``,
        ``over_image`` with their ends and ``_percent``; ``reported_*``: the study's; ``paper_*``
        with ends for weighted F1, and ``paper_gap``: paper protocol less grouped.
    """
    best = tied_with_best(families["best_other"], experiments)
    rows = []
    for name, settings in experiments.items():
        row = _identity(name, settings, metrics[name], runs[name]) | measured_columns(metrics[name])
        row["best_set"] = name in best
        for family in GAINS:
            if family in families:
                tests = [test["weighted_f1"] for test in families[family] if test["first"] == name]
                row |= _gain(family, *tests)
        shared = [label for label in LABELS if label in STUDY_LABELS]
        row |= {f"reported_{metric}": printed.value(name, metric) for metric in _metrics(shared)}
        if paper:
            row |= paper_scores(paper[name], row["weighted_f1"])
        rows.append(row)
    return pd.DataFrame(rows)


def _metrics(labels: Sequence[str]) -> list[str]:
    """The metrics of the study's tables."""
    return ["weighted_f1", "accuracy", *(f"f1_{label}" for label in labels)]


def _identity(
    name: str, settings: Mapping[str, Any], metrics: Mapping[str, Any], runs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "experiment": name,
        "title": settings["title"],
        "modality": settings["modality"],
        "fusion": settings["fusion"] if settings["modality"] == "both" else None,
        **{key: metrics[key] for key in ("posts", "groups", "resamples", "level")},
        "train_posts": fmean(run["train_posts"] for run in runs),
        "trained_parameters": runs[0]["trained_parameters"],
        "mean_best_epoch": fmean(run["best_epoch"] for run in runs),
        "epochs": settings["schedule"]["epochs"],
    }


def measured_columns(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of an experiment that follow from its predictions alone."""
    row: dict[str, Any] = with_ends(metrics["test"], metrics["interval"])
    calibration = metrics["calibration"]
    for suffix, when in (("", "before"), ("_scaled", "after")):
        numbers = calibration[when]
        row[f"log_loss{suffix}"] = numbers["log_loss"]
        row |= {f"ece{suffix}{end}": numbers[f"ece{end}"] for end in ("", "_low", "_high")}
    temperatures = calibration["temperatures"]
    row["temperature"] = sum(temperatures) / len(temperatures)
    row["validation_weighted_f1"] = metrics["validation"]["weighted_f1"]
    return row


def with_ends(
    values: Mapping[str, float], intervals: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Columns of each metric that has an interval: its value, and the ends ``_low``, ``_high``."""
    row: dict[str, float] = {}
    for metric, (low, high) in intervals.items():
        row |= {metric: values[metric], f"{metric}_low": low, f"{metric}_high": high}
    return row


def _gain(family: str, test: Mapping[str, float] | None = None) -> dict[str, float | None]:
    """Columns of a gain; empty for the row that is compared against."""
    columns = (family, f"{family}_low", f"{family}_high", f"{family}_percent")
    if test is None:
        return dict.fromkeys(columns)
    percent = 100 * test["difference"] / test["second"]
    return dict(zip(columns, (test["difference"], test["low"], test["high"], percent), strict=True))


def paper_scores(metrics: Mapping[str, Any], grouped: float) -> dict[str, Any]:
    """Columns of the study's protocol; ``grouped`` is the weighted F1 of the grouped one."""
    values, (low, high) = metrics["validation"], metrics["interval"]["weighted_f1"]
    row: dict[str, Any] = {
        f"paper_{name}": values[name] for name in (*_metrics(LABELS), "macro_f1")
    }
    return row | {
        "paper_weighted_f1_low": low,
        "paper_weighted_f1_high": high,
        "paper_train_posts": metrics["train_posts"],
        "paper_posts": metrics["posts"],
        "paper_with_twin": metrics["with_twin_in_training"],
        "paper_gap": values["weighted_f1"] - grouped,
    }
