"""The spread of scores over repeated runs, which differ in their seed."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist
from scipy.stats import t as student

from mmsent.evaluation.pooling import pooled, prediction_metrics
from mmsent.labels import TEST, VALIDATION

#: Metrics reported across seeds.
SPREAD = ("weighted_f1", "accuracy", "macro_f1")

#: The fold of the pooled out-of-fold predictions.
ALL_FOLDS = "all"


def by_fold(runs: Mapping[int, list[pd.DataFrame]]) -> list[pd.DataFrame]:
    """Join the predictions of each fold by all repetitions, from those of each repetition by fold.

    The column ``seed`` has the number of the repetition.
    """
    numbered = [[run.assign(seed=seed) for run in folds] for seed, folds in runs.items()]
    return [pd.concat(fold, ignore_index=True) for fold in zip(*numbered, strict=True)]


def seed_scores(runs: list[pd.DataFrame], folds: pd.DataFrame) -> pd.DataFrame:
    """Score an experiment that was trained several times.

    Parameters
    ----------
    runs
        Predictions of each fold, with the column ``seed``: number of the repetition.

    Returns
    -------
    pandas.DataFrame
        ``seed``; ``fold``: its number as text, or :data:`ALL_FOLDS` for the pooled out-of-fold
        predictions; ``subset``: test or validation, of the pooled ones test alone; ``posts``;
        :data:`SPREAD`.

    Raises
    ------
    ValueError
        As :func:`pooled` does.
    """
    rows = []
    for seed, repetition in pd.concat(runs, ignore_index=True).groupby("seed"):
        parts = {(ALL_FOLDS, TEST): pooled([repetition], folds)}
        for fold, run in repetition.groupby("fold"):
            for subset in (TEST, VALIDATION):
                parts[str(fold), subset] = run[run["subset"] == subset]
        for (fold, subset), part in parts.items():
            metrics = prediction_metrics(part)
            row = {"seed": seed, "fold": fold, "subset": subset, "posts": len(part)}
            rows.append(row | {name: metrics[name] for name in SPREAD})
    return pd.DataFrame(rows)


def seed_spread(scores: pd.DataFrame) -> dict[str, Any]:
    """Summarise the spread of the scores of :func:`seed_scores` over seeds.

    ``one_validation`` is the score of the best epoch on the posts that selected it: a single run
    reports it of itself, and it is higher than its test score.

    Returns
    -------
    dict
        ``seeds``, ``folds`` (how many) and, for ``pooled`` (out-of-fold), ``one_fold`` (test of
        single folds) and ``one_validation`` (validation of single folds): ``posts`` (mean, rounded)
        and for each of :data:`SPREAD`

        - ``mean`` over seeds and folds;
        - ``sd``: seed standard deviation (n - 1), of single folds the root of the mean of their
          variances, so that differences between folds do not count;
        - ``mean_difference`` and ``largest_difference`` (also ``range``) between two seeds of a
          fold, without sign, over all pairs and folds;
        - ``repeatability``: the 95 % repeatability limit of the difference between two further
          runs (ISO 5725-6), from ``sd`` and Student's t for so few seeds.

    Raises
    ------
    ValueError
        If there is one seed only, a seed lacks a fold, or has one twice.
    """
    seeds = scores["seed"].nunique()
    if seeds < 2:
        raise ValueError("the spread over seeds needs two of them at least")
    single = scores["fold"] != ALL_FOLDS
    spread: dict[str, Any] = {"seeds": seeds, "folds": scores.loc[single, "fold"].nunique()}
    test = scores["subset"] == TEST
    kinds = {"pooled": ~single, "one_fold": single & test, "one_validation": single & ~test}
    for kind, chosen in kinds.items():
        spread[kind] = {}
        for metric in SPREAD:
            values = scores[chosen].pivot(index="seed", columns="fold", values=metric)
            if len(values) != seeds or values.isna().any(axis=None):
                raise ValueError(f"{kind}: a seed lacks a fold")
            spread[kind][metric] = _spread(values.to_numpy())
        spread[kind]["posts"] = round(float(scores.loc[chosen, "posts"].mean()))
    return spread


def seed_deviations(spreads: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, int]]:
    """Return the seed standard deviation of pooled metrics, and its degrees of freedom, by metric.

    The root of the mean variance of the repeated experiments; empty if there is none. Each fold is
    trained with other seeds, so the variance of the pooled score, which is nearly the folds'
    mean, is that of single folds over their number. With five folds it is thus estimated from five
    times as many runs as from the pooled scores themselves. ``spreads`` are those of
    :func:`seed_spread`.
    """
    freedom = sum((spread["seeds"] - 1) * spread["folds"] for spread in spreads)
    deviations = {}
    for metric in SPREAD if spreads else ():
        variances = [spread["one_fold"][metric]["sd"] ** 2 / spread["folds"] for spread in spreads]
        deviations[metric] = (math.sqrt(fmean(variances)), freedom)
    return deviations


def _spread(values: np.ndarray) -> dict[str, float]:
    """Summarise scores ``(seeds, folds)``."""
    differences = np.array([pdist(fold[:, None], "cityblock") for fold in values.T])
    sd = float(np.sqrt(values.var(axis=0, ddof=1).mean()))
    freedom = (values.shape[0] - 1) * values.shape[1]
    return {
        "mean": float(values.mean()),
        "sd": sd,
        "repeatability": float(student.ppf(0.975, freedom) * np.sqrt(2) * sd),
        "range": float(differences.max()),
        "mean_difference": float(differences.mean()),
        "largest_difference": float(differences.max()),
    }
