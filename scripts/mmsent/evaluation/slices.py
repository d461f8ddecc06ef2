"""Scores on parts of the posts: where a model is good, and where a second modality helps."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmsent.data.text import EMPTY, clean_text
from mmsent.evaluation.intervals import group_bootstrap, interval_columns, table_confusions
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import aligned, difference
from mmsent.labels import LABELLED, LABELS

#: Kind of the slices that differ between experiments, and where its bands end.
CONFIDENCE = "confidence"
_BANDS = ("below 0.5", "0.5 to 0.7", "0.7 to 0.9", "0.9 and above")
_BAND_ENDS = (0.5, 0.7, 0.9)

#: Kind and name of a slice.
Slice = tuple[str, str]


def word_counts(texts: pd.Series) -> np.ndarray:
    """Count the words of texts ``(posts,)`` without retweet mark, URLs and mentions."""
    cleaned = [clean_text(text, "basic") for text in texts]
    return np.array([0 if text == EMPTY else len(text.split()) for text in cleaned], dtype=int)


def median_words(posts: pd.DataFrame) -> float:
    """Return the median number of words of the labelled posts' texts that have any, or NaN."""
    words = word_counts(posts.loc[posts["subset"] == LABELLED, "text"])
    return float(np.median(words[words > 0])) if words.any() else float("nan")


def post_slices(
    posts: pd.DataFrame, tables: dict[str, pd.DataFrame], single: Mapping[str, str]
) -> dict[Slice, np.ndarray]:
    """Return masks ``(posts,)`` of the slices that are the same for all experiments.

    ``near-duplicates``: ``with a twin``, another labelled post of the same group, or ``without``.
    ``text``, by :func:`word_counts`: ``empty`` if there are none; ``short`` if at most
    :func:`median_words`; else ``long``. ``single modalities``: whether text alone and image alone
    ``agree`` or ``disagree`` on the class, where both are among the experiments.

    Parameters
    ----------
    posts
        Columns ``guid``, ``subset`` and ``text``, in any order.
    tables
        Pooled predictions by name, with their posts in the same order.
    single
        Name of the experiment of each modality alone, as far as there is one.

    Raises
    ------
    KeyError
        If a post is not in ``posts``.
    """
    table = next(iter(tables.values()))
    twins = table.groupby("group")["guid"].transform("size").to_numpy() > 1
    texts = posts.set_index("guid")["text"].loc[table["guid"]]
    words, median = word_counts(texts), median_words(posts)
    masks = {
        ("near-duplicates", "with a twin"): twins,
        ("near-duplicates", "without"): ~twins,
        ("text", "empty"): words == 0,
        ("text", "short"): (words > 0) & (words <= median),
        ("text", "long"): words > median,
    }
    if len(single) == 2:
        text, image = (tables[single[kind]]["predicted"].to_numpy() for kind in ("text", "image"))
        masks["single modalities", "agree"] = text == image
        masks["single modalities", "disagree"] = text != image
    return masks


def slice_table(
    tables: dict[str, pd.DataFrame],
    posts: pd.DataFrame,
    single: Mapping[str, str],
    resamples: int,
    level: float,
    seed: int,
) -> pd.DataFrame:
    """Score experiments on each slice, with intervals by bootstrap over the slice's groups.

    The slices are ``all``, those of :func:`post_slices`, and of the kind :data:`CONFIDENCE` the
    bands of each experiment's highest probability. The posts of a band differ between experiments,
    whose scores on it are therefore not comparable.

    Parameters
    ----------
    tables
        Pooled predictions by name, in the order of a slice's rows.
    posts, single
        See :func:`post_slices`. The experiments are compared with that of the text alone, or with
        the first.
    level
        Coverage of the percentile intervals, which are not corrected for the number of slices.

    Returns
    -------
    pandas.DataFrame
        ``kind``, ``slice``, ``experiment``, ``posts``, ``groups`` (near-duplicate groups),
        ``share`` (of all posts, 0 to 1); ``weighted_f1`` and ``accuracy`` with the bounds of their
        intervals (``_low``, ``_high``), ``macro_f1``; ``difference`` (weighted F1 - that of the
        reference on the same posts) with its bounds, by the paired bootstrap, NaN for the reference
        itself and for :data:`CONFIDENCE`. Scores of a slice without posts are NaN, as are intervals
        of one with a single group.

    Raises
    ------
    ValueError
        If the experiments do not predict the same posts, or as :func:`post_slices` does.
    """
    reference = single.get("text", next(iter(tables)))
    tables = aligned(tables)
    rows = []
    for kind, part, name, mask in _parts(tables, post_slices(posts, tables, single)):
        table = tables[name][mask]
        row: dict[str, Any] = {"kind": kind, "slice": part, "experiment": name}
        row |= {"posts": len(table), "groups": table["group"].nunique(), "share": mask.mean()}
        compared = kind != CONFIDENCE and name != reference
        other = tables[reference][mask] if compared else None
        rows.append(row | _scores(table, other, resamples, level, seed))
    return pd.DataFrame(rows)


def _parts(
    tables: dict[str, pd.DataFrame], masks: dict[Slice, np.ndarray]
) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Yield kind, slice, experiment and mask of every row, in their order."""
    everything = np.ones(len(next(iter(tables.values()))), dtype=bool)
    for (kind, part), mask in {("all", "all"): everything, **masks}.items():
        for name in tables:
            yield kind, part, name, mask
    for number, part in enumerate(_BANDS):
        for name, table in tables.items():
            highest = table[LABELS.probability_columns].to_numpy().max(1)
            yield CONFIDENCE, part, name, np.digitize(highest, _BAND_ENDS) == number


def _scores(
    table: pd.DataFrame, other: pd.DataFrame | None, resamples: int, level: float, seed: int
) -> dict[str, float]:
    """Score the posts of a slice, and compare with another experiment on the same posts."""
    unknown = float("nan")
    metrics: dict[str, Any] = {}
    ends, compared = {}, (unknown, unknown, unknown)
    if len(table):
        confusions = table_confusions(table)
        metrics = metrics_from_confusion(confusions.sum(0))
        if other is not None:
            compared = difference(confusions, table_confusions(other), resamples, level, seed)
        if len(confusions) > 1:
            ends = group_bootstrap(confusions, resamples, level, seed)
        else:
            compared = (compared[0], unknown, unknown)
    row: dict[str, float] = {}
    for metric in ("weighted_f1", "accuracy"):
        values = float(metrics.get(metric, unknown)), *ends.get(metric, (unknown, unknown))
        row |= interval_columns(metric, values)
    row["macro_f1"] = float(metrics.get("macro_f1", unknown))
    return row | interval_columns("difference", compared)
