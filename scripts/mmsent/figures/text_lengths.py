"""Lengths of the texts in words and in the encoder's tokens."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from safetensors import safe_open

from mmsent.encoders.embeddings import BLANK, HEADER
from mmsent.figures.style import ALERT, MARK, MUTED, PALETTE, mark_value, new_figure, whole_numbers

#: Quantiles in per cent, and lengths that encoders and earlier work cut at, in tokens.
QUANTILES = (50, 90, 95, 99)
COMMON_LENGTHS = (32, 64, 77, 128)

_MOST_BARS = 60


def read_token_lengths(path: str | Path) -> pd.Series:
    """Tokens of each text before it is cut, by guid.

    ``path`` is an embedding file of texts, or any safetensors file with a tensor ``length`` and, in
    its metadata under ``guids``, the posts in the same order as a JSON list.

    Raises
    ------
    ValueError
        If the file has no such tensor or list, or they are not equally long.
    """
    with safe_open(str(path), framework="numpy") as stored:
        metadata = stored.metadata() or {}
        if not metadata.keys() & {HEADER, "guids"} or "length" not in stored.keys():  # noqa: SIM118
            raise ValueError(f"{path}: no tensor 'length' with the guids of the posts")
        lengths = stored.get_tensor("length")
    guids = (
        json.loads(metadata[HEADER])["guids"]
        if HEADER in metadata
        else json.loads(metadata["guids"])
    )
    if len(guids) != len(lengths):
        raise ValueError(f"{path}: {len(lengths)} lengths of {len(guids)} posts")
    return pd.Series(lengths, index=guids, name="tokens")


def text_length_figure(
    posts: pd.DataFrame, token_lengths: pd.Series, max_length: int
) -> tuple[Figure, dict[str, Any]]:
    """Histograms of the texts' words and tokens, with quantiles and the encoder's limit.

    Parameters
    ----------
    posts
        Columns ``guid``, ``text`` and ``text_blanked``; words are what white space separates.
    token_lengths
        Tokens by guid, as :func:`read_token_lengths` gives them; under the empty guid stands what
        counts for a post whose text is blanked.
    max_length
        Tokens beyond which the encoder cuts a text.

    Returns
    -------
    figure, numbers
        ``words`` and ``tokens``, each with ``mean``, ``min``, ``max`` and ``quantiles`` (the
        smallest length that so many per cent of the posts do not exceed); ``cut`` (share of posts
        longer than each of :data:`COMMON_LENGTHS`, 0 to 1), ``max_length``, ``cut_at_max_length``
        and ``posts``.

    Raises
    ------
    ValueError
        If there are no posts, or the tokens of a post are not known.
    """
    if posts.empty:
        raise ValueError("there are no posts")
    rows = posts["guid"].mask(posts["text_blanked"], BLANK)
    unknown = posts.loc[~rows.isin(token_lengths.index), "guid"]
    if len(unknown):
        shown = ", ".join(unknown.head(5))
        raise ValueError(f"the tokens of {len(unknown)} posts are not known: guid {shown}")
    words = np.array([len(text.split()) for text in posts["text"]])
    tokens = token_lengths.loc[rows].to_numpy(dtype=np.int64)
    numbers = {
        "posts": len(posts),
        "words": _summary(words),
        "tokens": _summary(tokens),
        "cut": {str(length): _share_above(tokens, length) for length in COMMON_LENGTHS},
        "max_length": max_length,
        "cut_at_max_length": _share_above(tokens, max_length),
    }
    return _draw(words, tokens, numbers), numbers


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


def _draw(words: np.ndarray, tokens: np.ndarray, numbers: dict[str, Any]) -> Figure:
    figure = new_figure(9.5, 3.8)
    left, right = figure.subplots(1, 2)
    _histogram(left, words, PALETTE[0], _quantile_marks(numbers["words"]))
    left.set(xlabel="words (separated by white space)", ylabel="posts")
    left.set_title(f"Words: mean {numbers['words']['mean']:.1f}, most {numbers['words']['max']:,}")
    limit, share = numbers["max_length"], numbers["cut_at_max_length"]
    limit_mark = (limit, f"limit {limit} cuts {_per_cent(share)}", ALERT)
    marks = [*_quantile_marks(numbers["tokens"]), limit_mark]
    _histogram(right, tokens, PALETTE[2], marks)
    right.set(xlabel="tokens of the text encoder")
    right.set_title(
        f"Tokens: mean {numbers['tokens']['mean']:.1f}, most {numbers['tokens']['max']:,}"
    )
    shares = ", ".join(
        f"{_per_cent(share)} at {length}" for length, share in numbers["cut"].items()
    )
    figure.supxlabel(
        f"{numbers['posts']:,} posts. Dashed: so many per cent of the posts are at most so long.\n"
        f"Posts that a limit of so many tokens would cut: {shares}.",
        fontsize=8,
        color=MUTED,
    )
    return figure


def _per_cent(share: float) -> str:
    return "under 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def _quantile_marks(summary: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [
        (value, f"{per_cent}%: {value}", MARK) for per_cent, value in summary["quantiles"].items()
    ]


def _histogram(
    axes: Axes, lengths: np.ndarray, colour: str, marks: list[tuple[int, str, str]]
) -> None:
    low, high = int(lengths.min()), int(lengths.max())
    step = max(1, -(-(high - low + 1) // _MOST_BARS))
    axes.hist(
        lengths, bins=np.arange(low - 0.5, high + step, step).tolist(), color=colour, alpha=0.8
    )
    axes.margins(y=0.2)
    whole_numbers(axes.xaxis, axes.yaxis)
    for place, (value, text, mark_colour) in enumerate(sorted(marks, key=lambda mark: mark[0])):
        mark_value(axes, value, text, 0.95 - 0.08 * place, mark_colour)
    # Room for the text to the right of the last mark.
    left, right = axes.get_xlim()
    last = max(value for value, _, _ in marks)
    axes.set_xlim(left, max(right, last + 0.35 * (last - left)))
