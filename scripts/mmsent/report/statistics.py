"""Tests, calibration, robustness, slices and repeated runs as they are printed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.paths import short_name
from mmsent.report import cells
from mmsent.report.cells import Cell, Row, change, interval, p_value, value

#: What the families of tests compare, in the order in which they are shown.
FAMILIES = {
    "over_text": "Over text alone",
    "over_image": "Over images alone",
    "fusions": "Between fusions",
    "consecutive": "Against the version before",
    "best_other": "Against the best of the others",
    "over_probe": "Over the linear probe of the same modalities",
    "average": "The average of the versions over each of them",
}


def test_families(tables: Mapping[str, Mapping[str, Sequence[Row]]]) -> list[str]:
    """Table, title and size of each family of tests."""
    return [
        f"{table}, {title[0].lower()}{title[1:]}: {len(families[family])}"
        for table, families in tables.items()
        for family, title in FAMILIES.items()
        if families.get(family)
    ]


def comparisons(families: Mapping[str, Sequence[Row]]) -> int:
    """Number of different pairs of the tests of some families."""
    return len({frozenset((t["first"], t["second"])) for tests in families.values() for t in tests})


def test_tables(families: Mapping[str, Sequence[Row]]) -> dict[str, pd.DataFrame]:
    """Paired tests by title and size of their family: differences, corrected p values, verdicts."""
    columns: dict[str, Cell] = {
        "A": lambda row: short_name(row["first"]),
        "B": lambda row: short_name(row["second"]),
        "Weighted F1 (A - B)": _between("weighted_f1"),
        "p": _corrected("weighted_f1"),
        "Macro F1": _between("macro_f1"),
        "p (macro)": _corrected("macro_f1"),
        "Accuracy": lambda row: f"{row['accuracy']['difference']:+.4f}",
        "Only A : only B": lambda row: "{first_only} : {second_only}".format(**row["mcnemar"]),
        "p (McNemar)": _corrected("mcnemar"),
        "A is": value("verdict"),
    }
    return {
        f"{title}: {_counted(families[family])}": cells.shown(families[family], columns)
        for family, title in FAMILIES.items()
        if families.get(family)
    }


def _counted(tests: Sequence[Row]) -> str:
    return f"{len(tests)} comparison{'' if len(tests) == 1 else 's'}"


def _between(metric: str) -> Cell:
    return lambda row: cells.tested(row[metric])


def _corrected(test: str) -> Cell:
    return lambda row: p_value(row[test]["p_holm"])


def robustness_shown(table: pd.DataFrame) -> pd.DataFrame:
    """A modality taken away at test time, beside never having been trained on."""
    columns: dict[str, Cell] = {
        "Trained on both": cells.name,
        "Weighted F1": value("intact", "{:.4f}"),
        "Blank at test time": lambda row: row["dropped"],
        "F1 without": interval("weighted_f1"),
        "Lost": change("loss"),
    }
    if table["trained_without"].notna().any():
        columns |= {
            "Trained without": lambda row: short_name(cells.or_dash(row["trained_without"])),
            "Its F1": value("trained_weighted_f1", "{:.4f}"),
            "Blank - trained without": change("difference"),
        }
    return cells.shown(table, columns)


def calibration_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Calibration before and after temperature scaling."""
    columns = {
        "Experiment": cells.name,
        "Temperature": value("temperature", "{:.2f}"),
        "ECE before": interval("ece"),
        "Log loss before": value("log_loss", "{:.4f}"),
        "ECE after": interval("ece_scaled"),
        "Log loss after": value("log_loss_scaled", "{:.4f}"),
    }
    return cells.shown(scores, columns)


def support_values(
    scores: pd.DataFrame, robustness: pd.DataFrame, slices: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """What the document of a table shows beside its scores and tests.

    Slices by confidence are those of each experiment: their posts differ from column to column.
    """
    common = slices[slices["kind"] != "confidence"]
    confidence = slices[slices["kind"] == "confidence"]
    gains = common[common["difference"].notna()]
    index = ["kind", "slice", "posts"]
    return {
        "calibration": calibration_table(scores),
        "robustness": robustness_shown(robustness),
        "slices": _wide(common, index, interval("weighted_f1")),
        "slice_gains": _wide(gains, index, change("difference")),
        "confidence": _wide(
            confidence,
            ["slice"],
            lambda row: f"{row['accuracy']:.3f} of {100 * row['share']:.1f} %",
        ),
    }


def _wide(table: pd.DataFrame, index: list[str], cell: Cell) -> pd.DataFrame:
    """A column for each experiment, rows and columns in the order of the table."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in table.to_dict("records"):
        key = tuple(row[name] for name in index)
        shown = rows.setdefault(key, {name.capitalize(): row[name] for name in index})
        shown[cells.name(row)] = cell(row) if row["posts"] else "-"
    return pd.DataFrame(list(rows.values())).fillna("-")


def seeds_table(spreads: Mapping[str, Mapping[str, Any]], metric: str) -> pd.DataFrame:
    """Standard deviation and differences of repeated runs, by experiment and by what is scored."""
    titles = {
        "pooled": "test posts of all folds",
        "one_fold": "test posts of one fold",
        "one_validation": "inner validation of one fold, best epoch",
    }
    columns = {
        "Experiment": cells.name,
        "Scored on": value("scored"),
        "Posts": value("posts", "{:,.0f}"),
        "Mean": value("mean", "{:.4f}"),
        "sd": value("sd", "{:.4f}"),
        "Mean difference": value("mean_difference", "{:.4f}"),
        "Largest difference": value("largest_difference", "{:.4f}"),
        "95 % repeatability limit": value("repeatability", "{:.4f}"),
    }
    rows = [
        {"experiment": name, "scored": title, "posts": spread[key]["posts"]} | spread[key][metric]
        for name, spread in spreads.items()
        for key, title in titles.items()
    ]
    return cells.shown(rows, columns)
