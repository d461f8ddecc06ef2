"""Vision-language models beside the model versions, on the very same test posts."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import pandas as pd

from mmsent.evaluation.experiment import measured
from mmsent.evaluation.paired import COMPARED, compared, enough_resamples
from mmsent.evaluation.pooling import pooled, prediction_metrics
from mmsent.report import cells
from mmsent.report.cells import SMOKE_TEST, Cell, change, class_columns, interval, value
from mmsent.report.reported import PrintedFigures
from mmsent.report.scores import paper_scores, with_ends

ByName = Mapping[str, list[Any]]


def vlm_scores(
    experiments: Mapping[str, Mapping[str, Any]],
    predictions: ByName,
    runs: ByName,
    costs: ByName,
    paper: Mapping[str, dict[str, Any]],
    folds: pd.DataFrame,
    bootstrap: Mapping[str, Any],
) -> pd.DataFrame:
    """A row for each vision-language model and, below it, one for each version on its posts.

    A vision-language model may have run some folds alone: the posts are the test posts of those.

    Parameters
    ----------
    predictions, runs, costs
        Predictions, metrics and costs of each fold by name, the first two of the versions too.
    bootstrap
        ``resamples``, ``level`` and ``seed``.

    Returns
    -------
    pandas.DataFrame
        ``beside`` (the vision-language model whose posts these are), ``experiment``, ``title``,
        ``changes``, ``trained``, ``exercise`` (random weights); ``posts``, ``groups``,
        ``resamples``, ``level``; metrics with their ends; ``paper_*`` of a vision-language model,
        as in the other tables; ``difference`` (weighted F1 of a version less that of the
        vision-language model) with its ends, ``p_holm`` and ``verdict``, corrected over the
        versions, all empty for random weights; ``trained_parameters``; of a vision-language model
        also what it took of the device.

    Raises
    ------
    ValueError
        If a run does not predict the test posts of its fold.
    """
    versions = [name for name in predictions if name not in experiments]
    rows = []
    for name, settings in experiments.items():
        tested = {int(n) for run in predictions[name] for n in run["fold"].unique()}
        part = folds[folds["fold"].isin(tested)]
        tables = {
            key: pooled([run for run in predictions[key] if set(run["fold"]) <= tested], part)
            for key in (name, *versions)
        }
        exercise = any(run["exercise"] for run in runs[name])
        tests = {} if exercise else _tests(name, tables, **bootstrap)
        for key, table in tables.items():
            is_vlm = key == name
            row: dict[str, Any] = {"beside": name, "experiment": key}
            row["exercise"] = exercise and is_vlm
            numbers = measured(table, **bootstrap)
            intervals = numbers.pop("interval")
            row |= numbers | with_ends(prediction_metrics(table), intervals)
            row |= tests.get(key, dict.fromkeys(_TESTED))
            row["trained_parameters"] = runs[key][0]["trained_parameters"]
            if is_vlm:
                row["parameters"] = runs[key][0]["parameters"]
                row |= _described(settings) | _costs(costs[name])
                row |= paper_scores(paper[name], row["weighted_f1"]) if paper else {}
            rows.append(row)
    return pd.DataFrame(rows)


_TESTED = ("difference", "difference_low", "difference_high", "p_holm", "verdict")


def _tests(
    name: str, tables: dict[str, pd.DataFrame], resamples: int, level: float, seed: int
) -> dict[str, dict[str, Any]]:
    """The tests of the versions against a vision-language model, by version."""
    pairs = [(version, name) for version in tables if version != name]
    enough = enough_resamples(resamples, {name: pairs}, level)
    tests = {}
    for row in compared(pairs, tables, enough, level, seed):
        test = row[COMPARED[0]]
        values = [test[key] for key in ("difference", "low", "high", "p_holm", "verdict")]
        tests[row["first"]] = dict(zip(_TESTED, values, strict=True))
    return tests


def _described(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What an experiment is, and the settings that its costs depend on."""
    trained = "answers" not in settings
    batch = "{batch_size} x {accumulation}" if trained else "{batch_size}"
    parts = ["batch " + batch.format(**settings["optimiser"] if trained else settings)]
    if settings["modality"] != "text":
        parts.append("{min} to {max} pixels".format(**settings["pixels"]))
    if settings["modality"] != "image":
        parts.append(f"{settings['text']['max_tokens']} tokens")
    parts += ["gradient checkpointing"] if settings.get("gradient_checkpointing") else []
    parts += ["4 bits"] if settings["four_bit"] else []
    return {
        "title": settings["title"],
        "changes": settings["changes"],
        "trained": trained,
        "settings": ", ".join(parts),
    }


def _costs(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Over the folds: rates are means, memory the largest, seconds the sum."""
    # None where every epoch was done before the job was killed that predicts.
    rates = [r["train_posts_per_second"] for r in runs if r.get("train_posts_per_second")]
    return {
        "device": " / ".join(dict.fromkeys(run["device"] for run in runs)),
        "precision": " / ".join(dict.fromkeys(run["precision"] for run in runs)),
        "train_posts_per_second": fmean(rates) if rates else None,
        "predicted_posts_per_second": fmean(run["predicted_posts_per_second"] for run in runs),
        "peak_memory": max(run["peak_memory"] for run in runs),
        "seconds": sum(run["seconds"] for run in runs),
    }


def vlm_values(scores: pd.DataFrame, printed: PrintedFigures) -> dict[str, Any]:
    """Values of the section of the vision-language models, from their scores."""
    vlms = scores[scores["beside"] == scores["experiment"]]
    models = [
        # An empty text has become an empty cell.
        row
        | {"changes": "" if pd.isna(row["changes"]) else row["changes"]}
        | {"table": _scores_shown(scores[scores["beside"] == row["experiment"]], printed)}
        for row in vlms.to_dict("records")
    ]
    return {"models": models, "costs": _costs_shown(vlms), "exercise": SMOKE_TEST}


def _scores_shown(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """The rows of one vision-language model; none is compared with random weights."""
    beside = scores["beside"].iloc[0]
    columns: dict[str, Cell] = {
        "Experiment": cells.marked,
        "Posts": value("posts"),
        "Reported accuracy": printed.cell("accuracy"),
        "Accuracy": interval("accuracy"),
        "Weighted F1": interval("weighted_f1"),
        "Macro F1": interval("macro_f1"),
        **class_columns(),
    }
    if not scores["exercise"].any():
        columns |= {f"F1 less {beside}'s": change("difference")}
        columns |= {f"Against {beside}": value("verdict")}
    columns["Trained parameters"] = value("trained_parameters", "{:,}")
    return cells.shown(scores, columns)


def _costs_shown(scores: pd.DataFrame) -> pd.DataFrame:
    """What each vision-language model took of the device."""
    columns: dict[str, Cell] = {
        "Experiment": cells.marked,
        "Device": value("device"),
        "Precision": value("precision"),
        "Settings": value("settings"),
        "Trained parameters": value("trained_parameters", "{:,}"),
        "All parameters": value("parameters", "{:,.0f}"),
        "Training [posts/s]": value("train_posts_per_second", "{:.1f}"),
        "Prediction [posts/s]": value("predicted_posts_per_second", "{:.1f}"),
        "Peak memory [MiB]": value("peak_memory", "{:.0f}"),
        "Seconds": value("seconds", "{:.0f}"),
    }
    return cells.shown(scores, columns)
