"""The baselines: their scores, and what versions and ablation are worth beside them."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import pandas as pd

from mmsent.evaluation.paired import BETTER, SAME, WORSE
from mmsent.paths import short_name
from mmsent.report import cells
from mmsent.report.cells import Cell, Row, class_columns, interval, listed, value
from mmsent.report.scores import measured_columns
from mmsent.report.statistics import test_tables

_MODALITY = {"none": "-", "text": "text", "image": "image", "both": "text + image"}


def baseline_scores(
    experiments: Mapping[str, Mapping[str, str]],
    metrics: Mapping[str, dict[str, Any]],
    runs: Mapping[str, list[dict[str, Any]]],
) -> pd.DataFrame:
    """A row for each baseline, and for the average of the versions.

    Parameters
    ----------
    experiments
        ``title`` and ``modality`` of each baseline, and of the average.
    metrics
        Of each baseline that is not left out, and of the average.
    runs
        Metrics of each fold's run of the baselines.

    Returns
    -------
    pandas.DataFrame
        ``experiment``, ``title``, ``modality``, ``left_out`` (why; empty if it is not); ``posts``,
        ``groups``, ``resamples``, ``level``; ``train_posts`` and ``c`` (inverse penalty of a
        logistic regression), medians over folds; ``trained_parameters`` of the first fold; metrics
        with their ends, as in the tables of versions and ablation.
    """
    rows = []
    for name, about in experiments.items():
        records = runs.get(name, [{}])
        row: dict[str, Any] = {"experiment": name, **about}
        row["left_out"] = records[0].get("left_out", "")
        for key in ("train_posts", "c"):
            values = [record[key] for record in records if key in record]
            row[key] = median(values) if values else None
        row["trained_parameters"] = records[0].get("trained_parameters")
        if name in metrics:
            row |= {k: metrics[name][k] for k in ("posts", "groups", "resamples", "level")}
            row |= measured_columns(metrics[name])
        rows.append(row)
    return pd.DataFrame(rows)


def baseline_values(scores: pd.DataFrame, tests: Mapping[str, Any]) -> dict[str, Any]:
    """What the document and the report's chapter show, by the names that templates use."""
    columns: dict[str, Cell] = {
        "Baseline": lambda row: row["title"],
        "Modality": lambda row: _MODALITY[row["modality"]],
        "Weighted F1": interval("weighted_f1"),
        "Accuracy": interval("accuracy"),
        "Macro F1": interval("macro_f1"),
        **class_columns(),
        "Log loss": value("log_loss", "{:.3f}"),
        "ECE": value("ece", "{:.3f}"),
        "C": value("c", "{:.3g}"),
    }
    left_out = scores[scores["left_out"].notna()]
    return {
        "table": cells.shown(scores, columns),
        "left_out": left_out[["title", "left_out"]].to_dict("records"),
        "scores": scores[scores["left_out"].isna()],
        "paired": tests,
        "tests": test_tables(tests["families"]),
        "in_words": [*over_probe(scores, tests["families"].get("over_probe", [])),
                     *average(scores, tests["families"].get("average", []))],
    }  # fmt: skip


def over_probe(scores: pd.DataFrame, tests: Sequence[Row]) -> list[str]:
    """A sentence on which experiments are better than the linear probe of their modalities."""
    if not tests:
        return []
    rows = scores.set_index("experiment")
    probes = dict.fromkeys(test["second"] for test in tests)
    known = listed(
        [
            f"{_MODALITY[row.modality]} {row.weighted_f1:.4f}"
            for row in rows.loc[[*probes]].itertuples()
        ]
    )
    parts = []
    for verdict, words in (
        (BETTER, f"significantly better than the linear probe of the same modalities ({known})"),
        (SAME, "not significantly different"),
        (WORSE, "significantly worse"),
    ):
        names = [
            short_name(test["first"])
            + ("" if verdict == SAME else f" ({test['weighted_f1']['difference']:+.4f})")
            for test in tests
            if test["verdict"] == verdict
        ]
        if names or verdict == BETTER:
            count = f"{len(names)} {'is' if len(names) == 1 else 'are'}" if names else "none is"
            parts.append(f"{count} {words}{': ' if names else ''}{listed(names) if names else ''}")
    return [f"Of {len(tests)} experiments, {'; '.join(parts)}."]


def average(scores: pd.DataFrame, tests: Sequence[Row]) -> list[str]:
    """A sentence on the average of the versions."""
    if not tests:
        return []
    row = scores[scores["experiment"] == tests[0]["first"]].iloc[0]
    counts = []
    for verdict, words in ((BETTER, "significantly better"), (WORSE, "significantly worse")):
        names = [short_name(test["second"]) for test in tests if test["verdict"] == verdict]
        if names or verdict == BETTER:
            rest = f" ({listed(names)})" if names else ""
            counts.append(f"{words} than {len(names)} of the {len(tests)} versions{rest}")
    return [
        f"The average of the versions (mean of their probabilities) has a weighted F1 of "
        f"{cells.with_interval(row, 'weighted_f1')}; it is {listed(counts)}."
    ]
