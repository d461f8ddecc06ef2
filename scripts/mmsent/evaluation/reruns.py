"""Scores and predictions of experiments in two runs, on the posts that both have."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from mmsent.evaluation.intervals import (
    group_bootstrap,
    interval_columns,
    table_confusions,
    weighted_f1,
)
from mmsent.evaluation.paired import Deviations, corrected, enough_resamples, uncorrected

#: How a prediction changed, by whether it was and is correct.
FLIPS = {(False, True): "wrong to right", (True, False): "right to wrong",
         (False, False): "wrong to wrong"}  # fmt: skip

Tables = Mapping[str, pd.DataFrame]


def common_posts(
    now: pd.DataFrame, then: pd.DataFrame, guids: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the pooled predictions of two runs on the posts that both predict.

    Both have the labels and the near-duplicate groups of ``now``, and the same order.

    Parameters
    ----------
    guids
        The posts that may be compared: those whose guid names the same post in both runs.
    """
    kept = now[now["guid"].isin(guids) & now["guid"].isin(then["guid"])]
    about = kept[["guid", "label", "group"]]
    return kept, about.merge(then.drop(columns=["label", "group"]), on="guid")


def rerun_scores(
    now: Tables,
    then: Tables,
    guids: Collection[str],
    deviations: Deviations,
    resamples: int,
    level: float,
    seed: int,
) -> list[dict[str, Any]]:
    """Compare each experiment with itself in an earlier run; p values are corrected together.

    Parameters
    ----------
    now, then
        Pooled predictions by name; of experiments that only one run has there is no row.
    guids
        As of :func:`common_posts`.
    deviations
        As of :func:`mmsent.evaluation.paired.compared`: of two runs that train on other posts, the
        seeds draw other numbers too. An experiment whose predictions are the same has none.

    Returns
    -------
    list of dict
        ``experiment``; weighted F1 ``now`` and ``then`` with its ends and ``_posts``, on all posts
        and by the labels of each run; ``posts`` in both; and if there are any ``test``, a row of
        :func:`mmsent.evaluation.paired.compared` (now against then, both by the labels of now), and
        how many predictions changed, by :data:`FLIPS`.
    """
    rows: dict[str, dict[str, Any]] = {name: {"experiment": name} for name in now if name in then}
    for when, tables in (("now", now), ("then", then)):
        for name, row in rows.items():
            confusions = table_confusions(tables[name])
            ends = group_bootstrap(confusions, resamples, level, seed)["weighted_f1"]
            row.update(interval_columns(when, (weighted_f1(confusions), *ends)))
            row[f"{when}_posts"] = len(tables[name])
    enough = enough_resamples(resamples, {"runs": [(name, _then(name)) for name in rows]}, level)
    for name, row in rows.items():
        both = common_posts(now[name], then[name], guids)
        row["posts"] = len(both[0])
        if row["posts"]:
            changes = flipped(*both)["flip"].value_counts()
            row["flips"] = {flip: int(changes.get(flip, 0)) for flip in FLIPS.values()}
            pair = (name, _then(name))
            tables = dict(zip(pair, both, strict=True))
            noise = deviations if changes.any() else {}
            (row["test"],) = uncorrected([pair], tables, enough, level, seed, noise)
    corrected([row["test"] for row in rows.values() if "test" in row], level)
    return list(rows.values())


def _then(name: str) -> str:
    return f"{name} then"


def flipped(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """Return the posts of :func:`common_posts` whose predicted class is another one.

    Returns
    -------
    pandas.DataFrame
        ``guid``, ``label`` (of now), ``then``, ``now`` (class indices) and ``flip``.
    """
    before = then["predicted"].to_numpy()
    table = now[["guid", "label"]].assign(then=before, now=now["predicted"])
    table = table[table["then"] != table["now"]]
    right = zip(table["then"] == table["label"], table["now"] == table["label"], strict=True)
    return table.assign(flip=[FLIPS[bool(was), bool(is_)] for was, is_ in right])
