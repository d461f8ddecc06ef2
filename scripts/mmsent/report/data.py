"""Tables of the chapter on the data, the study's figures beside ours where it prints them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.report.results import PrintedFigures

_SIZES = {
    "width": ("Width", "px", "mean_width"),
    "height": ("Height", "px", "mean_height"),
    "aspect_ratio": ("Width / height", "", "mean_aspect_ratio"),
}


def data_values(
    card: Mapping[str, Any], images: Mapping[str, Any], printed: PrintedFigures
) -> dict[str, Any]:
    """What the chapter is filled with, by the template's names.

    ``reported`` gives a figure of the study in a pattern such as ``"(reported: %.1f)"``, and
    nothing where the study prints none.

    Parameters
    ----------
    card
        Numbers of the data card.
    images
        Numbers of the figure of picture sizes.
    """

    def reported(metric: str, pattern: str) -> str:
        value = printed.value("data", metric)
        return "" if value is None else pattern % value

    counts = [
        {
            "Class": name,
            "Posts": f"{count:,}",
            "Share": f"{100 * count / card['labelled']:.1f} %",
            "Reported posts": _or_dash(printed.value("data", name), "{:,.0f}"),
            "Reported share": _or_dash(printed.value("data", f"{name}_share"), "{:.1%}").replace(
                "%", " %"
            ),
        }
        for name, count in card["classes"].items()
    ]
    sizes = [
        {"": name}
        | {
            title: f"{images[key][part]:.4g} {unit}".strip()
            for title, part in (("Mean", "mean"), ("Median", "median"), ("5 %", "p5"),
                                ("95 %", "p95"))
        }
        | {"Reported mean": f"{reported(row, '%g')} {unit}".strip() if reported(row, "%g") else "-"}
        for key, (name, unit, row) in _SIZES.items()
    ]  # fmt: skip
    return {
        "class_counts": pd.DataFrame(counts),
        "picture_sizes": pd.DataFrame(sizes),
        "reported": reported,
        "card": card,
    }


def _or_dash(value: float | None, pattern: str) -> str:
    return "-" if value is None else pattern.format(value)
