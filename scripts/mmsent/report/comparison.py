"""The tables of versions and of the ablation as they are printed, from their scores.

Every function takes the scores that :func:`mmsent.report.scores.scores_table` made, so that what is
printed is what the CSV file beside it says.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.labels import LABELS
from mmsent.report.results import PrintedFigures

_MODALITY = {"text": "text", "image": "image", "both": "text + image"}

#: What is said of random weights.
EXERCISE = "exercise of the code: random weights"

#: Section of the study whose table is its last word.
FINAL_SECTION = 10


def versions_table(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """A row for each version: the study's figures, ours with intervals, classes."""
    rows = []
    for given in scores.to_dict("records"):
        name = given["experiment"]
        row = {
            "Version": name,
            "Reported F1": printed.text(name, "weighted_f1"),
            "Reported accuracy": printed.text(name, "accuracy"),
            "Weighted F1": bold_if_best(with_interval(given, "weighted_f1"), given),
            "Accuracy": with_interval(given, "accuracy"),
            "Macro F1": with_interval(given, "macro_f1"),
        }
        rows.append(row | {title: f"{given[key]:.3f}" for title, key in _CLASS_COLUMNS.items()})
    return pd.DataFrame(rows)


def optimism_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Beside the versions' own table: optimism, calibration, and what training did."""
    rows = [
        {"Version": given["experiment"], **details(given), **_paper(given)}
        for given in scores.to_dict("records")
    ]
    return pd.DataFrame(rows)


def ablation_table(scores: pd.DataFrame) -> pd.DataFrame:
    """The study's section 7: F1, accuracy and gains over single modalities."""
    rows = []
    for given in scores.to_dict("records"):
        row = {
            "Configuration": short_name(given["experiment"]),
            "Modality": _MODALITY[given["modality"]],
            "Fusion": _or_dash(given["fusion"]),
            "Weighted F1": bold_if_best(with_interval(given, "weighted_f1"), given),
            "Accuracy": with_interval(given, "accuracy"),
        }
        for modality in ("text", "image"):
            row[f"Over {modality} only"] = _gain(given, f"over_{modality}")
        rows.append(row)
    return pd.DataFrame(rows)


