"""Paired comparisons of experiments that predict the same posts."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from mmsent.evaluation.intervals import resampled, table_confusions
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.files import seed_of

#: Metrics that are compared; the first decides.
COMPARED = ("weighted_f1", "macro_f1", "accuracy")

BETTER, WORSE, SAME = "better", "worse", "not distinguishable"

#: A pair of experiments, the first against the second.
Pair = tuple[str, str]

#: Standard deviation of a metric over identical runs, and its degrees of freedom, by metric.
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
    pairs = [pair for own in families.values() for pair in own]
    rows = iter(compared(pairs, tables, resamples, level, seed, deviations))
    return {family: [next(rows) for _ in own] for family, own in families.items()}


def compared(
    pairs: list[Pair],
    tables: dict[str, pd.DataFrame],
    resamples: int,
    level: float,
    seed: int,
    deviations: Deviations | None = None,
) -> list[dict[str, Any]]:
    """Compare a family of pairs; p values are corrected for their number (Holm 1979).

    Parameters
    ----------
    pairs
        Names of two experiments each, the first against the second.
    tables
        Pooled predictions by name, from :func:`mmsent.evaluation.pooling.pooled`.
    level
        Coverage of the intervals, e.g. 0.95; verdicts are at 1 less this.
    deviations
        How far the metrics of identical runs lie apart. Resamples of posts alone say how well the
        models that were trained would do on other posts; with these they also say how others would
        do, trained the same with another seed. Taken to be alike for all experiments. McNemar's
        test does not heed them.

    Returns
    -------
    list of dict
        For each pair ``first``, ``second``; for each of :data:`COMPARED` a dict of ``first`` and
        ``second`` (its values), ``difference`` (first less second), ``low``, ``high`` (its
        interval), ``p``, ``p_holm``, ``verdict``; ``mcnemar`` (:func:`mcnemar_exact`) with
        ``p_holm``; ``verdict``: that of the first metric. ``p_holm`` is corrected over the family,
        for each kind of test by itself; a pair that is there both ways round counts once.

    Raises
    ------
    ValueError
        If two experiments do not predict the same posts, or a pair names the same one twice.
    """
    for first, second in pairs:
        if first == second:
            raise ValueError(f"{first}: compared with itself")
    aligned = _aligned({name: tables[name] for pair in pairs for name in pair})
    drawn = _resampled_metrics(aligned, resamples, seed, deviations or {})
    rows = [
        {"first": first, "second": second}
        | _tests(aligned[first], aligned[second], drawn[first], drawn[second], level)
        for first, second in pairs
    ]
    for test in (*COMPARED, "mcnemar"):
        # A pair the other way round is the same test, and counts once.
        p_values = {frozenset(pair): row[test]["p"] for pair, row in zip(pairs, rows, strict=True)}
        corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        for pair, row in zip(pairs, rows, strict=True):
            row[test]["p_holm"] = corrected[frozenset(pair)]
    for row in rows:
        for metric in COMPARED:
            row[metric]["verdict"] = verdict(row, metric, 1 - level)
        row["verdict"] = row[COMPARED[0]]["verdict"]
    return rows


def _aligned(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with their posts in the same order."""
    keys = ["guid", "label", "group"]
    ordered = {name: t.sort_values("guid", ignore_index=True) for name, t in tables.items()}
    for table in ordered.values():
        first = next(iter(ordered.values()))
        if not table[keys].equals(first[keys]):
            raise ValueError("the experiments do not predict the same posts")
    return ordered


