"""How far scores move when nothing but the seed of a training changes."""

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

#: Metrics whose spread is told.
SPREAD = ("weighted_f1", "accuracy", "macro_f1")

#: What stands for the fold of the pooled out-of-fold predictions.
ALL_FOLDS = "all"


def by_fold(runs: Mapping[int, list[pd.DataFrame]]) -> list[pd.DataFrame]:
    """Predictions of each fold by all repetitions, from those of each repetition by fold.

    The column ``seed`` has the number of the repetition.
    """
    numbered = [[run.assign(seed=seed) for run in folds] for seed, folds in runs.items()]
    return [pd.concat(fold, ignore_index=True) for fold in zip(*numbered, strict=True)]


def seed_scores(runs: list[pd.DataFrame], folds: pd.DataFrame) -> pd.DataFrame:
    """Scores of an experiment that was trained several times, only the seed differing.

    Parameters
    ----------
    runs
        Predictions of each fold, with the column ``seed``: number of the repetition, 0 to n - 1.

    Returns
    -------
    pandas.DataFrame
        ``seed``; ``fold``: its number as text, or :data:`ALL_FOLDS` for the pooled out-of-fold
        predictions; ``subset``: test or validation, of the pooled ones test alone; ``posts``;
        :data:`SPREAD`.

    Raises
    ------
    ValueError
        If a run is not of one fold, the seeds of a fold are not 0 to n - 1 or have not the same
        validation posts, each once, or as :func:`pooled` does.
    """
    seeds = _checked(runs)
    rows = []
    for seed in seeds:
        table = pooled([run[run["seed"] == seed] for run in runs], folds)
        rows.append(_row(seed, ALL_FOLDS, TEST, table))
        for run in runs:
            for subset in (TEST, VALIDATION):
                part = run[(run["seed"] == seed) & (run["subset"] == subset)]
                rows.append(_row(seed, str(run["fold"].iloc[0]), subset, part))
    return pd.DataFrame(rows)


def seed_spread(scores: pd.DataFrame) -> dict[str, Any]:
    """How far the scores of :func:`seed_scores` lie apart.

    ``one_validation`` is the score of the best epoch on the posts that chose it: it is what a
    single run reports of itself, and lies higher than its test score.

    Returns
    -------
    dict
        ``seeds``, ``folds`` (how many) and, for ``pooled`` (out-of-fold), ``one_fold`` (test of
        single folds) and ``one_validation`` (validation of single folds): ``posts`` (of single
        folds their mean number, rounded) and for each of :data:`SPREAD`

        - ``mean`` over seeds and folds;
        - ``sd``: standard deviation over seeds (n - 1), of single folds the root of the mean of
          their variances, so that differences between folds do not count;
        - ``range``: largest less smallest of a fold, the largest over folds;
        - ``mean_difference``: between two seeds without sign, mean over all pairs and folds;
        - ``largest_difference``: the largest of these, which is always the ``range``;
        - ``repeatability``: what two further runs differ by less than in 95 of 100 cases, from
          ``sd`` and Student's t for so few seeds (the repeatability limit of ISO 5725-6).

    Raises
    ------
    ValueError
        If there is one seed only, a seed lacks a fold, or has one twice.
    """
    pooled_rows = scores["fold"] == ALL_FOLDS
    kinds = {
        "pooled": scores[pooled_rows & (scores["subset"] == TEST)],
        "one_fold": scores[~pooled_rows & (scores["subset"] == TEST)],
        "one_validation": scores[~pooled_rows & (scores["subset"] == VALIDATION)],
    }
    seeds = scores["seed"].nunique()
    if seeds < 2:
        raise ValueError("the spread over seeds needs two of them at least")
    folds = scores.loc[~pooled_rows, "fold"].nunique()
    spread: dict[str, Any] = {"seeds": seeds, "folds": folds}
    for kind, rows in kinds.items():
        spread[kind] = {}
        for metric in SPREAD:
            values = rows.pivot(index="seed", columns="fold", values=metric)
            if values.empty or len(values) != seeds or values.isna().any(axis=None):
                raise ValueError(f"{kind}: a seed lacks a fold")
            spread[kind][metric] = _spread(values.to_numpy())
        spread[kind]["posts"] = round(float(rows["posts"].mean()))
    return spread


def seed_deviations(spreads: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, int]]:
    """Standard deviation over seeds of pooled metrics, and its degrees of freedom, by metric.

    The root of the mean variance of the repeated experiments; empty if there is none. Each fold is
    trained with seeds of its own, so the pooled score, which is nearly the folds' mean, varies
    with the variance of single folds over their number: with five folds that is known from five
    times as many runs as the pooled scores themselves.

    Parameters
    ----------
    spreads
        From :func:`seed_spread`, one for each repeated experiment.
    """
    freedom = sum((spread["seeds"] - 1) * spread["folds"] for spread in spreads)
    deviations = {}
    for metric in SPREAD if spreads else ():
        variances = [spread["one_fold"][metric]["sd"] ** 2 / spread["folds"] for spread in spreads]
        deviations[metric] = (math.sqrt(fmean(variances)), freedom)
    return deviations


def _spread(values: np.ndarray) -> dict[str, float]:
    """Of scores ``(seeds, folds)``."""
    differences = np.array([pdist(fold[:, None], "cityblock") for fold in values.T])
    sd = float(np.sqrt(values.var(axis=0, ddof=1).mean()))
    freedom = (values.shape[0] - 1) * values.shape[1]
    return {
        "mean": float(values.mean()),
        "sd": sd,
        "repeatability": float(student.ppf(0.975, freedom) * np.sqrt(2) * sd),
        "range": float(np.ptp(values, axis=0).max()),
        "mean_difference": float(differences.mean()),
        "largest_difference": float(differences.max()),
    }


def _checked(runs: list[pd.DataFrame]) -> list[int]:
    """The seeds, if every fold has all of them and the same validation posts in each."""
    seeds = range(max((run["seed"].nunique() for run in runs), default=0))
    for run in runs:
        if run["fold"].nunique() != 1:
            raise ValueError(f"expected the run of one fold, got {run['fold'].unique().tolist()}")
        fold, own = run["fold"].iloc[0], sorted(run["seed"].unique().tolist())
        if own != list(seeds):
            raise ValueError(f"fold {fold}: expected the seeds 0 to {len(seeds) - 1}, got {own}")
        validation = run[run["subset"] == VALIDATION]
        times = validation.groupby("guid").size()
        if times.empty or (times != len(seeds)).any():
            raise ValueError(f"fold {fold}: the seeds have not the same validation posts")
        if validation.duplicated(["guid", "seed"]).any():
            raise ValueError(f"fold {fold}: a seed predicts a validation post twice")
    return list(seeds)


def _row(seed: int, fold: str, subset: str, table: pd.DataFrame) -> dict[str, Any]:
    metrics = prediction_metrics(table)
    row = {"seed": seed, "fold": fold, "subset": subset, "posts": len(table)}
    return row | {name: metrics[name] for name in SPREAD}