def ablation_beside_study(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """The study's figures for the ablation beside ours under each protocol that was run."""
    rows = []
    for given in scores.to_dict("records"):
        row = {"Configuration": short_name(given["experiment"])}
        reported = {"Reported F1": "weighted_f1", "Reported accuracy": "accuracy"}
        row |= {title: printed.text(given["experiment"], key) for title, key in reported.items()}
        for modality in ("text", "image"):
            row[f"Reported over {modality}"] = _reported_gain(given, modality, printed)
        row["Weighted F1"] = f"{given['weighted_f1']:.4f}"
        rows.append(row | _paper(given))
    return pd.DataFrame(rows)


def classes_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Beside the ablation's own table: macro F1, the F1 of each class, and the training."""
    rows = []
    for given in scores.to_dict("records"):
        row = {"Configuration": short_name(given["experiment"])}
        row["Macro F1"] = with_interval(given, "macro_f1")
        for label in reversed(LABELS):
            row[f"F1 {label}"] = with_interval(given, f"f1_{label}")
        extra = details(given)
        row |= {title: extra[title] for title in _TRAINING}
        rows.append(row)
    return pd.DataFrame(rows)


_TRAINING = ("MCC", "Validation - test F1", "Best epoch", "Trained parameters")


def details(given: Mapping[str, Any]) -> dict[str, str]:
    """Further cells of a version: calibration, what training did."""
    gap = given["validation_weighted_f1"] - given["weighted_f1"]
    return {
        "MCC": f"{given['mcc']:.3f}",
        "Log loss": f"{given['log_loss']:.3f}",
        "ECE": f"{given['ece']:.3f}",
        "Validation - test F1": f"{gap:+.4f}",
        "Best epoch": f"{given['mean_best_epoch']:.1f} of {given['epochs']}",
        "Trained parameters": f"{given['trained_parameters']:,}",
    }


def calibration_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Calibration before and after temperature scaling."""
    rows = []
    for given in scores.to_dict("records"):
        row = {"Experiment": short_name(given["experiment"])}
        row["Temperature"] = f"{given['temperature']:.2f}"
        for title, suffix in (("before", ""), ("after", "_scaled")):
            row[f"ECE {title}"] = with_interval(given, f"ece{suffix}")
            row[f"Log loss {title}"] = f"{given[f'log_loss{suffix}']:.4f}"
        rows.append(row)
    return pd.DataFrame(rows)


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
    ours = {row["experiment"]: row for row in scores.to_dict("records")}
    if vlm is not None:
        own = vlm[vlm["beside"] == vlm["experiment"]]
        ours |= {row["experiment"]: row | {"best_set": None} for row in own.to_dict("records")}
    rows = []
    for name in dict.fromkeys([*scores["experiment"], *printed.rows(FINAL_SECTION), *ours]):
        row = {"Model": marked(ours[name]) if name in ours else name}
        for title, metric in _STUDY_COLUMNS.items():
            row[f"Study: {title}"] = printed.text(
                name, metric, 4 if title in ("F1", "accuracy") else 2
            )
        given = ours.get(name)
        if given is not None:
            row |= _paper(given)
            row["Weighted F1"] = bold_if_best(with_interval(given, "weighted_f1"), given)
            row["Accuracy"] = with_interval(given, "accuracy")
            row |= {title: f"{given[key]:.3f}" for title, key in _CLASS_COLUMNS.items()}
            row["Macro F1"] = with_interval(given, "macro_f1")
            row["Not worse than the best"] = _YES_NO[given["best_set"]]
            row["Against the version before"] = verdicts.get(name, "-")
        rows.append(row)
    return pd.DataFrame(rows).fillna("-")


_YES_NO = {True: "yes", False: "no", None: "-"}
_CLASS_COLUMNS = {f"F1 {label}": f"f1_{label}" for label in reversed(LABELS)}
_STUDY_COLUMNS = {"F1": "weighted_f1", "accuracy": "accuracy"} | _CLASS_COLUMNS


def comparison_parts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The comparison in two tables that fit a page: over all classes, and class by class."""
    study = [f"Study: {title}" for title in _CLASS_COLUMNS]
    by_class = [column for pair in zip(study, _CLASS_COLUMNS, strict=True) for column in pair]
    whole = table.drop(columns=[*by_class, "Macro F1"])
    return whole, table[["Model", *by_class, "Macro F1"]]


def marked(given: Mapping[str, Any]) -> str:
    """An experiment's name, with what stands at a row of random weights wherever it is shown."""
    name = given["experiment"]
    return f"{name} ({EXERCISE})" if given.get("exercise") else name


def short_name(experiment: str) -> str:
    """An experiment's name without its folder."""
    return experiment.removeprefix("ablation/")


def with_interval(given: Mapping[str, Any], metric: str) -> str:
    """A metric with its interval, as tables print it."""
    low, high = given[f"{metric}_low"], given[f"{metric}_high"]
    return f"{given[metric]:.4f} [{low:.3f}, {high:.3f}]"


def signed(given: Mapping[str, Any], name: str) -> str:
    """A difference with its interval; a dash where there is none."""
    if pd.isna(given[name]):
        return "-"
    return difference(given[name], given[f"{name}_low"], given[f"{name}_high"])


def difference(value: float, low: float, high: float) -> str:
    """A difference and the ends of its interval, as tables print them."""
    return f"{value:+.4f} [{low:+.3f}, {high:+.3f}]"


def bold_if_best(cell: str, given: Mapping[str, Any]) -> str:
    """A cell, bold if no other experiment of the table is better."""
    return f"**{cell}**" if given["best_set"] else cell


def _or_dash(value: Any) -> str:
    return "-" if pd.isna(value) else str(value)


def _gain(given: Mapping[str, Any], family: str) -> str:
    """Gain in weighted F1 over a single modality: absolute, in per cent of it, its interval."""
    if family not in given or pd.isna(given[family]):
        return "-"
    low, high = given[f"{family}_low"], given[f"{family}_high"]
    per_cent = given[f"{family}_percent"]
    return f"{given[family]:+.4f} ({per_cent:+.1f} %) [{low:+.3f}, {high:+.3f}]"


def _reported_gain(given: Mapping[str, Any], modality: str, printed: PrintedFigures) -> str:
    gain = printed.value(given["experiment"], f"gain_over_{modality}")
    per_cent = printed.value(given["experiment"], f"gain_over_{modality}_percent")
    return "-" if gain is None or per_cent is None else f"{gain:+.4f} ({per_cent:+.1f} %)"


def _paper(given: Mapping[str, Any]) -> dict[str, str]:
    """Cells of the paper protocol, if it was run."""
    if pd.isna(given.get("paper_weighted_f1")):
        return {}
    return {
        "Paper protocol F1 (optimistic)": with_interval(given, "paper_weighted_f1"),
        "Paper protocol accuracy (optimistic)": f"{given['paper_accuracy']:.4f}",
        "Optimism (paper - grouped F1)": f"{given['paper_gap']:+.4f}",
    }
