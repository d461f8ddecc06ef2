"""What the report says of each model version beside its row in the tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.config.experiment import EXPERIMENTS, load_experiment
from mmsent.config.validation import Settings
from mmsent.config.vlm import load_prompted
from mmsent.files import read_json
from mmsent.labels import LABELS
from mmsent.report.changes import flat, shown_value, varied
from mmsent.report.comparison import with_interval
from mmsent.report.results import PrintedFigures, Result


@dataclass(frozen=True)
class Findings:
    """Numbers beside the metrics, each from the file of its name.

    ``scores`` and ``tests`` are by name of the table; ``submissions``, ``searches`` and ``spreads``
    by name of the experiment, the second a list over folds.
    """

    curves: dict[str, Any]
    bad_cases: dict[str, Any]
    scores: dict[str, pd.DataFrame]
    tests: dict[str, dict[str, Any]]
    spreads: dict[str, dict[str, Any]]
    submissions: dict[str, Any]
    searches: dict[str, list[dict[str, Any]]]
    efficiency: dict[str, Any]
    fixes: dict[str, Any]


def by_experiment(paths: list[Path], folder: str) -> dict[str, list[Any]]:
    """Contents of files ``.../{folder}/{experiment}.json`` or ``.../{folder}/{experiment}/N.json``.

    The files of an experiment are in the order of their number.
    """
    found: dict[str, dict[int, Any]] = {}
    for path in paths:
        parts = path.with_suffix("").parts
        below = parts[parts.index(folder) + 1 :]
        numbered = below[-1].isdigit()
        name = "/".join(below[:-1] if numbered else below)
        found.setdefault(name, {})[int(below[-1]) if numbered else 0] = read_json(path)
    return {name: [files[n] for n in sorted(files)] for name, files in found.items()}


def comparisons(findings: Findings) -> dict[str, dict[str, Any]]:
    """Of each version but the first, its test against the version before."""
    return {row["first"]: row for row in findings.tests["versions"]["families"]["consecutive"]}


def class_table(given: Mapping[str, Any], result: Result) -> pd.DataFrame:
    """Precision, recall and F1 of each class.

    Parameters
    ----------
    given
        The version's row of the scores.
    """
    posts = dict(zip(LABELS, map(sum, result.metrics["confusion"]), strict=True))
    rows = [
        {
            "Class": label,
            "Posts": f"{posts[label]:,}",
            "Precision": f"{given[f'precision_{label}']:.3f}",
            "Recall": f"{given[f'recall_{label}']:.3f}",
            "F1": with_interval(given, f"f1_{label}"),
        }
        for label in reversed(LABELS)
    ]
    return pd.DataFrame(rows)


def distribution_table(
    numbers: Mapping[str, Any], name: str, printed: PrintedFigures
) -> pd.DataFrame:
    """What a version says of the posts without label, before and after post-processing.

    Parameters
    ----------
    numbers
        Of the version's submission.
    """
    rows = []
    for label in reversed(LABELS):
        before, after = (numbers[when]["counts"][label] for when in ("before", "after"))
        row = {
            "Class": label,
            "Most probable": f"{before:,}",
            "After post-processing": f"{after:,}",
            "Share": f"{100 * numbers['after']['shares'][label]:.1f} %",
        }
        reported = printed.value(name, f"test_{label}_share")
        if reported is not None:
            row["Reported share"] = f"{100 * reported:.1f} %"
        rows.append(row)
    return pd.DataFrame(rows).fillna("-")


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


def weights_table(result: Result) -> pd.DataFrame:
    """How an adaptive fusion weighs its parts; empty for other fusions."""
    rows = []
    for part, numbers in result.metrics["fusion_weights"].items():
        rows.append(
            {
                "Fusion": part,
                "Mean weight": f"{numbers['mean']:.3f}",
                "sd over posts": f"{numbers['sd']:.3f}",
                "5 % to 95 %": f"{numbers['p5']:.3f} to {numbers['p95']:.3f}",
                "Weighs most for": f"{100 * numbers['largest']:.1f} % of the posts",
                **{f"Mean, {label}": f"{numbers[f'mean_{label}']:.3f}" for label in LABELS},
            }
        )
    return pd.DataFrame(rows)


def adjustments_table(
    adjustments: Mapping[str, dict[str, Any]],
    files: Mapping[str, Path],
    vlm: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What is set otherwise than in the experiments' files: name, setting, there, here.

    Parameters
    ----------
    files
        The files of the experiments of this report, by name.
    vlm
        Scores of the vision-language models of this report; see :mod:`mmsent.report.vlm`.
    """
    prompted = [] if vlm is None else list(vlm["beside"])
    rows = []
    for name, changes in adjustments.items():
        if name in files:
            settings: Settings = load_experiment(files[name])
        elif name in prompted:
            settings = load_prompted(EXPERIMENTS / f"{name}.yaml")
        else:
            continue
        given = flat(settings.model_dump())
        rows += [
            {
                "Experiment": name,
                "Setting": key,
                "Its file": shown_value(given.get(key)),
                "Here": shown_value(value),
            }
            for key, value in flat(changes).items()
        ]
    return pd.DataFrame(rows)
