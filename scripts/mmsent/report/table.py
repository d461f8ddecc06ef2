"""The tables of versions and of the ablation, and the study's final table beside ours.

Every function takes the scores that :func:`mmsent.report.scores.scores_table` made, so that what is
printed is what the CSV file beside it says.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.labels import LABELS, STUDY_LABELS
from mmsent.report import cells
from mmsent.report.cells import Cell, Row, class_columns, interval, value
from mmsent.report.held_out import held_out_values
from mmsent.report.reported import PrintedFigures
from mmsent.report.statistics import test_tables

_MODALITY = {"text": "text", "image": "image", "both": "text + image"}

#: Section of the study whose table is its last word.
FINAL_SECTION = 10

#: What training did.
_TRAINING: dict[str, Cell] = {
    "Validation - test F1": lambda row: (
        f"{row['validation_weighted_f1'] - row['weighted_f1']:+.4f}"
    ),
    "Best epoch": lambda row: f"{row['mean_best_epoch']:.1f} of {row['epochs']}",
    "Trained parameters": value("trained_parameters", "{:,}"),
}

#: Of the paper protocol.
_PAPER: dict[str, Cell] = {
    "Paper protocol F1 (optimistic)": interval("paper_weighted_f1"),
    "Paper protocol accuracy (optimistic)": value("paper_accuracy", "{:.4f}"),
    "Optimism (paper - grouped F1)": value("paper_gap", "{:+.4f}"),
}


def paper_columns(scores: pd.DataFrame) -> dict[str, Cell]:
    """Columns of the paper protocol, if it was run."""
    return _PAPER if "paper_weighted_f1" in scores else {}


def versions_table(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """A row for each version: the study's figures, ours with intervals, classes."""
    columns = {
        "Version": value("experiment"),
        "Reported F1": printed.cell("weighted_f1"),
        "Reported accuracy": printed.cell("accuracy"),
        "Weighted F1": cells.best_f1,
        "Accuracy": interval("accuracy"),
        "Macro F1": interval("macro_f1"),
    }
    return cells.shown(scores, columns | class_columns())


def optimism_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Beside the table of versions: optimism, calibration, and what training did."""
    columns = {"Version": value("experiment"), "MCC": value("mcc", "{:.3f}"),
               "Log loss": value("log_loss", "{:.3f}"), "ECE": value("ece", "{:.3f}")}  # fmt: skip
    return cells.shown(scores, columns | _TRAINING | paper_columns(scores))


def ablation_table(scores: pd.DataFrame) -> pd.DataFrame:
    """The study's section 7: F1, accuracy and gains over single modalities."""
    columns = {
        "Configuration": cells.name,
        "Modality": lambda row: _MODALITY[row["modality"]],
        "Fusion": value("fusion"),
        "Weighted F1": cells.best_f1,
        "Accuracy": interval("accuracy"),
        "Over text only": _gain("over_text"),
        "Over image only": _gain("over_image"),
    }
    return cells.shown(scores, columns)


def _gain(family: str) -> Cell:
    """Gain in weighted F1 over a single modality: absolute, in per cent of it, its interval."""

    def cell(row: Row) -> str:
        if pd.isna(row.get(family)):
            return "-"
        gain, ends = cells.difference(row[family], *cells.ends(row, family)).split(" ", 1)
        return f"{gain} ({row[f'{family}_percent']:+.1f} %) {ends}"

    return cell


def ablation_beside_study(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """The study's figures for the ablation beside ours under each protocol that was run."""

    def gain(modality: str) -> Cell:
        def cell(row: Row) -> str:
            value = printed.value(row["experiment"], f"gain_over_{modality}")
            percent = printed.value(row["experiment"], f"gain_over_{modality}_percent")
            both = value is not None and percent is not None
            return f"{value:+.4f} ({percent:+.1f} %)" if both else "-"

        return cell

    columns = {
        "Configuration": cells.name,
        "Reported F1": printed.cell("weighted_f1"),
        "Reported accuracy": printed.cell("accuracy"),
        "Reported over text": gain("text"),
        "Reported over image": gain("image"),
        "Weighted F1": value("weighted_f1", "{:.4f}"),
    }
    return cells.shown(scores, columns | paper_columns(scores))


def classes_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Beside the ablation's table: macro F1, the F1 of each class, and the training."""
    columns = {"Configuration": cells.name, "Macro F1": interval("macro_f1")}
    columns |= {f"F1 {label}": interval(f"f1_{label}") for label in LABELS.in_tables}
    return cells.shown(scores, columns | {"MCC": value("mcc", "{:.3f}")} | _TRAINING)


def comparison_table(
    scores: pd.DataFrame,
    printed: PrintedFigures,
    verdicts: Mapping[str, str],
    vlm: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The study's final table, ours beside it under each protocol that was run.

    Rows of the study's table that this run has not trained keep their printed figures.

    Parameters
    ----------
    verdicts
        What the paired test says of a version against the one before it, by its name.
    vlm
        Scores of vision-language models (:func:`mmsent.report.vlm.vlm_scores`), if there are any.
        They are of the folds that each ran and in no family of tests: they are not ranked.
    """
    ours = scores.to_dict("records")
    if vlm is not None:
        ours += vlm[vlm["beside"] == vlm["experiment"]].to_dict("records")
    names = [*scores["experiment"], *printed.rows(FINAL_SECTION)]
    rows = {name: {"experiment": name} for name in names} | {row["experiment"]: row for row in ours}
    columns: dict[str, Cell] = {
        "Model": cells.marked,
        "Study: F1": printed.cell("weighted_f1"),
        "Study: accuracy": printed.cell("accuracy"),
        **{
            f"Study: F1 {label}": printed.cell(f"f1_{label}", 2)
            for label in LABELS.in_tables
            if label in STUDY_LABELS
        },
        **paper_columns(scores),
        "Weighted F1": cells.best_f1,
        "Accuracy": interval("accuracy"),
        **class_columns(),
        "Macro F1": interval("macro_f1"),
        "Tied with the best": lambda row: {True: "yes", False: "no", None: "-"}[
            row.get("best_set")
        ],
        "Against the version before": lambda row: verdicts.get(row["experiment"], "-"),
    }
    return cells.shown(rows.values(), columns)


def comparison_parts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The comparison in two tables that fit a page: over all classes, and class by class."""
    pairs = [column for title in class_columns() for column in (f"Study: {title}", title)]
    by_class = [column for column in pairs if column in table]
    whole = table.drop(columns=[*by_class, "Macro F1"])
    return whole, table[["Model", *by_class, "Macro F1"]]


def table_values(
    name: str,
    scores: pd.DataFrame,
    tests: Mapping[str, Any],
    printed: PrintedFigures,
    held_out: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the report and the document of a table show, by the names that templates use.

    The table is ``versions`` or ``ablation``; ``tests`` are those of its experiments, ``held_out``
    their results on the held-out test, if there is one.
    """
    if name == "versions":
        values = {"table": versions_table(scores, printed), "optimism": optimism_table(scores)}
    else:
        values = {
            "table": ablation_table(scores),
            "beside_study": ablation_beside_study(scores, printed),
            "classes": classes_table(scores),
        }
    noun = "version" if name == "versions" else "configuration"
    values["held_out"] = held_out and held_out_values(
        held_out, scores["experiment"], tests["families"], noun
    )
    return values | {"scores": scores, "paired": tests, "tests": test_tables(tests["families"])}
