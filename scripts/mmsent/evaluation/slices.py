"""Scores on parts of the posts: where a model is good, and where a second modality helps."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmsent.data.text import EMPTY, clean_text
from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import difference
from mmsent.labels import LABELLED, PROBABILITY_COLUMNS

#: Metrics of a slice, and whether their intervals are told.
SLICE_METRICS = {"weighted_f1": True, "accuracy": True, "macro_f1": False}

#: Kind of the slices that differ between experiments, and where their bands begin.
CONFIDENCE = "confidence"
_BANDS = ("below 0.5", "0.5 to 0.7", "0.7 to 0.9", "0.9 and above")
_BAND_ENDS = (0.5, 0.7, 0.9)

#: Kind and name of a slice.
Slice = tuple[str, str]

#: Pooled predictions of the text alone and of the image alone.
Single = tuple[pd.DataFrame, pd.DataFrame]


def word_counts(texts: pd.Series) -> np.ndarray:
    """Words of texts ``(posts,)`` that are left without retweet mark, URLs and mentions."""
    cleaned = [clean_text(text, "basic") for text in texts]
    return np.array([0 if text == EMPTY else len(text.split()) for text in cleaned], dtype=int)


def median_words(posts: pd.DataFrame) -> float:
    """Median number of words of the labelled posts' texts, empty ones left out; NaN without any.

    Parameters
    ----------
    posts
        Columns ``subset`` and ``text``.
    """
    words = word_counts(posts.loc[posts["subset"] == LABELLED, "text"])
    return float(np.median(words[words > 0])) if words.any() else float("nan")


def post_slices(
    posts: pd.DataFrame, table: pd.DataFrame, single: Single | None = None
) -> dict[Slice, np.ndarray]:
    """Parts of the posts that do not depend on the experiment that is scored.

    ``near-duplicates``: ``with a twin``, another labelled post of the same group, or ``without``.
    ``text``, by the words that are left without retweet mark, URLs and mentions: ``empty`` if there
    are none, as the data card counts; ``short`` if at most :func:`median_words`; else ``long``. The
    median is itself short, so short may be well over half where texts have few words.
    ``single modalities``, where ``single`` is given: whether the text alone and the image alone
    ``agree`` or ``disagree`` on the class.

    Parameters
    ----------
    posts
        Columns ``guid``, ``subset`` and ``text``, in any order.
    table
        Pooled predictions, from :func:`mmsent.evaluation.pooling.pooled`.

    Returns
    -------
    dict
        Kind and slice to a mask ``(posts,)`` over the rows of ``table``; the slices of a kind
        share the posts out between them.

    Raises
    ------
    ValueError
        If a post is not in ``posts``, or ``single`` does not predict the same posts.
    """
    twins = table.groupby("group")["guid"].transform("size").to_numpy() > 1
    texts = dict(zip(posts["guid"], posts["text"], strict=True))
    unknown = table.loc[~table["guid"].isin(texts), "guid"].tolist()
    if unknown:
        raise ValueError(f"{len(unknown)} posts are not known: guid {', '.join(unknown[:5])}")
    words, median = word_counts(table["guid"].map(texts)), median_words(posts)
    masks = {
        ("near-duplicates", "with a twin"): twins,
        ("near-duplicates", "without"): ~twins,
        ("text", "empty"): words == 0,
        ("text", "short"): (words > 0) & (words <= median),
        ("text", "long"): words > median,
    }
    if single is not None:
        text, image = (_in_order_of(table, one)["predicted"].to_numpy() for one in single)
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
    """Scores of experiments on each slice, with intervals by bootstrap over the slice's groups.

    The slices are ``all``, those of :func:`post_slices`, and of the kind :data:`CONFIDENCE` the
    bands of each experiment's own highest probability. The posts of a band differ between
    experiments, whose scores on it are therefore not to be compared.

    Parameters
    ----------
    tables
        Pooled predictions by name, in the order of a slice's rows.
    posts
        See :func:`post_slices`.
    single
        Name of the experiment of each modality alone, as far as there is one. The others are
        compared with that of the text, or with the first.
    level
        Coverage of the percentile intervals, e.g. 0.95; they are not corrected for the number of
        slices.

    Returns
    -------
    pandas.DataFrame
        ``kind``, ``slice``, ``experiment``, ``posts``, ``groups`` (near-duplicate groups),
        ``share`` (of all posts, 0 to 1); of :data:`SLICE_METRICS` the value, and ``{metric}_low``
        and ``{metric}_high``; ``difference`` (weighted F1 less the reference's on
        the same posts), ``difference_low`` and ``difference_high``, by the paired bootstrap, NaN
        for the reference itself and for :data:`CONFIDENCE`. Scores of a slice without posts are
        NaN, as are intervals of one with a single group, from which no spread can be learnt.

    Raises
    ------
    ValueError
        If the experiments do not predict the same posts, or as :func:`post_slices` does.
    """
    reference = single.get("text", next(iter(tables)))
    both = (tables[single["text"]], tables[single["image"]]) if len(single) == 2 else None
    first = tables[next(iter(tables))].reset_index(drop=True)
    ordered = {name: _in_order_of(first, table) for name, table in tables.items()}
    rows = []
    for kind, part, name, mask in _parts(ordered, post_slices(posts, first, both)):
        own = ordered[name][mask]
        row: dict[str, Any] = {"kind": kind, "slice": part, "experiment": name}
        row |= {"posts": len(own), "groups": own["group"].nunique(), "share": float(mask.mean())}
        row |= _scores(own, resamples, level, seed)
        compared = kind != CONFIDENCE and name != reference
        other = ordered[reference][mask] if compared else None
        row |= _difference(own, other, resamples, level, seed)
        rows.append(row)
    return pd.DataFrame(rows)


def _parts(
    tables: dict[str, pd.DataFrame], masks: dict[Slice, np.ndarray]
) -> Iterator[tuple[str, str, str, np.ndarray]]:
    """Kind, slice, experiment and mask of every row, in their order."""
    everything = np.ones(len(next(iter(tables.values()))), dtype=bool)
    for (kind, part), mask in {("all", "all"): everything, **masks}.items():
        for name in tables:
            yield kind, part, name, mask
    for number, part in enumerate(_BANDS):
        for name, table in tables.items():
            highest = table[PROBABILITY_COLUMNS].to_numpy().max(1)
            yield CONFIDENCE, part, name, np.digitize(highest, _BAND_ENDS) == number


def _in_order_of(first: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``table`` in the order of the posts of ``first``."""
    keys = ["guid", "label", "group"]
    both = first[keys].merge(table, on=keys, how="left", validate="one_to_one")
    if len(first) != len(table) or both["predicted"].isna().any():
        raise ValueError("the experiments do not predict the same posts")
    return both


def _scores(table: pd.DataFrame, resamples: int, level: float, seed: int) -> dict[str, float]:
    values: dict[str, Any] = {}
    ends: dict[str, tuple[float, float]] = {}
    if len(table):
        confusions = table_confusions(table)
        values = metrics_from_confusion(confusions.sum(0))
        if len(confusions) > 1:
            ends = group_bootstrap(confusions, resamples, level, seed)
    row = {}
    for metric, with_ends in SLICE_METRICS.items():
        row[metric] = float(values.get(metric, np.nan))
        if with_ends:
            row[f"{metric}_low"], row[f"{metric}_high"] = ends.get(metric, (np.nan, np.nan))
    return row


def _difference(
    own: pd.DataFrame, other: pd.DataFrame | None, resamples: int, level: float, seed: int
) -> dict[str, float]:
    found = (float("nan"),) * 3
    if other is not None and len(own):
        first, second = table_confusions(own), table_confusions(other)
        found = difference(first, second, resamples, level, seed)
        if len(first) == 1:
            found = (found[0], float("nan"), float("nan"))
    return dict(zip(("difference", "difference_low", "difference_high"), found, strict=True))
