"""What the report's template is filled with."""

from typing import Any

import pandas as pd

from mmsent.report.comparison import ablation_table, versions_table
from mmsent.report.results import PrintedFigures, Result


def report_values(
    results: list[Result], printed: PrintedFigures, eda: dict[str, Any]
) -> dict[str, Any]:
    """Tables and numbers of the report, by the names that the template uses."""
    versions = [result for result in results if not result.name.startswith("ablation/")]
    ablation = [result for result in results if result.name.startswith("ablation/")]
    metrics = results[0].metrics  # the labels are the same for every experiment
    return {
        "versions": versions,
        "ablation": ablation,
        "headline": headline_table(results, printed),
        "versions_table": versions_table(versions, printed),
        "ablation_table": ablation_table(ablation, printed),
        "printed": printed,
        "eda": eda,
        "majority_share": max(map(sum, metrics["confusion"])) / metrics["posts"],
    }


def headline_table(results: list[Result], printed: PrintedFigures) -> pd.DataFrame:
    """Every experiment in one table: reported beside measured."""
    return pd.DataFrame(
        [
            {
                "Experiment": result.name.removeprefix("ablation/"),
                "Reported F1": printed.text(result.name, "weighted_f1"),
                "Weighted F1": result.with_interval("weighted_f1"),
                "Macro F1": result.with_interval("macro_f1"),
                "Accuracy": result.with_interval("accuracy"),
                "F1 neutral": result.with_interval("f1_neutral"),
            }
            for result in results
        ]
    )
