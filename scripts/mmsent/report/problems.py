"""Tables of the chapter on the study's own problems."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.report.comparison import short_name

#: Kinds of work whose memory is told, and how the names of their rules begin.
_WORK = {
    "Encoding": ("encode_",),
    "Training": ("train", "search", "paper/train", "paper/search"),
    "Vision-language model": (
        "fine_tune_vlm", "predict_zero_shot", "paper/fine_tune_vlm", "paper/predict_zero_shot",
    ),  # fmt: skip
}


def postprocessing_table(effect: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The most probable class as answer, and what post-processing makes of it.

    Parameters
    ----------
    effect
        From :func:`mmsent.report.fixes.postprocessing_effect`.
    """
    rows = []
    for name, numbers in effect.items():
        row = {"Version": short_name(name), "Posts changed": f"{numbers['changed']:,}"}
        for title, key in (("F1 neutral", "f1_neutral"), ("Weighted F1", "weighted_f1")):
            for when in ("before", "after"):
                row[f"{title}, {when}"] = f"{numbers[when][key]:.4f}"
        for when in ("before", "after"):
            row[f"Called neutral, {when}"] = f"{numbers[when]['neutral']:,}"
        rows.append(row)
    return pd.DataFrame(rows)


def encoders_table(encoders: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The encoders with weights: what they read, how large they are, what was checked.

    Parameters
    ----------
    encoders
        From :func:`mmsent.report.fixes.encoders_of`.
    """
    rows = []
    for encoder in encoders:
        checked = [
            f"SHA-256 {part['sha256'][:12]}…" if part["sha256"] else f"revision {part['revision']}"
            for part in encoder["weights"]
        ]
        rows.append(
            {
                "Encoder": encoder["encoder"],
                "Reads": {"text": "text", "image": "pictures"}[encoder["modality"]],
                "Parameters": f"{encoder['parameters']:,}",
                "Weights": ", ".join(part["source"] for part in encoder["weights"]),
                "Checked": ", ".join(checked),
                "Stored files": str(encoder["files"]),
            }
        )
    return pd.DataFrame(rows)


def memory_table(costs: pd.DataFrame) -> pd.DataFrame:
    """The largest job of each kind of work.

    Parameters
    ----------
    costs
        From :func:`mmsent.report.costs.costs_table`.
    """
    rows = []
    for kind, beginnings in _WORK.items():
        asked = costs["Rule"].str.startswith(beginnings)
        own = costs[asked]
        if len(own):
            memory = own["Peak memory [MiB]"].astype(float)
            largest = own.loc[memory.idxmax()]
            rows.append(
                {
                    "Work": kind,
                    "Jobs": str(own["Jobs"].astype(int).sum()),
                    "Largest job, by rule": largest["Rule"],
                    "Peak memory [MiB]": f"{memory.max():,.0f}",
                }
            )
    return pd.DataFrame(rows)
