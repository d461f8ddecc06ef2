"""The scores of a table's experiments as numbers; what is shown in print is made of them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.evaluation.pairs import not_worse_than_best
from mmsent.labels import LABELS
from mmsent.report.results import PrintedFigures, Result

#: Metrics of the study's tables; its figures stand beside ours.
REPORTED = ("weighted_f1", "accuracy", *(f"f1_{label}" for label in LABELS))

#: Families of tests whose differences are gains over a single modality.
GAINS = ("over_text", "over_image")


def scores_table(
    results: list[Result],
    printed: PrintedFigures,
    paired: Mapping[str, Any],
    paper: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """A row for each experiment, all of it numbers.

    Parameters
    ----------
    paired
        The tests of the table's pairs: families, from ``results/paired_tests/``.
    paper
        Metrics under the paper protocol by name; empty if it was not asked for.

    Returns
    -------
    pandas.DataFrame
        ``experiment``, ``title``, ``modality``, ``fusion``; ``posts`` (tested), ``groups``,
        ``train_posts`` (mean over folds); each metric with ``_low`` and ``_high``; ``log_loss``;
        ``ece`` with its ends, and both after temperature scaling (``ece_scaled``,
        ``log_loss_scaled``, mean ``temperature``); ``validation_weighted_f1`` (inner validation,
        which chose the epoch); ``best_set``: not worse than the best; ``over_text``,
        ``over_image`` with their ends and ``_percent``; ``reported_*``: the study's; ``paper_*``
        with ends for weighted F1, and ``paper_gap``: paper protocol less grouped.
    """
    families = paired["families"]
    best = not_worse_than_best(families["best_other"]) or [results[0].name]
    gains = {
        (row["first"], family): row["weighted_f1"]
        for family in GAINS
        for row in families.get(family, [])
    }
    rows = []
    for result in results:
        row = _identity(result) | _measured(result)
        row["best_set"] = result.name in best
        for family in GAINS:
            if family in families:
                row |= _gain(family, gains.get((result.name, family)))
        row |= {f"reported_{name}": printed.value(result.name, name) for name in REPORTED}
        if paper:
            row |= paper_scores(paper[result.name], result.value("weighted_f1"))
        rows.append(row)
    return pd.DataFrame(rows)


def _identity(result: Result) -> dict[str, Any]:
    experiment = result.experiment
    fusion = experiment.fusion if experiment.modality == "both" else None
    return {
        "experiment": result.name,
        "title": experiment.title,
        "modality": experiment.modality,
        "fusion": fusion,
        "posts": result.metrics["posts"],
        "groups": result.metrics["groups"],
        "resamples": result.metrics["resamples"],
        "level": result.metrics["level"],
        "train_posts": result.train_posts,
        "trained_parameters": result.trained_parameters,
        "mean_best_epoch": result.mean_best_epoch,
        "epochs": experiment.schedule.epochs,
    }


def _measured(result: Result) -> dict[str, Any]:
    row: dict[str, Any] = with_ends(result.metrics["test"], result.metrics["interval"])
    calibration = result.metrics["calibration"]
    for suffix, when in (("", "before"), ("_scaled", "after")):
        numbers = calibration[when]
        row[f"log_loss{suffix}"] = numbers["log_loss"]
        row[f"ece{suffix}"] = numbers["ece"]
        row[f"ece{suffix}_low"] = numbers["ece_low"]
        row[f"ece{suffix}_high"] = numbers["ece_high"]
    temperatures = calibration["temperatures"]
    row["temperature"] = sum(temperatures) / len(temperatures)
    row["validation_weighted_f1"] = result.metrics["validation"]["weighted_f1"]
    return row


def with_ends(
    values: Mapping[str, float], intervals: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Columns of each metric that has an interval: its value, and the ends ``_low``, ``_high``."""
    row: dict[str, float] = {}
    for metric, (low, high) in intervals.items():
        row |= {metric: values[metric], f"{metric}_low": low, f"{metric}_high": high}
    return row


def _gain(family: str, difference: Mapping[str, float] | None) -> dict[str, float | None]:
    """Columns of a gain; empty for the row that is compared against."""
    if difference is None:
        return dict.fromkeys((family, f"{family}_low", f"{family}_high", f"{family}_percent"))
    return {
        family: difference["difference"],
        f"{family}_low": difference["low"],
        f"{family}_high": difference["high"],
        f"{family}_percent": 100 * difference["difference"] / difference["second"],
    }


def paper_scores(metrics: Mapping[str, Any], grouped: float) -> dict[str, Any]:
    """Columns of the study's own protocol; ``grouped`` is the weighted F1 of the grouped one."""
    found, (low, high) = metrics["validation"], metrics["interval"]["weighted_f1"]
    row: dict[str, Any] = {f"paper_{name}": found[name] for name in (*REPORTED, "macro_f1")}
    return row | {
        "paper_weighted_f1_low": low,
        "paper_weighted_f1_high": high,
        "paper_train_posts": metrics["train_posts"],
        "paper_posts": metrics["posts"],
        "paper_with_twin": metrics["with_twin_in_training"],
        "paper_gap": found["weighted_f1"] - grouped,
    }
