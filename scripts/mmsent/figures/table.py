"""The figures of a table of experiments."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from mmsent.figures.classes import classes_figure
from mmsent.figures.gains import figure_pairs, gains_figure
from mmsent.figures.reliability import reliability_figure
from mmsent.figures.scores import scores_figure
from mmsent.figures.style import Drawn


def table_figures(
    scores: pd.DataFrame,
    tests: Mapping[str, Any],
    calibration: dict[str, dict[str, Any]],
    headings: Mapping[str, str],
    reported: Callable[[str], float | None],
    title: str,
) -> dict[str, Drawn]:
    """Scores, gains, classes and reliability of the experiments of a table, with their numbers.

    Parameters
    ----------
    scores, tests
        The scores of the table, and the paired tests.
    calibration
        By name of the experiment.
    headings
        Of families of tests; those against the best experiment are not plotted.
    reported
        Returns the weighted F1 that the study prints of an experiment, or None.
    """
    level = float(scores["level"].iloc[0])
    families = {f: heading for f, heading in headings.items() if f in tests["families"]}
    families.pop("best_other", None)
    pairs = figure_pairs(tests["families"], families, reported)
    return {
        "scores": scores_figure(scores, f"{title}: weighted F1", level),
        "gains": gains_figure(pairs, f"{title}: differences", tests["level"]),
        "classes": classes_figure(scores, f"{title}: F1 of each class", level),
        "reliability": reliability_figure(calibration, f"{title}: calibration"),
    }
