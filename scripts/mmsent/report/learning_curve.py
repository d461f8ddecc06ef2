"""The learning curve as it is printed, and what follows from it."""

from collections.abc import Mapping
from typing import Any

from mmsent.paths import short_name
from mmsent.report import cells
from mmsent.report.cells import Row, difference, ends, interval, value


def learning_curve_values(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What the document and the chapter show of the numbers of ``write_learning_curve``."""
    columns = {
        "Model": cells.name,
        "Fraction": value("fraction", "{:g}"),
        "Training posts": value("train_posts", "{:,.0f}"),
        "Weighted F1": interval("weighted_f1"),
        "Macro F1": interval("macro_f1"),
        "Accuracy": interval("accuracy"),
    }
    best = numbers["best"]
    return {
        "numbers": numbers,
        "table": cells.shown(numbers["rows"], columns),
        "sentences": [_sentence(row, best) for row in numbers["doublings"]],
    }


def _sentence(row: Row, best: str) -> str:
    """Whether twice the labels would help more than the best version, as far as is known."""
    values = {key: difference(row[key], *ends(row, key)) for key in ("slope", "last", "gap")}
    said = (
        f"**{short_name(row['experiment'])}** gains {values['slope']} weighted F1 with each "
        f"doubling of the training posts, {values['last']} with the last one. "
    )
    if row["slope_low"] <= 0:
        said += "That more labels help at all is not significant. "
    if row["gap"] <= 0:
        return said + "No version has a higher score, so none could replace labels."
    said += f"The best version, {best}, is {values['gap']} above it. "
    if row["advantage_low"] > 0:
        said += "Twice the labels would help more than that version, if the curve continues"
    elif row["advantage_high"] < 0:
        said += "That version helps more than twice the labels would, even if the curve continues"
    else:
        said += "Whether twice the labels would help more than that version remains open"
    return f"{said}: the difference is {difference(row['advantage'], *ends(row, 'advantage'))}."
