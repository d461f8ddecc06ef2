"""Doubtful labels as they are printed."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.evaluation.label_noise import MOST_DOUBTFUL
from mmsent.labels import LABELS
from mmsent.report import cells
from mmsent.report.cells import Cell, Row, value


def label_noise_values(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What the document and the chapter show of the numbers that ``find_label_issues`` writes."""
    scores = numbers["scores"]
    return {
        "numbers": numbers,
        "matrix": _matrix(numbers),
        "shown": {kind: _labels(rows, kind) for kind, rows in numbers["shown"].items()},
        "scores": _scores(scores),
        "left_out": round(MOST_DOUBTFUL * numbers["posts"]),
        "percent": 100 * MOST_DOUBTFUL,
        "same_order": all(row["rank"] == row["rank_without"] for row in scores),
    }


def _matrix(numbers: Mapping[str, Any]) -> pd.DataFrame:
    def cell(label: str) -> Cell:
        return lambda row: f"{100 * row['noise'][label]:.1f} % ({row['joint'][label]:,.0f})"

    rows = [{"true": n, "noise": numbers["noise"][n], "joint": numbers["joint"][n]} for n in LABELS]
    columns = {"Estimated true class": value("true")}
    return cells.shown(rows, columns | {f"labelled {label}": cell(label) for label in LABELS})


def _labels(rows: list[Row], kind: str) -> pd.DataFrame:
    columns = {"Post": value("guid"), "Label": value("label")}
    columns |= {"Near-duplicates": value("other_labels")} if kind == "conflicts" else {}
    columns |= {"Most probable": value("suggested"), "Quality": value("quality", "{:.3f}")}
    return cells.shown(rows, columns | {n: value(f"p_{n}", "{:.2f}") for n in LABELS})


def _scores(rows: list[Row]) -> pd.DataFrame:
    columns = {
        "Version": value("experiment"),
        "Weighted F1": value("weighted_f1", "{:.4f}"),
        "Rank": value("rank"),
        "Without them (optimistic)": value("without", "{:.4f}"),
        "Rank without them": value("rank_without"),
        "Averaged": lambda row: "yes" if row["averaged"] else "no",
    }
    return cells.shown(rows, columns)
