"""Vision-language models beside the model versions, on the very same test posts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mmsent.config.vlm import VlmExperiment, ZeroShot
from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.paired import COMPARED, compared, enough_resamples
from mmsent.evaluation.pooling import pooled, prediction_metrics
from mmsent.labels import LABELS
from mmsent.report.comparison import EXERCISE, marked, signed, with_interval
from mmsent.report.results import PrintedFigures
from mmsent.report.scores import paper_scores, with_ends


@dataclass(frozen=True)
class VlmResults:
    """What runs leave, by experiment, each a list over the experiment's folds.

    ``predictions`` and ``metrics`` are of the model versions too, ``costs`` of the vision-language
    models alone.
    """

    predictions: Mapping[str, list[pd.DataFrame]]
    metrics: Mapping[str, list[dict[str, Any]]]
    costs: Mapping[str, list[dict[str, Any]]]
    #: Metrics under the study's own protocol, if it was run.
    paper: Mapping[str, dict[str, Any]] = field(default_factory=dict)


def vlm_scores(
    experiments: Mapping[str, Mapping[str, Any]],
    versions: Sequence[str],
    results: VlmResults,
    folds: pd.DataFrame,
    resamples: int,
    level: float,
    seed: int,
) -> pd.DataFrame:
    """A row for each vision-language model and, below it, one for each version on its posts.

    A vision-language model may have run some folds alone: the posts are the test posts of those.

    Returns
    -------
    pandas.DataFrame
        ``beside`` (the vision-language model whose posts these are), ``experiment``, ``title``,
        ``changes``, ``trained``, ``exercise`` (random weights); ``posts``, ``groups``,
        ``resamples``, ``level``; metrics with their ends; ``paper_*`` of a vision-language model,
        as in the other tables; ``difference`` (weighted F1 of a version less that of the
        vision-language model) with its ends, ``p_holm`` and ``verdict``, corrected over the
        versions, all empty for an exercise; ``trained_parameters``; of a vision-language model also
        what it took of the device.

    Raises
    ------
    ValueError
        If a run does not predict the test posts of its fold.
    """
    rows = []
    for name, content in experiments.items():
        settings = (ZeroShot if "answers" in content else VlmExperiment)(**content)
        tested = {int(n) for run in results.predictions[name] for n in run["fold"].unique()}
        part = folds[folds["fold"].isin(tested)]
        tables = {
            one: pooled([r for r in results.predictions[one] if set(r["fold"]) <= tested], part)
            for one in (name, *versions)
        }
        exercise = any(run["exercise"] for run in results.metrics[name])
        tests = {} if exercise else _tests(name, versions, tables, resamples, level, seed)
        for one, table in tables.items():
            own = one == name
            row: dict[str, Any] = {"beside": name, "experiment": one}
            row["exercise"] = exercise and own
            row |= _measured(table, resamples, level, seed)
            row |= tests.get(one, dict.fromkeys(_TESTED))
            row["trained_parameters"] = results.metrics[one][0]["trained_parameters"]
            if own:
                row["parameters"] = results.metrics[one][0]["parameters"]
                row |= _described(settings) | _costs(results.costs[name])
                if name in results.paper:
                    row |= paper_scores(results.paper[name], row["weighted_f1"])
            rows.append(row)
    return pd.DataFrame(rows)


_TESTED = ("difference", "difference_low", "difference_high", "p_holm", "verdict")


def _tests(
    name: str,
    versions: Sequence[str],
    tables: dict[str, pd.DataFrame],
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """The tests of the versions against a vision-language model, by version."""
    pairs = [(version, name) for version in versions]
    enough = enough_resamples(resamples, {name: pairs}, level)
    found = {}
    for row in compared(pairs, tables, enough, level, seed):
        test = row[COMPARED[0]]
        values = (test["difference"], test["low"], test["high"], test["p_holm"], test["verdict"])
        found[row["first"]] = dict(zip(_TESTED, values, strict=True))
    return found


def _measured(table: pd.DataFrame, resamples: int, level: float, seed: int) -> dict[str, Any]:
    confusions = table_confusions(table)
    row: dict[str, Any] = {
        "posts": len(table), "groups": len(confusions), "resamples": resamples, "level": level
    }  # fmt: skip
    intervals = group_bootstrap(confusions, resamples, level, seed)
    return row | with_ends(prediction_metrics(table), intervals)


def _described(settings: VlmExperiment | ZeroShot) -> dict[str, Any]:
    """What an experiment is, and those of its settings that its costs hang on."""
    if isinstance(settings, VlmExperiment):
        optimiser = settings.optimiser
        parts = [f"batch {optimiser.batch_size} x {optimiser.accumulation}"]
    else:
        parts = [f"batch {settings.batch_size}"]
    if "image" in settings.modalities:
        parts.append(f"{settings.pixels.min} to {settings.pixels.max} pixels")
    if "text" in settings.modalities:
        parts.append(f"{settings.text.max_tokens} tokens")
    if isinstance(settings, VlmExperiment) and settings.gradient_checkpointing:
        parts.append("gradient checkpointing")
    if settings.four_bit:
        parts.append("4 bits")
    return {
        "title": settings.title,
        "changes": settings.changes,
        "trained": isinstance(settings, VlmExperiment),
        "settings": ", ".join(parts),
    }


def _costs(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Over the folds: rates are means, memory the largest, seconds the sum."""
    # None where every epoch was done before the job was killed that predicts.
    rates = [run.get("train_posts_per_second") for run in runs]
    trained = [rate for rate in rates if rate is not None]
    return {
        "device": " / ".join(dict.fromkeys(run["device"] for run in runs)),
        "precision": " / ".join(dict.fromkeys(run["precision"] for run in runs)),
        "train_posts_per_second": float(np.mean(trained)) if trained else None,
        "predicted_posts_per_second": float(
            np.mean([run["predicted_posts_per_second"] for run in runs])
        ),
        "peak_memory": max(run["peak_memory"] for run in runs),
        "seconds": sum(run["seconds"] for run in runs),
    }


