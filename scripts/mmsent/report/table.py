"""The document of a table of experiments: its values, by the names that the template uses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.report.comparison import (
    ablation_beside_study,
    ablation_table,
    calibration_table,
    classes_table,
    optimism_table,
    versions_table,
)
from mmsent.report.results import PrintedFigures
from mmsent.report.statistics import (
    FAMILIES,
    confidence_shown,
    robustness_shown,
    slice_gains_shown,
    slices_shown,
    test_tables,
)
from mmsent.tables import read_numbers


def table_values(
    name: str,
    scores: pd.DataFrame,
    tests: Mapping[str, Any],
    robustness: Path,
    slices: Path,
    printed: PrintedFigures,
    experiments: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Values of ``table.md.j2``.

    Parameters
    ----------
    name
        ``versions`` or ``ablation``.
    scores, tests, robustness, slices
        Of the experiments of the table, the last two as CSV files.
    experiments
        Resolved settings by name.
    """
    if name == "versions":
        own = {"table": versions_table(scores, printed), "optimism": optimism_table(scores)}
    else:
        own = {
            "table": ablation_table(scores),
            "beside_study": ablation_beside_study(scores, printed),
            "classes": classes_table(scores),
        }
    parts = read_numbers(slices)
    return own | {
        "name": name,
        "experiments": list(experiments.values()),
        "scores": scores,
        "paired": tests,
        "families": FAMILIES,
        "tests": test_tables(tests["families"]),
        "calibration": calibration_table(scores),
        "robustness": robustness_shown(read_numbers(robustness)),
        "slices": slices_shown(parts),
        "slice_gains": slice_gains_shown(parts),
        "confidence": confidence_shown(parts),
    }
