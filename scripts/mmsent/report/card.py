"""The data set in numbers: the data card, and the tables of the report's chapter."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.data.duplicates import duplicate_summary
from mmsent.data.posts import BAD_LIST, LEFT_OUT, NOTE
from mmsent.labels import LABELLED, LABELS, STUDY_LABELS, TEST, TRAIN, VALIDATION
from mmsent.report.reported import PrintedFigures

_SIZES = {
    "width": ("Width", " px", "mean_width"),
    "height": ("Height", " px", "mean_height"),
    "aspect_ratio": ("Width / height", "", "mean_aspect_ratio"),
}


def card_numbers(
    dataset: str,
    listed: int,
    posts: pd.DataFrame,
    problems: pd.DataFrame,
    groups: pd.DataFrame,
    folds: pd.DataFrame,
    held_out: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Every number of the data card.

    Parameters
    ----------
    dataset
        What was recognised as the data set.
    listed
        Posts of the lists; their rows that cannot be used are among the problems.
    held_out
        The labels of the held-out posts, if there are any; ``unlabelled`` and the near-duplicates
        of posts without a label are then counted without them.
    """
    labelled = posts[posts["subset"] == LABELLED]
    counts = labelled["label"].value_counts()
    classes = {name: int(counts.get(index, 0)) for index, name in enumerate(LABELS)}
    left_out = problems["action"] == LEFT_OUT
    duplicates = duplicate_summary(posts, groups)
    unlabelled = len(posts) - len(labelled)
    more = {} if held_out is None else {"held_out": _held_out_counts(held_out)}
    for numbers in more.values():
        unlabelled -= numbers["posts"]
        duplicates["unlabelled_with_labelled_twin"] -= numbers["near_duplicates"]
    acted = problems[problems["kind"] != NOTE]
    return {
        "dataset": dataset,
        "listed": listed + int(((problems["kind"] == BAD_LIST) | left_out).sum()),
        "left_out": int(left_out.sum()),
        "posts": len(posts),
        "labelled": len(labelled),
        "unlabelled": unlabelled,
        "classes": classes,
        "imbalance": max(classes.values()) / max(min(classes.values()), 1),
        "encodings": _counts(posts["encoding"]),
        "formats": _counts(posts["format"]),
        "modes": _counts(posts["mode"]),
        "empty": int(posts["empty"].sum()),
        "text_blanked": int(posts["text_blanked"].sum()),
        "image_blanked": int(posts["image_blanked"].sum()),
        "unused_files": len(set(groups["guid"]) - set(posts["guid"]) - set(problems["guid"])),
        "problems": _counts(acted["problem"].str.replace(r"\d+", "N", regex=True)),
        "actions": _counts(acted["action"]),
        "notes": _counts(problems.loc[problems["kind"] == NOTE, "problem"].str.replace(
            r"guid written .*", "guid written with a decimal point or zeros", regex=True)),
        "duplicates": duplicates,
        "folds": _fold_rows(folds),
    } | more  # fmt: skip


def _counts(values: pd.Series) -> dict[str, int]:
    ordered = values[values != ""].value_counts().sort_index().sort_values(ascending=False)
    return {str(name): int(count) for name, count in ordered.items()}


def _held_out_counts(labels: pd.DataFrame) -> dict[str, Any]:
    counts = labels["label"].value_counts()
    return {
        "posts": len(labels),
        "classes": {name: int(counts.get(index, 0)) for index, name in enumerate(LABELS)},
        "near_duplicates": int(labels["near_duplicate"].sum()),
    }


def _fold_rows(folds: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for fold in sorted(folds["fold"].unique()):
        split = folds[f"split_{fold}"]
        posts = {
            name.capitalize(): int((split == name).sum()) for name in (TRAIN, VALIDATION, TEST)
        }
        share = folds.loc[split == TEST, "label"].value_counts(normalize=True)
        shares = {f"Test {n}": f"{100 * share.get(i, 0):.1f} %" for i, n in enumerate(LABELS)}
        rows.append({"Fold": int(fold)} | posts | shares)
    return rows


def data_values(
    card: Mapping[str, Any], images: Mapping[str, Any], printed: PrintedFigures
) -> dict[str, Any]:
    """Values of the chapter's template, from the data card and the figure of image sizes.

    ``reported`` gives a figure of the study in a pattern such as ``"(reported: {:.1f})"``, and
    nothing where the study prints none.
    """

    def reported(metric: str, pattern: str) -> str:
        value = printed.value("data", metric)
        return "" if value is None else pattern.format(value)

    held_out = card.get("held_out")
    counts = []
    for name in LABELS:  # JSON has sorted them
        count = card["classes"][name]
        share = f"{100 * count / card['labelled']:.1f} %"
        row = {"Class": name, "Posts": f"{count:,}", "Percentage": share}
        if held_out:
            row["Held-out posts"] = f"{held_out['classes'][name]:,}"
        if name in STUDY_LABELS:
            share = reported(f"{name}_share", "{:.1%}").replace("%", " %")
            row["Reported posts"] = reported(name, "{:,.0f}") or "-"
            row["Reported percentage"] = share or "-"
        counts.append(row)
    parts = {"Mean": "mean", "Median": "median", "5 %": "p5", "95 %": "p95"}
    sizes = [
        {"": name}
        | {title: f"{images[key][part]:.4g}{unit}" for title, part in parts.items()}
        | {"Reported mean": reported(metric, f"{{:g}}{unit}") or "-"}
        for key, (name, unit, metric) in _SIZES.items()
    ]
    return {
        "class_counts": pd.DataFrame(counts).fillna("-"),
        "image_sizes": pd.DataFrame(sizes),
        "reported": reported,
        "card": card,
    }
