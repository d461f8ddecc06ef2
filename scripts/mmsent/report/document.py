"""What the report's template is filled with."""

from typing import Any

import pandas as pd

from mmsent.report.comparison import (
    ablation_table,
    calibration_table,
    comparison_table,
    short_name,
    versions_table,
)
from mmsent.report.results import PrintedFigures, Result
from mmsent.report.statistics import FAMILIES, seeds_table, test_tables
from mmsent.report.versions import (
    Findings,
    comparisons,
    distribution_table,
    search_table,
    weights_table,
)


def report_values(
    results: list[Result], printed: PrintedFigures, findings: Findings
) -> dict[str, Any]:
    """Tables and numbers of the report, by the names that the template uses."""
    versions = [result for result in results if not result.name.startswith("ablation/")]
    ablation = [result for result in results if result.name.startswith("ablation/")]
    scores = findings.scores
    tests = {table: numbers["families"] for table, numbers in findings.tests.items()}
    metrics = results[0].metrics  # the labels are the same for every experiment
    table = findings.seconds.set_index("experiment")
    seconds = table[["train", "search"]].sum(axis=1).to_dict()
    return {
        "versions": versions,
        "ablation": ablation,
        "headline": headline_table(results, printed),
        "versions_table": versions_table(scores["versions"], printed, seconds),
        "ablation_table": ablation_table(scores["ablation"], printed),
        "ablation_tests": test_tables(tests["ablation"]),
        "comparison_table": comparison_table(
            scores["versions"],
            printed,
            {row["first"]: row["verdict"] for row in tests["versions"]["consecutive"]},
        ),
        "calibration_table": calibration_table(pd.concat(scores.values(), ignore_index=True)),
        "seeds_table": seeds_table(findings.spreads, "weighted_f1"),
        "families": FAMILIES,
        "printed": printed,
        "findings": findings,
        "comparisons": comparisons(findings),
        "distributions": distribution_table(versions, findings),
        "search_tables": {n: search_table(folds) for n, folds in findings.searches.items()},
        "weights_tables": {v.name: weights_table(v) for v in versions},
        "majority": majority(metrics),
    }


def majority(metrics: dict[str, Any]) -> dict[str, float]:
    """Accuracy and F1 of always answering with the most frequent class.

    Parameters
    ----------
    metrics
        Of any experiment: its ``confusion`` has the number of posts of each class.
    """
    counts = [sum(row) for row in metrics["confusion"]]
    share = max(counts) / metrics["posts"]
    f1 = 2 * share / (1 + share)  # precision is the share, recall 1
    return {"accuracy": share, "weighted_f1": share * f1, "macro_f1": f1 / len(counts)}


def headline_table(results: list[Result], printed: PrintedFigures) -> pd.DataFrame:
    """Every experiment in one table: reported beside measured."""
    return pd.DataFrame(
        [
            {
                "Experiment": short_name(result.name),
                "Reported F1": printed.text(result.name, "weighted_f1"),
                "Weighted F1": result.with_interval("weighted_f1"),
                "Macro F1": result.with_interval("macro_f1"),
                "Accuracy": result.with_interval("accuracy"),
                "F1 neutral": result.with_interval("f1_neutral"),
            }
            for result in results
        ]
    )
