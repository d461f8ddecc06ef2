"""Posts that a model gets wrong: each once, from the fold that tested it."""

from typing import Any

import numpy as np
import pandas as pd

from mmsent.data.layout import guid_order
from mmsent.labels import LABELS, PROBABILITY_COLUMNS

#: Columns of the table of an experiment's wrong posts.
BAD_CASE_COLUMNS = [
    "guid", "label", "predicted", "confidence", *PROBABILITY_COLUMNS, "group", "conflict", "text",
]  # fmt: skip


def conflicting_groups(folds: pd.DataFrame) -> set[str]:
    """Near-duplicate groups whose labelled posts have different labels: a model must fail some."""
    labels = folds.groupby("group")["label"].nunique()
    return set(labels.index[labels > 1])


def bad_cases(table: pd.DataFrame, folds: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """The posts that an experiment gets wrong, the most confident mistake first.

    Parameters
    ----------
    table
        Pooled out-of-fold predictions, from :func:`mmsent.evaluation.pooling.pooled`.
    folds
        Columns ``group`` and ``label``.
    posts
        Columns ``guid`` and ``text``.

    Returns
    -------
    pandas.DataFrame
        :data:`BAD_CASE_COLUMNS`: ``label`` and ``predicted`` by name; ``confidence`` is the
        probability of the predicted class, which after post-processing need not be the highest;
        ``conflict`` says whether near-duplicates of the post are labelled otherwise; white space
        in ``text`` is collapsed, so that a post is a line.

    Raises
    ------
    ValueError
        If a post is not in ``posts``.
    """
    wrong = table[table["label"] != table["predicted"]].copy()
    chances = wrong[PROBABILITY_COLUMNS].to_numpy()
    wrong["confidence"] = chances[np.arange(len(wrong)), wrong["predicted"].to_numpy()]
    wrong["conflict"] = wrong["group"].isin(conflicting_groups(folds))
    texts = dict(zip(posts["guid"], posts["text"], strict=True))
    unknown = [guid for guid in wrong["guid"] if guid not in texts]
    if unknown:
        raise ValueError(f"{len(unknown)} posts are not known: guid {', '.join(unknown[:5])}")
    wrong["text"] = [" ".join(texts[guid].split()) for guid in wrong["guid"]]
    wrong["number"] = wrong["guid"].map(guid_order)
    wrong = wrong.sort_values(["confidence", "number"], ascending=[False, True])
    for column in ("label", "predicted"):
        wrong[column] = [LABELS[index] for index in wrong[column]]
    return wrong[BAD_CASE_COLUMNS].reset_index(drop=True)


def worst(wrong: pd.DataFrame, count: int) -> pd.DataFrame:
    """The first posts of a table sorted by confidence, of each near-duplicate group only one."""
    return wrong[~wrong["group"].duplicated()].head(count)


def shown_cases(
    wrong_by_name: dict[str, pd.DataFrame], folds: pd.DataFrame, count: int
) -> dict[str, list[dict[str, Any]]]:
    """The mistakes that the report shows one by one.

    Parameters
    ----------
    wrong_by_name
        The wrong posts of each experiment, from :func:`bad_cases`, in order.
    folds
        Columns ``guid``, ``group`` and ``label``.
    count
        Posts of each list, at most; of near-duplicates one.

    Returns
    -------
    dict
        ``last``: the most confident mistakes of the last experiment; ``common``: those wrong in all
        experiments by their mean confidence, none of which is among the first, and none at all if
        there is but one experiment. Each case has ``guid``, ``label``, ``text``; ``predicted``,
        ``confidence`` and ``probabilities`` by class (of the last experiment); ``wrong_in``
        (experiments, by name); ``mean_confidence`` over them; ``twins``: ``guid`` and ``label`` of
        near-duplicates that are labelled otherwise.
    """
    every = pd.concat([t.assign(experiment=name) for name, t in wrong_by_name.items()])
    by_guid = every.groupby("guid")
    wrong_in = by_guid["experiment"].agg(list).to_dict()
    mean = by_guid["confidence"].mean()
    last = list(wrong_by_name.values())[-1]
    first = worst(last, count)
    everywhere = [len(wrong_in[guid]) == len(wrong_by_name) for guid in last["guid"]]
    common = last[np.array(everywhere, dtype=bool)]
    common = common.assign(mean=common["guid"].map(mean))
    # Stable, so that of equals the one with the lower number stays first.
    common = common.sort_values("mean", ascending=False, kind="stable")
    common = common[~common["group"].isin(first["group"])]
    lists = {"last": first, "common": worst(common, count if len(wrong_by_name) > 1 else 0)}
    return {
        kind: [_case(row, wrong_in, mean, folds) for row in table.to_dict("records")]
        for kind, table in lists.items()
    }


def _case(
    row: dict[Any, Any], wrong_in: dict[str, list[str]], mean: pd.Series, folds: pd.DataFrame
) -> dict[str, Any]:
    twins = folds[(folds["group"] == row["group"]) & (folds["guid"] != row["guid"])]
    named = [
        (guid, LABELS[label]) for guid, label in zip(twins["guid"], twins["label"], strict=True)
    ]
    return {name: row[name] for name in ("guid", "label", "predicted", "text")} | {
        "confidence": round(float(row["confidence"]), 6),
        "mean_confidence": round(float(mean[row["guid"]]), 6),
        "probabilities": {name: round(float(row[f"p_{name}"]), 6) for name in LABELS},
        "wrong_in": wrong_in[row["guid"]],
        "twins": [{"guid": g, "label": label} for g, label in named if label != row["label"]],
    }


def bad_case_numbers(
    pooled_by_name: dict[str, pd.DataFrame],
    wrong_by_name: dict[str, pd.DataFrame],
    folds: pd.DataFrame,
) -> dict[str, Any]:
    """Counts of the wrong posts of several experiments.

    Parameters
    ----------
    pooled_by_name
        Pooled predictions of each experiment, in the order in which they follow each other.
    wrong_by_name
        The wrong ones of each, from :func:`bad_cases`.
    folds
        Columns ``group`` and ``label``.

    Returns
    -------
    dict
        ``posts``; ``conflict`` and ``conflict_share``: of all posts, those whose near-duplicates
        are labelled otherwise; ``wrong_in_all`` and ``right_in_all`` of the experiments;
        ``experiments``: for each what :func:`_numbers` says, and ``since``: ``before`` (the
        experiment before), ``mended`` (wrong there, right here) and ``spoilt`` (right there, wrong
        here), or ``None`` for the first.

    Raises
    ------
    ValueError
        If the experiments do not predict the same posts.
    """
    every = [set(table["guid"]) for table in pooled_by_name.values()]
    if any(guids != every[0] for guids in every):
        raise ValueError("the experiments do not predict the same posts")
    wrong = {name: set(table["guid"]) for name, table in wrong_by_name.items()}
    experiments = {}
    before: str | None = None
    for name, table in wrong_by_name.items():
        numbers = _numbers(table, len(every[0])) | {"since": None}
        if before is not None:
            numbers["since"] = {
                "before": before,
                "mended": len(wrong[before] - wrong[name]),
                "spoilt": len(wrong[name] - wrong[before]),
            }
        experiments[name] = numbers
        before = name
    conflict = folds["group"].isin(conflicting_groups(folds))
    return {
        "posts": len(every[0]),
        "conflict": int(conflict.sum()),
        "conflict_share": round(float(conflict.mean()), 6),
        "wrong_in_all": len(set.intersection(*wrong.values())),
        "right_in_all": len(every[0] - set.union(*wrong.values())),
        "experiments": experiments,
    }


def _numbers(wrong: pd.DataFrame, posts: int) -> dict[str, Any]:
    """Of one experiment.

    Returns
    -------
    dict
        ``wrong`` (posts), ``share`` (of all posts), ``errors``: ``label``, ``predicted``, ``count``
        and ``share`` (of the wrong posts) of each kind that occurs, the most frequent first;
        ``confidence``: ``mean``, ``median``, ``min`` and ``max`` over the wrong posts, or ``None``;
        ``conflict`` and ``conflict_share`` (wrong posts whose near-duplicates are labelled
        otherwise; of the wrong posts).
    """
    kinds = wrong.groupby(["label", "predicted"]).size()
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    confidence = wrong["confidence"]
    return {
        "wrong": len(wrong),
        "share": round(len(wrong) / posts, 6),
        "errors": [
            {
                "label": label,
                "predicted": predicted,
                "count": int(count),
                "share": round(count / len(wrong), 6),
            }
            for (label, predicted), count in ordered
        ],
        "confidence": summary(confidence.to_numpy()),
        "conflict": int(wrong["conflict"].sum()),
        "conflict_share": round(float(wrong["conflict"].mean()), 6) if len(wrong) else 0.0,
    }


def summary(values: np.ndarray) -> dict[str, float] | None:
    """Mean, median, min and max of values ``(n,)``; ``None`` if there are none."""
    if not len(values):
        return None
    return {
        name: round(float(function(values)), 6)
        for name, function in (
            ("mean", np.mean),
            ("median", np.median),
            ("min", np.min),
            ("max", np.max),
        )
    }
