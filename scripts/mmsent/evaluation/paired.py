"""Paired comparisons of experiments that predict the same posts."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from mmsent.evaluation.intervals import (
    percentile_interval,
    resampled,
    table_confusions,
    weighted_f1,
)
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.files import seed_of

#: Metrics that are compared; the first decides.
COMPARED = ("weighted_f1", "macro_f1", "accuracy")

#: Of a pair and metric, both scores, their difference, and the bounds of its interval.
_VALUES = ("first", "second", "difference", "low", "high")

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"

#: A pair of experiments, the first against the second.
Pair = tuple[str, str]

#: Seed standard deviation of a metric, and its degrees of freedom, by metric.
Deviations = Mapping[str, tuple[float, int]]


def compared_together(
    families: dict[str, list[Pair]],
    tables: dict[str, pd.DataFrame],
    resamples: int,
    level: float,
    seed: int,
    deviations: Deviations | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Compare families whose p values are corrected over all of them; see :func:`compared`."""
    pairs = [pair for family in families.values() for pair in family]
    rows = iter(compared(pairs, tables, resamples, level, seed, deviations))
    return {family: [next(rows) for _ in members] for family, members in families.items()}


def compared(
    pairs: list[Pair],
    tables: dict[str, pd.DataFrame],
    resamples: int,
    level: float,
    seed: int,
    deviations: Deviations | None = None,
    exact: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Compare a family of pairs; p values are corrected for their number (Holm 1979).

    Parameters
    ----------
    pairs
        Names of two experiments each, the first against the second.
    tables
        Pooled predictions by name, from :func:`mmsent.evaluation.pooling.pooled`.
    level
        Coverage of the intervals, e.g. 0.95; verdicts are at 1 - level.
    deviations
        With them, intervals and tests account for the seed of the training as well as for the draw
        of the posts. They are taken to be the same for all experiments. McNemar's test ignores
        seed variance.
    exact
        Names of experiments that have no seed, such as a linear probe.

    Returns
    -------
    list of dict
        For each pair ``first``, ``second``; for each of :data:`COMPARED` a dict of ``first`` and
        ``second`` (its values), ``difference`` (first - second), ``low``, ``high`` (its interval),
        ``p``, ``p_holm``, ``verdict``; ``mcnemar`` (:func:`mcnemar_exact`) with ``p_holm``;
        ``verdict``: that of the first metric. ``p_holm`` is corrected over the family, for each
        kind of test separately; a pair that occurs in both orders counts once.

    Raises
    ------
    ValueError
        If two experiments do not predict the same posts, or a pair names the same one twice.
    """
    for first, second in pairs:
        if first == second:
            raise ValueError(f"{first}: compared with itself")
    used = aligned({name: tables[name] for pair in pairs for name in pair})
    drawn = _resampled_metrics(used, resamples, seed, deviations or {}, exact)
    rows: list[dict[str, Any]] = []
    for first, second in pairs:
        above, below = (
            metrics_from_confusion(table_confusions(used[n]).sum(0)) for n in (first, second)
        )
        row: dict[str, Any] = {"first": first, "second": second}
        for metric in COMPARED:
            differences = _rounded(drawn[first][metric] - drawn[second][metric])
            low, high = percentile_interval(differences, level)
            values = (above[metric], below[metric], above[metric] - below[metric], low, high)
            rounded = (round(float(value), 6) for value in values)
            row[metric] = dict(zip(_VALUES, rounded, strict=True)) | {"p": bootstrap_p(differences)}
        predicted = (used[name]["predicted"].to_numpy() for name in (first, second))
        row["mcnemar"] = mcnemar_exact(used[first]["label"].to_numpy(), *predicted)
        rows.append(row)
    for test in (*COMPARED, "mcnemar"):
        # A pair in the other order is the same test, and counts once.
        p_values = {frozenset(pair): row[test]["p"] for pair, row in zip(pairs, rows, strict=True)}
        corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        for pair, row in zip(pairs, rows, strict=True):
            row[test]["p_holm"] = corrected[frozenset(pair)]
    for row in rows:
        for metric in COMPARED:
            row[metric]["verdict"] = verdict(row, metric, 1 - level)
        row["verdict"] = row[COMPARED[0]]["verdict"]
    return rows


def aligned(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables with their posts in the same order, or raise ValueError if they differ."""
    keys = ["guid", "label", "group"]
    ordered = {name: t.sort_values("guid", ignore_index=True) for name, t in tables.items()}
    for table in ordered.values():
        if not table[keys].equals(next(iter(ordered.values()))[keys]):
            raise ValueError("the experiments do not predict the same posts")
    return ordered


def _resampled_metrics(
    tables: dict[str, pd.DataFrame],
    resamples: int,
    seed: int,
    deviations: Deviations,
    exact: Collection[str],
) -> dict[str, dict[str, np.ndarray]]:
    """Metrics of each experiment over the same resamples of groups, ``(resamples,)`` each."""
    if not tables:
        return {}
    counts = np.stack([table_confusions(table) for table in tables.values()], axis=1)
    metrics = metrics_from_confusion(resampled(counts, resamples, seed))
    drawn = {
        name: {metric: metrics[metric][:, number] for metric in COMPARED}
        for number, name in enumerate(tables)
    }
    for name in drawn.keys() - set(exact):
        scores = drawn[name]
        # Seed noise is drawn independently for each experiment, whatever it is compared with.
        generator = np.random.default_rng(seed_of(seed, "repetition", name))
        for metric, (deviation, freedom) in deviations.items():
            scores[metric] = scores[metric] + deviation * generator.standard_t(freedom, resamples)
    return drawn


def _rounded(differences: np.ndarray) -> np.ndarray:
    # Equal scores from other counts differ in the last bit: a tie must stay a tie.
    return np.round(differences, 12)


def enough_resamples(requested: int, families: dict[str, list[Pair]], level: float) -> int:
    """Return a number of resamples with which a clear difference survives the correction.

    A bootstrap p value cannot be below 2 / (resamples + 1), which Holm's method multiplies by the
    number of pairs: with too few resamples nothing would ever count as a difference. With this
    number, the lowest corrected p value is a fiftieth of 1 - level.
    """
    pairs = {frozenset(pair) for family in families.values() for pair in family}
    return max(requested, math.ceil(round(100 * len(pairs) / (1 - level), 6)))


def paired_bootstrap(
    first: np.ndarray, second: np.ndarray, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the differences of each of :data:`COMPARED` over resamples: ``(resamples,)``.

    The cluster bootstrap of :mod:`mmsent.evaluation.intervals`, paired as in Koehn 2004
    ("Statistical significance tests for machine translation evaluation"): both are scored on the
    same groups, so that what makes a resample easy for both cancels out.

    Parameters
    ----------
    first, second
        ``(groups, 3, 3)`` from :func:`mmsent.evaluation.intervals.group_confusions`, the groups in
        the same order.
    """
    drawn = resampled(np.stack([first, second], axis=1), resamples, seed)
    metrics = metrics_from_confusion(drawn)
    return {name: _rounded(np.subtract(*metrics[name].T)) for name in COMPARED}


def difference(
    first: np.ndarray, second: np.ndarray, resamples: int, level: float, seed: int
) -> tuple[float, float, float]:
    """Return the difference in weighted F1 and its interval, by :func:`paired_bootstrap`."""
    drawn = paired_bootstrap(first, second, resamples, seed)["weighted_f1"]
    # As in the resamples: a tie must stay a tie, in spite of the last bit.
    value = round(weighted_f1(first) - weighted_f1(second), 12)
    return value, *percentile_interval(drawn, level)


def bootstrap_p(differences: np.ndarray) -> float:
    """Return the two-sided p value of bootstrap differences ``(resamples,)``.

    Twice the smaller fraction of resamples on either side of 0, ties on both sides and the observed
    sample counted once (Davison and Hinkley 1997, section 4.4; Efron and Tibshirani 1993, section
    15.4). It is at most 1 - level only if the percentile interval excludes 0.
    """
    below, above = int((differences <= 0).sum()), int((differences >= 0).sum())
    return min(1.0, 2 * (1 + min(below, above)) / (len(differences) + 1))


def mcnemar_exact(label: np.ndarray, first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """Test equal accuracy by McNemar's exact test (McNemar 1947).

    ``first_only`` and ``second_only`` are posts that only this model classifies correctly. The test
    takes posts for independent: where there are many near-duplicates, ``p`` is too low; the
    bootstrap over groups decides.
    """
    table = np.bincount(2 * (first != label) + (second != label), minlength=4).reshape(2, 2)
    return {
        "first_only": int(table[0, 1]),
        "second_only": int(table[1, 0]),
        "p": min(1.0, float(mcnemar(table, exact=True).pvalue)),
    }


def holm(p_values: list[float]) -> list[float]:
    """Return p values that control the family-wise error rate (Holm 1979)."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def verdict(row: dict[str, Any], metric: str = COMPARED[0], alpha: float = 0.05) -> str:
    """Return whether the first experiment of a row of :func:`compared` is better than the second.

    It is ``better`` or ``worse`` if the corrected p value is at most ``alpha`` and the interval
    excludes 0.
    """
    result = row[metric]
    if result["p_holm"] <= alpha and result["low"] > 0:
        return BETTER
    if result["p_holm"] <= alpha and result["high"] < 0:
        return WORSE
    return SAME


def flat_table(families: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Return rows of :func:`compared` as a table: ``family``, and nested keys joined by ``_``."""
    rows = [{"family": family} | row for family, tests in families.items() for row in tests]
    order = ["family", "first", "second", "verdict"]
    table = pd.json_normalize(rows, sep="_") if rows else pd.DataFrame(columns=order)
    return table[[*order, *(column for column in table.columns if column not in order)]]
