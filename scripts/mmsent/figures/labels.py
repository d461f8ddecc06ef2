"""How many posts there are of each class."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mmsent.figures.style import LABEL_COLOURS, UNLABELLED_COLOUR, new_figure, whole_numbers
from mmsent.labels import LABELLED, LABELS


def label_figure(posts: pd.DataFrame) -> tuple[Figure, dict[str, Any]]:
    """Bars of the labelled posts by class, and of the posts without a label.

    Parameters
    ----------
    posts
        Columns ``label`` and ``subset``.

    Returns
    -------
    figure, numbers
        ``counts`` and ``shares`` (of the labelled posts, 0 to 1) of each class, ``posts``,
        ``labelled``, ``unlabelled``, ``largest`` and ``smallest`` class, and ``imbalance``: the
        largest class over the smallest, ``None`` if a class has no post.
    """
    numbers = _numbers(posts)
    counts, shares = numbers["counts"], numbers["shares"]
    figure = new_figure(6.0, 3.8)
    axes = figure.add_subplot()
    heights = [counts[name] for name in LABELS]
    texts = [f"{counts[name]:,}\n{shares[name]:.1%}" for name in LABELS]
    names, colours = list(LABELS), [LABEL_COLOURS[name] for name in LABELS]
    if numbers["unlabelled"]:
        heights.append(numbers["unlabelled"])
        texts.append(f"{numbers['unlabelled']:,}")
        names.append("no label")
        colours.append(UNLABELLED_COLOUR)
    bars = axes.bar(range(len(names)), heights, width=0.7, color=colours)
    if numbers["unlabelled"]:
        bars[-1].set(hatch="///", edgecolor="white", linewidth=0)
    axes.bar_label(bars, texts, padding=2)
    axes.set_xticks(range(len(names)), names)
    axes.grid(visible=False)  # every bar has its count printed on it
    axes.margins(y=0.16)
    axes.set_ylabel("posts")
    whole_numbers(axes.yaxis)
    axes.set_title(_title(numbers))
    axes.set_xlabel(f"class (shares are of the {numbers['labelled']:,} labelled posts)")
    return figure, numbers


def _numbers(posts: pd.DataFrame) -> dict[str, Any]:
    labels = posts.loc[posts["subset"] == LABELLED, "label"]
    counts = {name: int((labels == index).sum()) for index, name in enumerate(LABELS)}
    # The first of several equal classes, so that the answer does not depend on anything else.
    largest, smallest = max(LABELS, key=counts.__getitem__), min(LABELS, key=counts.__getitem__)
    return {
        "posts": len(posts),
        "labelled": len(labels),
        "unlabelled": len(posts) - len(labels),
        "counts": counts,
        "shares": {name: round(count / max(len(labels), 1), 6) for name, count in counts.items()},
        "largest": largest,
        "smallest": smallest,
        "imbalance": (round(counts[largest] / counts[smallest], 4) if counts[smallest] else None),
    }


def _title(numbers: dict[str, Any]) -> str:
    missing = [name for name, count in numbers["counts"].items() if not count]
    if missing:
        return f"Posts of each class: none is {' or '.join(missing)}"
    return (
        f"Posts of each class: {numbers['imbalance']:.2f}:1 "
        f"from {numbers['largest']} to {numbers['smallest']}"
    )
