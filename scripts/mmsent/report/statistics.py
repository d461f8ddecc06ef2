"""Tests, robustness, slices and seeds as they are printed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.report.comparison import difference, short_name, signed, with_interval
from mmsent.report.render import p_value

#: What the families of tests ask, in the order in which they are shown.
FAMILIES = {
    "over_text": "Over text alone",
    "over_image": "Over pictures alone",
    "fusions": "Between fusions",
    "consecutive": "Against the version before",
    "best_other": "Against the best of the others",
}


def test_tables(families: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, pd.DataFrame]:
    """A table for each family of tests, in the order of :data:`FAMILIES`."""
    return {family: tests_table(families[family]) for family in FAMILIES if family in families}


def tests_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Paired tests: differences with intervals, corrected p values, what may be said."""
    shown = []
    for row in rows:
        f1, macro, accuracy = (row[metric] for metric in ("weighted_f1", "macro_f1", "accuracy"))
        mcnemar = row["mcnemar"]
        shown.append(
            {
                "First": short_name(row["first"]),
                "Second": short_name(row["second"]),
                "Weighted F1, first - second": _between(f1),
                "p": p_value(f1["p_holm"]),
                "Macro F1": _between(macro),
                "p (macro)": p_value(macro["p_holm"]),
                "Accuracy": f"{accuracy['difference']:+.4f}",
                "Right alone": f"{mcnemar['first_only']} : {mcnemar['second_only']}",
                "p (McNemar)": p_value(mcnemar["p_holm"]),
                "The first is": row["verdict"],
            }
        )
    return pd.DataFrame(shown)


def _between(result: Mapping[str, float]) -> str:
    return difference(result["difference"], result["low"], result["high"])


def robustness_shown(table: pd.DataFrame) -> pd.DataFrame:
    """A modality taken away at test time, beside never having been trained on."""
    rows = []
    for given in table.to_dict("records"):
        row = {
            "Trained on both": short_name(given["experiment"]),
            "Weighted F1": f"{given['intact']:.4f}",
            "Blank at test time": {"text": "text", "image": "picture"}[given["dropped"]],
            "F1 without": with_interval(given, "weighted_f1"),
            "Lost": signed(given, "loss"),
        }
        if pd.notna(given["trained_without"]):
            row["Trained without"] = short_name(given["trained_without"])
            row["Its F1"] = f"{given['trained_weighted_f1']:.4f}"
            row["Blank - trained without"] = signed(given, "difference")
        rows.append(row)
    return pd.DataFrame(rows).fillna("-")


def slices_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Weighted F1 of each experiment (columns) on each slice of the posts (rows).

    Confidence is each experiment's own, so its slices have other posts in each column, and are not
    here: see :func:`confidence_shown`.
    """
    common = table[table["kind"] != "confidence"]
    shown = common.assign(
        cell=[
            with_interval(row, "weighted_f1") if row["posts"] else "-"
            for row in common.to_dict("records")
        ]
    )
    return _wide(shown, ["kind", "slice", "posts"])


def slice_gains_shown(table: pd.DataFrame) -> pd.DataFrame:
    """The difference to the reference experiment on the same posts of each slice."""
    common = table[(table["kind"] != "confidence") & table["difference"].notna()]
    shown = common.assign(cell=[signed(row, "difference") for row in common.to_dict("records")])
    return _wide(shown, ["kind", "slice", "posts"])


def confidence_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy, and share of the posts, by each experiment's own confidence."""
    own = table[table["kind"] == "confidence"]
    shown = own.assign(
        cell=[
            f"{row['accuracy']:.3f} of {100 * row['share']:.1f} %" if row["posts"] else "-"
            for row in own.to_dict("records")
        ]
    )
    return _wide(shown, ["slice"])


def _wide(table: pd.DataFrame, index: list[str]) -> pd.DataFrame:
    """A column for each experiment, rows and columns in the order of the table."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for given in table.to_dict("records"):
        key = tuple(given[name] for name in index)
        row = rows.setdefault(key, {name.capitalize(): given[name] for name in index})
        row[short_name(given["experiment"])] = given["cell"]
    return pd.DataFrame(list(rows.values())).fillna("-")


def seeds_table(spreads: Mapping[str, Mapping[str, Any]], metric: str) -> pd.DataFrame:
    """How far identical runs lie apart, by experiment and by what is scored."""
    titles = {
        "pooled": "test posts of all folds",
        "one_fold": "test posts of one fold",
        "one_validation": "inner validation of one fold, best epoch",
    }
    rows = []
    for name, spread in spreads.items():
        for key, title in titles.items():
            numbers = spread[key][metric]
            rows.append(
                {
                    "Experiment": short_name(name),
                    "Scored on": title,
                    "Posts": f"{spread[key]['posts']:,.0f}",
                    "Mean": f"{numbers['mean']:.4f}",
                    "sd": f"{numbers['sd']:.4f}",
                    "Two runs differ by (mean)": f"{numbers['mean_difference']:.4f}",
                    "Two runs differ by (largest)": f"{numbers['largest_difference']:.4f}",
                    "Less than, in 95 of 100": f"{numbers['repeatability']:.4f}",
                }
            )
    return pd.DataFrame(rows)