def vlm_values(scores: pd.DataFrame, printed: PrintedFigures) -> dict[str, Any]:
    """What the section of the vision-language models is filled with, by the template's names.

    Parameters
    ----------
    scores
        From :func:`vlm_scores`, or its CSV file.
    """
    own = scores[scores["beside"] == scores["experiment"]]
    models = [
        {
            "name": row["experiment"],
            "title": row["title"],
            # An empty text has become an empty cell.
            "changes": "" if pd.isna(row["changes"]) else row["changes"],
            "trained": bool(row["trained"]),
            "exercise": bool(row["exercise"]),
            "posts": int(row["posts"]),
            "groups": int(row["groups"]),
            "resamples": int(row["resamples"]),
            "level": row["level"],
            "paper": _paper_values(row),
            "table": scores_shown(scores[scores["beside"] == row["experiment"]], printed),
        }
        for row in own.to_dict("records")
    ]
    return {"models": models, "costs": costs_shown(own), "exercise": EXERCISE}


def _paper_values(row: Mapping[str, Any]) -> dict[str, str]:
    """What the study's own protocol gave, as it is printed; nothing if it was not run."""
    if pd.isna(row.get("paper_weighted_f1")):
        return {}
    return {
        "weighted_f1": with_interval(row, "paper_weighted_f1"),
        "accuracy": f"{row['paper_accuracy']:.4f}",
        "train_posts": f"{row['paper_train_posts']:,.0f}",
        "posts": f"{row['paper_posts']:,.0f}",
        "with_twin": f"{row['paper_with_twin']:,.0f}",
    }


def scores_shown(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """The rows of one vision-language model as they are printed.

    Beside random weights there is no difference and no verdict.
    """
    compare = not scores["exercise"].any()
    rows = []
    for given in scores.to_dict("records"):
        name = given["experiment"]
        row = {
            "Experiment": marked(given),
            "Posts": str(given["posts"]),
            "Reported accuracy": printed.text(name, "accuracy"),
            "Accuracy": with_interval(given, "accuracy"),
            "Weighted F1": with_interval(given, "weighted_f1"),
            "Macro F1": with_interval(given, "macro_f1"),
            **{f"F1 {label}": f"{given[f'f1_{label}']:.3f}" for label in reversed(LABELS)},
        }
        if compare:
            row[f"F1 less {given['beside']}'s"] = signed(given, "difference")
            row[f"Against {given['beside']}"] = _or_dash(given["verdict"])
        row["Trained parameters"] = f"{given['trained_parameters']:,}"
        rows.append(row)
    return pd.DataFrame(rows)


def costs_shown(scores: pd.DataFrame) -> pd.DataFrame:
    """What each vision-language model took of the device, as it is printed."""
    rows = []
    for given in scores.to_dict("records"):
        rate = given["train_posts_per_second"]
        rows.append(
            {
                "Experiment": marked(given),
                "Device": given["device"],
                "Precision": given["precision"],
                "Settings": given["settings"],
                "Trained parameters": f"{given['trained_parameters']:,}",
                "All parameters": f"{given['parameters']:,.0f}",
                "Training [posts/s]": "-" if pd.isna(rate) else f"{rate:.1f}",
                "Prediction [posts/s]": f"{given['predicted_posts_per_second']:.1f}",
                "Peak memory [MiB]": f"{given['peak_memory']:.0f}",
                "Seconds": f"{given['seconds']:.0f}",
            }
        )
    return pd.DataFrame(rows)


def _or_dash(value: Any) -> str:
    return "-" if pd.isna(value) else str(value)