def _resampled_metrics(
    tables: dict[str, pd.DataFrame], resamples: int, seed: int, deviations: Deviations
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
    for name, own in drawn.items():
        # Each experiment has luck of its own, whatever it is compared with.
        generator = np.random.default_rng(seed_of(seed, "repetition", name))
        for metric, (deviation, freedom) in deviations.items():
            luck = generator.standard_t(freedom, resamples)
            own[metric] = own[metric] + deviation * luck
    return drawn


def _tests(
    first: pd.DataFrame,
    second: pd.DataFrame,
    first_drawn: dict[str, np.ndarray],
    second_drawn: dict[str, np.ndarray],
    level: float,
) -> dict[str, Any]:
    """Every test of one pair, not yet corrected for the number of pairs; see :func:`compared`."""
    values = [metrics_from_confusion(table_confusions(one).sum(0)) for one in (first, second)]
    row: dict[str, Any] = {}
    for metric in COMPARED:
        one, other = (float(value[metric]) for value in values)
        differences = _rounded(first_drawn[metric] - second_drawn[metric])
        low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
        row[metric] = {
            "first": round(one, 6),
            "second": round(other, 6),
            "difference": round(one - other, 6),
            "low": round(float(low), 6),
            "high": round(float(high), 6),
            "p": bootstrap_p(differences),
        }
    label, *predicted = (first["label"], first["predicted"], second["predicted"])
    return row | {"mcnemar": mcnemar_exact(label.to_numpy(), *(p.to_numpy() for p in predicted))}


def _rounded(differences: np.ndarray) -> np.ndarray:
    # Equal scores by other counts differ in the last bit: a tie must stay a tie.
    return np.round(differences, 12)


def enough_resamples(asked: int, families: dict[str, list[Pair]], level: float) -> int:
    """So many resamples that a clear difference survives the correction for all these pairs.

    A bootstrap p value cannot be below 2 / (resamples + 1), which Holm's method multiplies by the
    number of pairs: with too few resamples nothing would ever count as a difference. So many that
    the lowest corrected one is a fiftieth of what counts as one.
    """
    pairs = {frozenset(pair) for own in families.values() for pair in own}
    return max(asked, math.ceil(round(100 * len(pairs) / (1 - level), 6)))


def paired_bootstrap(
    first: np.ndarray, second: np.ndarray, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Differences of metrics over resamples of groups, the same groups for both experiments.

    The cluster bootstrap of :mod:`mmsent.evaluation.intervals` (Davison and Hinkley 1997, section
    3.8), paired as in Koehn 2004 ("Statistical significance tests for machine translation
    evaluation"): what makes a resample easy, it makes easy for both, and it cancels out.

    Parameters
    ----------
    first, second
        ``(groups, 3, 3)`` from :func:`mmsent.evaluation.intervals.group_confusions`, the groups in
        the same order.

    Returns
    -------
    dict
        For each of :data:`COMPARED`, first less second ``(resamples,)``.
    """
    drawn = resampled(np.stack([first, second], axis=1), resamples, seed)
    metrics = metrics_from_confusion(drawn)
    return {name: _rounded(np.subtract(*metrics[name].T)) for name in COMPARED}


def difference(
    first: np.ndarray, second: np.ndarray, resamples: int, level: float, seed: int
) -> tuple[float, float, float]:
    """Weighted F1 of the first less that of the second, and the ends of its interval.

    Parameters
    ----------
    first, second
        As :func:`paired_bootstrap` takes them.
    """
    metric = COMPARED[0]
    values = [float(metrics_from_confusion(counts.sum(0))[metric]) for counts in (first, second)]
    drawn = paired_bootstrap(first, second, resamples, seed)[metric]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    # As in the resamples: a tie must stay a tie, in spite of the last bit.
    return round(values[0] - values[1], 12), float(low), float(high)


def bootstrap_p(differences: np.ndarray) -> float:
    """Two-sided p value of bootstrap differences ``(resamples,)``: where 0 lies among them.

    Twice the smaller share of resamples on either side of 0, ties on both sides and the observed
    sample counted once (Davison and Hinkley 1997, section 4.4; Efron and Tibshirani 1993, section
    15.4). It is the percentile interval turned round: at most 1 - level only if that interval is
    beside 0. Without any difference it is 1; below 2 / (resamples + 1) it cannot be.
    """
    below, above = int((differences <= 0).sum()), int((differences >= 0).sum())
    return min(1.0, 2 * (1 + min(below, above)) / (len(differences) + 1))


def mcnemar_exact(label: np.ndarray, first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    """McNemar's exact test (McNemar 1947) of equal accuracy, over posts that one alone gets right.

    It takes posts for independent. Near-duplicates are not, so where there are many of them, p is
    too low; the bootstrap over groups is the one to go by.

    Returns
    -------
    dict
        ``first_only`` and ``second_only`` (posts that it alone gets right), ``p``.
    """
    right, other = first == label, second == label
    table = [
        [int((right & other).sum()), int((right & ~other).sum())],
        [int((~right & other).sum()), int((~right & ~other).sum())],
    ]
    return {
        "first_only": table[0][1],
        "second_only": table[1][0],
        "p": min(1.0, float(mcnemar(table, exact=True).pvalue)),
    }


def holm(p_values: list[float]) -> list[float]:
    """p values corrected so that the chance of any false finding among them holds (Holm 1979)."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def verdict(row: dict[str, Any], metric: str = COMPARED[0], alpha: float = 0.05) -> str:
    """What may be said of the first experiment of a row of :func:`compared` against the second.

    "better" or "worse" if the corrected p value is at most ``alpha`` and the interval lies beside
    0, else "not distinguishable": so it may stand beside an interval without 0, but "better" and
    "worse" never stand beside one with it.
    """
    result = row[metric]
    if result["p_holm"] <= alpha and result["low"] > 0:
        return BETTER
    if result["p_holm"] <= alpha and result["high"] < 0:
        return WORSE
    return SAME


def flat_table(families: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Rows of :func:`compared` as a table: ``family``, and ``weighted_f1_p`` for what is nested."""
    rows = [{"family": family} | row for family, own in families.items() for row in own]
    if not rows:
        return pd.DataFrame(columns=["family", "first", "second", "verdict"])
    table = pd.json_normalize(rows, sep="_")
    order = ["family", "first", "second", "verdict"]
    return table[[*order, *(column for column in table.columns if column not in order)]]
