"""What the report says of each model version beside its row in the tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.labels import LABELS
from mmsent.report.changes import shown_value, varied
from mmsent.report.comparison import with_interval
from mmsent.report.results import PrintedFigures, Result


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


def overrides_table(overrides: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What the profile sets otherwise than the experiments' files.

    Parameters
    ----------
    overrides
        ``experiment``, ``setting``, ``file`` and ``run``: the value of the files, and that of this
        run.
    """
    return pd.DataFrame(
        [
            {
                "Experiment": row["experiment"],
                "Setting": row["setting"],
                "Its file": shown_value(row["file"]),
                "This run": shown_value(row["run"]),
            }
            for row in overrides
        ]
    )
