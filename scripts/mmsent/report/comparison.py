"""The tables of versions and of the ablation."""

from collections.abc import Mapping

import pandas as pd

from mmsent.labels import LABELS
from mmsent.report.results import PrintedFigures, Result

_MODALITY = {"text": "text", "image": "image", "both": "text + image"}

#: Rows that the ablation's gains are measured against.
TEXT_ROW, IMAGE_ROW = "ablation/text_only", "ablation/image_only"


def versions_table(
    results: list[Result], printed: PrintedFigures, seconds: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """A row for each version: the study's figures, ours with intervals, classes, calibration.

    Parameters
    ----------
    seconds
        What training took over all folds, searches included, by name of the version.
    """
    rows = []
    for result in results:
        row = {
            "Version": result.name,
            "Reported F1": printed.text(result.name, "weighted_f1"),
            "Reported accuracy": printed.text(result.name, "accuracy"),
            "Weighted F1": result.with_interval("weighted_f1"),
            "Accuracy": result.with_interval("accuracy"),
            "Macro F1": result.with_interval("macro_f1"),
        }
        for label in reversed(LABELS):
            row[f"F1 {label}"] = f"{result.value(f'f1_{label}'):.3f}"
        row |= {
            "MCC": f"{result.value('mcc'):.3f}",
            "Log loss": f"{result.value('log_loss'):.3f}",
            "ECE": f"{result.value('ece'):.3f}",
            "Validation - test F1": f"{result.gap('weighted_f1'):+.4f}",
            "Best epoch": result.best_epochs,
            "Trained parameters": f"{result.trained_parameters:,}",
        }
        if seconds is not None:
            row["Seconds"] = f"{seconds[result.name]:.0f}"
        rows.append(row)
    return pd.DataFrame(rows)


def ablation_table(results: list[Result], printed: PrintedFigures) -> pd.DataFrame:
    """The study's section 7: F1, accuracy and gains over single modalities, its figures beside."""
    single = {result.name: result.value("weighted_f1") for result in results}
    rows = []
    for result in results:
        experiment = result.experiment
        fused = experiment.modality == "both"
        rows.append(
            {
                "Configuration": result.name.removeprefix("ablation/"),
                "Modality": _MODALITY[experiment.modality],
                "Fusion": experiment.fusion if fused else "-",
                "Weighted F1": result.with_interval("weighted_f1"),
                "Accuracy": result.with_interval("accuracy"),
                "Macro F1": result.with_interval("macro_f1"),
                "Over text only": _gain(result, single, TEXT_ROW),
                "Over image only": _gain(result, single, IMAGE_ROW),
                "Reported F1": printed.text(result.name, "weighted_f1"),
                "Reported accuracy": printed.text(result.name, "accuracy"),
            }
        )
    return pd.DataFrame(rows)


def _gain(result: Result, weighted_f1: dict[str, float], against: str) -> str:
    """Gain in weighted F1 over another row, absolute and in per cent of it."""
    if against not in weighted_f1 or result.name == against:
        return "-"
    gain = result.value("weighted_f1") - weighted_f1[against]
    return f"{gain:+.4f} ({gain / weighted_f1[against]:+.1%})"
