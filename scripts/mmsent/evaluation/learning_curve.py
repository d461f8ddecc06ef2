"""Scores by the number of training posts, and what twice as many might gain."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.intervals import (
    interval_columns,
    percentile_interval,
    resampled,
    table_confusions,
)
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import COMPARED, aligned

#: Values of an experiment by the fraction of the training posts.
ByFraction = Mapping[float, Any]


def learning_curve(
    runs: Mapping[str, ByFraction],
    train_posts: Mapping[str, ByFraction],
    versions: Mapping[str, pd.DataFrame],
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Score experiments trained on fractions of the posts, and estimate the gain of a doubling.

    All values are of the same resamples of the test posts' groups. The resamples contain neither
    another draw of the training posts nor another seed.

    Parameters
    ----------
    runs
        Of each experiment, by fraction, the pooled out-of-fold predictions.
    train_posts
        How many posts each was trained on, a mean over folds.
    versions
        Pooled predictions of the model versions; an experiment is compared with the best one.

    Returns
    -------
    dict
        ``posts``, ``groups``, ``resamples``, ``level``; ``rows``: of each experiment and fraction
        ``train_posts`` and each of :data:`COMPARED` with its interval; ``best`` and ``best_f1``:
        the version with the highest weighted F1; ``doublings``: of each experiment, all in
        weighted F1 with intervals, ``slope`` (gain of a doubling of the training posts, by least
        squares over all fractions), ``last`` (gain from the second highest fraction to the
        highest), ``gap`` (from the highest fraction to the best version), and ``advantage``
        (``slope`` less ``gap``).
    """
    points = [(name, fraction) for name, parts in runs.items() for fraction in sorted(parts)]
    tables = {f"{name}/{fraction}": runs[name][fraction] for name, fraction in points}
    same = aligned(tables | {f"{name}/": table for name, table in versions.items()})
    counts = np.stack([table_confusions(table) for table in same.values()], axis=1)
    measured = metrics_from_confusion(counts.sum(0))
    drawn = metrics_from_confusion(resampled(counts, resamples, seed))

    def with_ends(name: str, value: float, values: np.ndarray) -> dict[str, float]:
        return interval_columns(name, (float(value), *percentile_interval(values, level)))

    rows: list[dict[str, Any]] = []
    for number, (name, fraction) in enumerate(points):
        posts = float(train_posts[name][fraction])
        row = {"experiment": name, "fraction": fraction, "train_posts": posts}
        for metric in COMPARED:
            row |= with_ends(metric, measured[metric][number], drawn[metric][:, number])
        rows.append(row)
    # The measured scores as one more resample, so that each value is computed once.
    scores = np.vstack([measured[COMPARED[0]], drawn[COMPARED[0]]])
    best = len(points) + int(scores[0, len(points) :].argmax())
    doublings: list[dict[str, Any]] = []
    for name in runs:
        place = [number for number, point in enumerate(points) if point[0] == name]
        doubled = np.array([math.log2(rows[number]["train_posts"]) for number in place])
        curve, centred = scores[:, place], doubled - doubled.mean()
        values = {
            "slope": curve @ centred / (centred**2).sum(),
            "last": curve[:, -1] - curve[:, -2],
            "gap": scores[:, best] - curve[:, -1],
        }
        values["advantage"] = values["slope"] - values["gap"]
        row = {"experiment": name}
        for key, drawn_values in values.items():
            # Equal scores from other counts differ in the last bit: no gain must stay no gain.
            value, *others = np.round(drawn_values, 12)
            row |= with_ends(key, value, np.array(others))
        doublings.append(row)
    return {
        "posts": len(next(iter(same.values()))),
        "groups": len(counts),
        "resamples": resamples,
        "level": level,
        "rows": rows,
        "best": list(versions)[best - len(points)],
        "best_f1": float(scores[0, best]),
        "doublings": doublings,
    }
