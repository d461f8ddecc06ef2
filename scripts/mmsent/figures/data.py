"""Figures of the data set: class sizes, image sizes and text lengths."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from mmsent.figures.style import (
    ALERT,
    MARK,
    MUTED,
    PALETTE,
    label_look,
    mark_values,
    new_figure,
    note_below,
    plain_text,
    text_width,
    whole_numbers,
)
from mmsent.labels import LABELLED, LABELS

#: Aspect ratios at which the axis has ticks.
_RATIOS = {0.1: "1:10", 0.25: "1:4", 0.5: "1:2", 1: "1:1", 2: "2:1", 4: "4:1", 10: "10:1"}
_FINER_RATIOS = {2 / 3: "2:3", 3 / 2: "3:2"}

_BINS = 40

#: Title, label of the axis, and format of each quantity.
_QUANTITIES = {
    "width": ("Width", "width (pixels)", "{:.0f}"),
    "height": ("Height", "height (pixels)", "{:.0f}"),
    "aspect_ratio": ("Aspect ratio", "width : height (log scale)", "{:.2f}"),
}

#: Quantiles in per cent, and lengths that encoders and earlier work truncate at, in tokens.
QUANTILES = (50, 90, 95, 99)
COMMON_LENGTHS = (32, 64, 77, 128)

_MOST_BARS = 60


def label_figure(posts: pd.DataFrame, held_out: int = 0) -> tuple[Figure, dict[str, Any]]:
    """Draw bars of the labelled posts by class, and of the posts without a label.

    Parameters
    ----------
    posts
        Columns ``label`` and ``subset``.
    held_out
        Number of the posts whose label is held out; the posts table has none of these.

    Returns
    -------
    figure, numbers
        ``counts`` and ``shares`` (of the labelled posts, 0 to 1) of each class, ``posts``,
        ``labelled``, ``unlabelled``, ``held_out`` (if there are any), ``largest`` and ``smallest``
        class, and ``imbalance``: the largest class over the smallest, ``None`` if a class has no
        post.
    """
    labels = posts.loc[posts["subset"] == LABELLED, "label"]
    counts = {name: int((labels == index).sum()) for index, name in enumerate(LABELS)}
    # The first of several equal classes, so that the result does not depend on anything else.
    largest, smallest = max(LABELS, key=counts.__getitem__), min(LABELS, key=counts.__getitem__)
    imbalance = round(counts[largest] / counts[smallest], 4) if counts[smallest] else None
    numbers = {
        "posts": len(posts),
        "labelled": len(labels),
        "unlabelled": len(posts) - len(labels) - held_out,
        **({"held_out": held_out} if held_out else {}),
        "counts": counts,
        "shares": {name: round(count / max(len(labels), 1), 6) for name, count in counts.items()},
        "largest": largest,
        "smallest": smallest,
        "imbalance": imbalance,
    }
    missing = " or ".join(plain_text(name) for name, count in counts.items() if not count)
    ends = f"from {plain_text(largest)} to {plain_text(smallest)}"
    ratio = f"no {missing} posts" if missing else f"{imbalance:.2f}:1 {ends}"
    return _draw_classes(numbers, f"Posts of each class: {ratio}"), numbers


def _draw_classes(numbers: dict[str, Any], title: str) -> Figure:
    heights = dict(numbers["counts"])
    texts = [f"{count:,}\n{numbers['shares'][name]:.1%}" for name, count in heights.items()]
    others = {"no label": numbers["unlabelled"], "held out": numbers.get("held_out", 0)}
    others = {name: count for name, count in others.items() if count}
    heights |= others
    texts += [f"{count:,}" for count in others.values()]
    width = max(6.0, 0.8 + 0.6 * len(heights))
    figure = new_figure(width, 3.8)
    axes = figure.add_subplot()
    colours = [label_look(name)[0] for name in heights]
    names = [plain_text(name) for name in heights]
    bars = axes.bar(range(len(names)), list(heights.values()), width=0.7, color=colours)
    axes.set_xticks(range(len(names)), names)
    if max(text_width(name, 8.5) for name in names) > 72 * 0.85 * width / len(names):
        axes.tick_params(axis="x", labelrotation=90)
    for bar in bars[len(numbers["counts"]) :]:
        bar.set(hatch="///", edgecolor="white", linewidth=0)
    axes.bar_label(bars, texts, padding=2)
    axes.grid(visible=False)  # every bar has its count printed on it
    axes.margins(y=0.16)
    axes.set_ylabel("posts")
    whole_numbers(axes.yaxis)
    axes.set_title(title)
    axes.set_xlabel(f"class (percentages of the {numbers['labelled']:,} labelled posts)")
    return figure


def image_figure(posts: pd.DataFrame) -> tuple[Figure, dict[str, Any]]:
    """Draw histograms of the images' width, height and aspect ratio, each above its box plot.

    Parameters
    ----------
    posts
        Columns ``width`` and ``height`` (pixels; 0: the post has no image), ``format``, ``mode``.

    Returns
    -------
    figure, numbers
        ``width``, ``height`` (pixels) and ``aspect_ratio`` (width/height), each with ``mean``,
        ``median``, ``min``, ``max``, ``p5`` and ``p95``; counts of ``formats`` and ``modes``;
        ``pictures`` and ``without_picture``.

    Raises
    ------
    ValueError
        If no post has an image.
    """
    images = posts[(posts["width"] > 0) & (posts["height"] > 0)]
    if images.empty:
        raise ValueError("no post has an image")
    values = images.assign(aspect_ratio=images["width"] / images["height"])[list(_QUANTITIES)]
    summary = values.describe(percentiles=[0.05, 0.5, 0.95]).drop(["count", "std"]).round(4)
    names = {"50%": "median", "5%": "p5", "95%": "p95"}
    numbers: dict[str, Any] = summary.rename(index=names).to_dict()
    for name, column in (("formats", "format"), ("modes", "mode")):
        numbers[name] = images[column].value_counts().sort_index().to_dict()
    numbers["pictures"] = len(images)
    numbers["without_picture"] = len(posts) - len(images)
    return _draw_images(values, numbers), numbers


def _draw_images(values: pd.DataFrame, numbers: dict[str, Any]) -> Figure:
    figure = new_figure(10.5, 4.2)
    columns = figure.subplots(2, 3, height_ratios=[5, 1], sharex="col").T
    for (name, (title, label, pattern)), (upper, lower) in zip(
        _QUANTITIES.items(), columns, strict=True
    ):
        logarithmic = name == "aspect_ratio"
        if logarithmic:
            upper.set_xscale("log")
        sizes = values[name].to_numpy(dtype=np.float64)
        upper.hist(sizes, bins=_edges(sizes, logarithmic), color=PALETTE[0])
        shown = {mark: pattern.format(number) for mark, number in numbers[name].items()}
        upper.set_title(f"{title} (90%: {shown['p5']} to {shown['p95']})")
        whole_numbers(upper.yaxis)
        upper.margins(y=0.22)
        marks = ("mean", "median")
        mark_values(upper, [(numbers[name][m], f"{m} {shown[m]}", MARK) for m in marks])
        _draw_box(lower, sizes)
        lower.set_xlabel(label)
        if logarithmic:
            _ratio_ticks(lower, sizes)
        else:
            whole_numbers(lower.xaxis)
    columns[0, 0].set_ylabel("images")
    kinds = "; ".join(_listed(numbers[name]) for name in ("formats", "modes"))
    note_below(
        figure,
        f"{numbers['pictures']:,} images ({kinds}). Box: quartiles and median; "
        "whiskers: 5% and 95%; dots: images beyond them.",
    )
    return figure


def _listed(counts: dict[str, int]) -> str:
    if len(counts) == 1:
        return f"all {next(iter(counts))}"
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _edges(values: np.ndarray, logarithmic: bool) -> np.ndarray:
    low, high = values.min(), values.max()
    if logarithmic:
        # A spread of at least a tenth, so that equal shapes give bars and not one hairline.
        return np.geomspace(min(low, high / 1.1), max(high, low * 1.1), _BINS + 1)
    step = max(1.0, np.ceil((high - low) / _BINS))
    return np.arange(low - 0.5, high + step, step)


def _draw_box(axes: Axes, values: np.ndarray) -> None:
    axes.boxplot(
        values,
        orientation="horizontal",
        whis=(5, 95),
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": PALETTE[0], "alpha": 0.45},
        medianprops={"color": "black", "linewidth": 1.5},
        flierprops={"marker": ".", "markersize": 2.5, "markeredgecolor": MUTED, "alpha": 0.4},
    )
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _ratio_ticks(axes: Axes, values: np.ndarray) -> None:
    low, high = values.min() / 1.2, values.max() * 1.2
    ratios = _RATIOS | _FINER_RATIOS if high / low < 30 else _RATIOS
    shown = {ratio: text for ratio, text in ratios.items() if low <= ratio <= high}
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(list(shown), list(shown.values()))


def text_length_figure(
    posts: pd.DataFrame, tokens: np.ndarray, max_length: int
) -> tuple[Figure, dict[str, Any]]:
    """Draw histograms of the texts' words and tokens, with quantiles and the encoder's limit.

    Parameters
    ----------
    posts
        Column ``text``; words are what white space separates.
    tokens
        Tokens of each post's text before truncation, ``(posts,)``.
    max_length
        Tokens beyond which the encoder truncates a text.

    Returns
    -------
    figure, numbers
        ``words`` and ``tokens``, each with ``mean``, ``min``, ``max`` and ``quantiles`` (the
        smallest length that so many per cent of the posts do not exceed); ``cut`` (fraction of the
        posts that are longer than each of :data:`COMMON_LENGTHS`), ``max_length``,
        ``cut_at_max_length`` and ``posts``.
    """
    words = posts["text"].str.split().str.len().to_numpy()
    numbers = {
        "posts": len(posts),
        "words": _summary(words),
        "tokens": _summary(tokens),
        "cut": {str(length): _share_above(tokens, length) for length in COMMON_LENGTHS},
        "max_length": max_length,
        "cut_at_max_length": _share_above(tokens, max_length),
    }
    return _draw_lengths(words, tokens, numbers), numbers


def _summary(lengths: np.ndarray) -> dict[str, Any]:
    # A length that occurs, not one between two: "95% of the posts have at most 22 words".
    quantiles = np.quantile(lengths, np.array(QUANTILES) / 100, method="inverted_cdf")
    return {
        "mean": round(float(lengths.mean()), 4),
        "min": int(lengths.min()),
        "max": int(lengths.max()),
        "quantiles": {
            str(per_cent): int(value) for per_cent, value in zip(QUANTILES, quantiles, strict=True)
        },
    }


def _share_above(lengths: np.ndarray, limit: int) -> float:
    return round(float((lengths > limit).mean()), 6)


def _draw_lengths(words: np.ndarray, tokens: np.ndarray, numbers: dict[str, Any]) -> Figure:
    figure = new_figure(9.5, 3.8)
    left, right = figure.subplots(1, 2)
    limit, share = numbers["max_length"], numbers["cut_at_max_length"]
    limit_mark = (limit, f"limit {limit} cuts {_per_cent(share)}", ALERT)
    _draw_histogram(left, "Words", words, numbers["words"], PALETTE[0])
    _draw_histogram(right, "Tokens", tokens, numbers["tokens"], PALETTE[2], limit_mark)
    left.set(xlabel="words (separated by white space)", ylabel="posts")
    right.set(xlabel="tokens of the text encoder")
    shares = ", ".join(f"{_per_cent(cut)} at {length}" for length, cut in numbers["cut"].items())
    note_below(
        figure,
        f"{numbers['posts']:,} posts. Dashed: quantiles of the length.\n"
        f"Truncated texts by token limit: {shares}.",
    )
    return figure


def _per_cent(share: float) -> str:
    return "under 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def _draw_histogram(
    axes: Axes,
    title: str,
    lengths: np.ndarray,
    summary: dict[str, Any],
    colour: str,
    *limit: tuple[float, str, str],
) -> None:
    low, high = summary["min"], summary["max"]
    step = max(1, -(-(high - low + 1) // _MOST_BARS))
    axes.hist(
        lengths, bins=np.arange(low - 0.5, high + step, step).tolist(), color=colour, alpha=0.8
    )
    axes.set_title(f"{title}: mean {summary['mean']:.1f}, maximum {high:,}")
    axes.margins(y=0.2)
    whole_numbers(axes.xaxis, axes.yaxis)
    quantiles = summary["quantiles"].items()
    marks = [*((value, f"{per_cent}%: {value}", MARK) for per_cent, value in quantiles), *limit]
    mark_values(axes, marks)
    # Room for the text to the right of the last mark.
    left, right = axes.get_xlim()
    last = max(value for value, _, _ in marks)
    axes.set_xlim(left, max(right, last + 0.35 * (last - left)))
