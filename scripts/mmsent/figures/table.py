"""The figures of a table of experiments."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from mmsent.figures.gains import gains_figure
from mmsent.figures.reliability import reliability_figure
from mmsent.figures.scores import classes_figure, scores_figure
from mmsent.figures.style import Drawn


def table_figures(
    scores: pd.DataFrame,
    tests: Mapping[str, Any],
    calibration: dict[str, dict[str, Any]],
    headings: Mapping[str, str],
    reported: Callable[[str], float | None],
    title: str,
    baselines: Mapping[str, float],
) -> dict[str, Drawn]:
    """Draw scores, gains, classes and reliability of the experiments of a table.

    Parameters
    ----------
    calibration
        By name of the experiment.
    headings
        Of families of tests; those against the best experiment are not plotted.
    reported
        Returns the weighted F1 that the study prints of an experiment, or None.
    baselines
        Weighted F1 of those that are lines in the figure of scores, by title.

    Returns
    -------
    dict
        Figures, with the numbers that they show, by name.
    """
    level = float(scores["level"].iloc[0])
    families = {heading: tests["families"][name] for name, heading in headings.items()
                if name in tests["families"] and name != "best_other"}  # fmt: skip
    gains = gains_figure(families, reported, f"{title}: differences in weighted F1", tests["level"])
    return {
        "scores": scores_figure(scores, f"{title}: weighted F1", level, baselines),
        "gains": gains,
        "classes": classes_figure(scores, f"{title}: F1 of each class", level),
        "reliability": reliability_figure(calibration, f"{title}: calibration"),
    }
