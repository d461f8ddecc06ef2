"""What the report says of each experiment: its settings, its search, its classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.config.fitting import ABOUT
from mmsent.labels import LABELS
from mmsent.report import cells
from mmsent.report.cells import interval, value
from mmsent.report.reported import PrintedFigures

Settings = Mapping[str, Any]


def changes_table(before: Settings | None, now: Settings) -> pd.DataFrame:
    """The settings that differ between two experiments as they ran.

    Parameters
    ----------
    before
        ``None``: every setting of ``now`` that is in use is listed by itself.

    Returns
    -------
    pandas.DataFrame
        ``Setting``, ``Before``, ``Now``, in the order of the settings; a dash is a part that is not
        there. Without ``before``: ``Setting``, ``Value``.
    """
    new, old = _used(now), _used(before or {})
    rows = [
        {"Setting": key, "Before": shown_value(old.get(key)), "Now": shown_value(new.get(key))}
        for key in {**new, **old}
        if old.get(key) != new.get(key) and (before or new[key] is not False)
    ]
    table = pd.DataFrame(rows, columns=["Setting", "Before", "Now"], dtype=object)
    if before is None:
        return table.drop(columns="Before").rename(columns={"Now": "Value"})
    return table


def varied_settings(experiments: Sequence[Settings]) -> list[str]:
    """The settings in which some of these experiments differ.

    A part of an experiment that does not see the modality is as the file has it, in use or not.
    """
    tables = [_flat_without_names(settings) for settings in experiments]
    keys = {key: None for table in tables for key in table}
    return [key for key in keys if any(table.get(key) != tables[0].get(key) for table in tables)]


def flat(settings: Settings, prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key; of what a search varies, the values that it tries."""
    settings_by_key: dict[str, Any] = {}
    for key, setting in settings.items():
        if key == "space" and isinstance(setting, Mapping):
            settings_by_key |= {
                f"{prefix}{key}.{n}": list(map(varied, setting[n])) for n in setting
            }
        elif isinstance(setting, Mapping):
            settings_by_key |= flat(setting, f"{prefix}{key}.")
        else:
            settings_by_key[f"{prefix}{key}"] = setting
    return settings_by_key


def shown_value(setting: Any) -> str:
    """A setting as a table shows it."""
    if setting is None:
        return "-"
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    if isinstance(setting, list):
        return ", ".join(map(shown_value, setting))
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def varied(part: Any) -> Any:
    """The first value inside a part of settings: what a trial of a search varied."""
    while isinstance(part, Mapping | list):
        part = next(iter(part.values())) if isinstance(part, Mapping) else part[0]
    return part


def _flat_without_names(settings: Settings) -> dict[str, Any]:
    return flat({key: part for key, part in settings.items() if key not in ABOUT})


def _used(settings: Settings) -> dict[str, Any]:
    """The settings in use: without those of a modality that the experiment does not see."""
    unseen = {"text": "image", "image": "text"}.get(settings.get("modality", "both"))
    return _flat_without_names({**settings, unseen: None} if unseen else settings)


def overrides_table(overrides: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What the profile overrides: ``experiment``, ``setting``, values of ``file`` and ``run``."""
    columns = {
        "Experiment": value("experiment"),
        "Setting": value("setting"),
        "File": lambda row: shown_value(row["file"]),
        "This run": lambda row: shown_value(row["run"]),
    }
    return cells.shown(overrides, columns)


def search_table(folds: list[dict[str, Any]]) -> pd.DataFrame:
    """The trials of a search, the best first: settings, mean weighted F1, folds that chose it."""
    rows = []
    for number, trial in enumerate(folds[0]["trials"]):
        scores = [fold["trials"][number]["validation_f1"] for fold in folds]
        rows.append(
            {
                name.replace("_", " ").capitalize(): shown_value(varied(part))
                for name, part in trial["settings"].items()
            }
            | {
                "Validation F1": f"{sum(scores) / len(scores):.4f}",
                "Lowest": f"{min(scores):.4f}",
                "Highest": f"{max(scores):.4f}",
                "Chosen in folds": sum(fold["best"] == number for fold in folds),
            }
        )
    return pd.DataFrame(rows).sort_values("Validation F1", ascending=False, kind="stable")


def class_table(scores: Mapping[str, Any], confusion: list[list[int]]) -> pd.DataFrame:
    """Precision, recall and F1 of each class of an experiment, from its row of the scores."""
    rows = [
        {
            "Class": label,
            "Posts": f"{sum(confusion[LABELS.index(label)]):,}",
            "Precision": f"{scores[f'precision_{label}']:.3f}",
            "Recall": f"{scores[f'recall_{label}']:.3f}",
            "F1": interval(f"f1_{label}")(scores),
        }
        for label in LABELS.in_tables
    ]
    return pd.DataFrame(rows)


def distribution_table(
    numbers: Mapping[str, Any], name: str, printed: PrintedFigures
) -> pd.DataFrame:
    """Predicted classes of the posts without label: the ``numbers`` of a version's submission."""
    rows = []
    for label in LABELS.in_tables:
        counts = {when: f"{numbers[when]['counts'][label]:,}" for when in ("before", "after")}
        if LABELS.rare is None:
            row = {"Class": label, "Posts": counts["after"]}
        else:
            row = {"Class": label, "Before post-processing": counts["before"],
                   "After post-processing": counts["after"]}  # fmt: skip
        row["Percentage"] = f"{100 * numbers['after']['shares'][label]:.1f} %"
        reported = printed.value(name, f"test_{label}_share")
        if reported is not None:
            row["Reported percentage"] = f"{100 * reported:.1f} %"
        rows.append(row)
    return pd.DataFrame(rows).fillna("-")


def weights_table(weights: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """How an adaptive fusion weighs its parts; empty for other fusions."""
    columns = {
        "Fusion": value("part"),
        "Mean weight": value("mean", "{:.3f}"),
        "sd over posts": value("sd", "{:.3f}"),
        "5 % to 95 %": lambda row: f"{row['p5']:.3f} to {row['p95']:.3f}",
        "Largest weight for": lambda row: f"{100 * row['largest']:.1f} % of the posts",
        **{f"Mean, {label}": value(f"mean_{label}", "{:.3f}") for label in LABELS},
    }
    return cells.shown([{"part": part, **numbers} for part, numbers in weights.items()], columns)
