"""Posts that a model misclassifies: each once, from the fold that tested it."""

import itertools
from typing import Any

import numpy as np
import pandas as pd

from mmsent.data.layout import guid_order
from mmsent.labels import LABELS


def conflicting_groups(folds: pd.DataFrame) -> set[str]:
    """Return near-duplicate groups whose posts have different labels: a model must fail some."""
    labels = folds.groupby("group")["label"].nunique()
    return set(labels.index[labels > 1])


def bad_cases(table: pd.DataFrame, folds: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """Return the posts that an experiment misclassifies, the most confident mistake first.

    Parameters
    ----------
    table
        Pooled out-of-fold predictions, from :func:`mmsent.evaluation.pooling.pooled`.
    folds, posts
        Columns ``group`` and ``label``, and ``guid`` and ``text``.

    Returns
    -------
    pandas.DataFrame
        ``guid``; ``label`` and ``predicted`` by name; ``confidence``, the probability of the
        predicted class, which after post-processing need not be the highest; all probabilities;
        ``group``;
        ``conflict``: whether near-duplicates of the post have another label; white space in
        ``text`` is collapsed, so that a post is a line.

    Raises
    ------
    KeyError
        If a post is not in ``posts``.
    """
    wrong = table[table["label"] != table["predicted"]].copy()
    probabilities = wrong[LABELS.probability_columns].to_numpy()
    wrong["confidence"] = probabilities[np.arange(len(wrong)), wrong["predicted"].to_numpy()]
    wrong["conflict"] = wrong["group"].isin(conflicting_groups(folds))
    texts = posts.set_index("guid")["text"].loc[wrong["guid"]]
    wrong["text"] = [" ".join(text.split()) for text in texts]
    wrong["number"] = wrong["guid"].map(guid_order)
    for column in ("label", "predicted"):
        wrong[column] = [LABELS[index] for index in wrong[column]]
    wrong = wrong.sort_values(["confidence", "number"], ascending=[False, True])
    columns = ["guid", "label", "predicted", "confidence", *LABELS.probability_columns,
               "group", "conflict", "text"]  # fmt: skip
    return wrong[columns].reset_index(drop=True)


def worst(wrong: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the first posts of a table sorted by confidence, one of each near-duplicate group."""
    return wrong.drop_duplicates("group").head(count)


def shown_cases(
    wrong_by_name: dict[str, pd.DataFrame], folds: pd.DataFrame, count: int
) -> dict[str, list[dict[str, Any]]]:
    """Return the mistakes that the report shows one by one.

    Parameters
    ----------
    wrong_by_name
        The misclassified posts of each experiment, from :func:`bad_cases`, in order.
    folds
        Columns ``guid``, ``group`` and ``label``.
    count
        Posts of each list, at most; one of each near-duplicate group.

    Returns
    -------
    dict
        ``last``: the most confident mistakes of the last experiment; ``common``: other posts that
        all experiments misclassify, by their mean confidence (none if there is one experiment).
        Each case has ``guid``, ``label``, ``text``; ``predicted``, ``confidence`` and
        ``probabilities`` by class (of the last experiment); ``wrong_in`` (experiments, by name);
        ``mean_confidence`` over them; ``twins``: ``guid`` and ``label`` of near-duplicates with
        another label.
    """
    mistakes = pd.concat([t.assign(experiment=name) for name, t in wrong_by_name.items()])
    by_guid = mistakes.groupby("guid")
    last = list(wrong_by_name.values())[-1]
    last = last.assign(
        wrong_in=last["guid"].map(by_guid["experiment"].agg(list)),
        times=last["guid"].map(by_guid.size()),
        mean_confidence=last["guid"].map(by_guid["confidence"].mean()),
    )
    first = worst(last, count)
    common = last[(last["times"] == len(wrong_by_name)) & ~last["group"].isin(first["group"])]
    # Stable, so that of equals the one with the lower number stays first.
    common = common.sort_values("mean_confidence", ascending=False, kind="stable")
    lists = {"last": first, "common": worst(common, count if len(wrong_by_name) > 1 else 0)}
    return {
        kind: [_case(row, folds) for row in table.to_dict("records")]
        for kind, table in lists.items()
    }


def _case(row: dict[Any, Any], folds: pd.DataFrame) -> dict[str, Any]:
    others = folds.loc[folds["group"] == row["group"], ["guid", "label"]]
    others = others.assign(label=others["label"].map(dict(enumerate(LABELS))))
    return {name: row[name] for name in ("guid", "label", "predicted", "text", "wrong_in")} | {
        "confidence": round(row["confidence"], 6),
        "mean_confidence": round(row["mean_confidence"], 6),
        "probabilities": {name: round(row[f"p_{name}"], 6) for name in LABELS},
        "twins": others[others["label"] != row["label"]].to_dict("records"),
    }


def bad_case_numbers(
    pooled_by_name: dict[str, pd.DataFrame],
    wrong_by_name: dict[str, pd.DataFrame],
    folds: pd.DataFrame,
) -> dict[str, Any]:
    """Count the misclassified posts of several experiments.

    Parameters
    ----------
    pooled_by_name, wrong_by_name
        Pooled predictions of each experiment, in the order in which they follow each other, and
        the misclassified posts of each, from :func:`bad_cases`.
    folds
        Columns ``group`` and ``label``.

    Returns
    -------
    dict
        ``posts``; ``conflict`` and ``conflict_share``: of all posts, those whose near-duplicates
        have another label; ``wrong_in_all`` and ``right_in_all`` of the experiments;
        ``experiments``: of each ``wrong`` (posts) and ``share``; ``errors``: ``label``,
        ``predicted``, ``count`` and ``share`` of each kind, the most frequent first;
        ``confidence`` (:func:`summary`); ``conflict`` and ``conflict_share``; and ``since``:
        ``before`` (the experiment before), ``mended`` (wrong there, right here) and ``spoilt``
        (right there, wrong here), or ``None`` for the first.
    """
    posts = set(next(iter(pooled_by_name.values()))["guid"])
    wrong = {name: set(table["guid"]) for name, table in wrong_by_name.items()}
    numbers = {n: _numbers(t, len(posts)) | {"since": None} for n, t in wrong_by_name.items()}
    for before, name in itertools.pairwise(wrong):
        numbers[name]["since"] = {
            "before": before,
            "mended": len(wrong[before] - wrong[name]),
            "spoilt": len(wrong[name] - wrong[before]),
        }
    conflict = folds["group"].isin(conflicting_groups(folds))
    return {
        "posts": len(posts),
        "conflict": int(conflict.sum()),
        "conflict_share": round(float(conflict.mean()), 6),
        "wrong_in_all": len(set.intersection(*wrong.values())),
        "right_in_all": len(posts - set.union(*wrong.values())),
        "experiments": numbers,
    }


def _numbers(wrong: pd.DataFrame, posts: int) -> dict[str, Any]:
    """Count the misclassified posts of one experiment, see :func:`bad_case_numbers`."""
    kinds = wrong.groupby(["label", "predicted"]).size().sort_values(ascending=False, kind="stable")
    return {
        "wrong": len(wrong),
        "share": round(len(wrong) / posts, 6),
        "errors": [
            {"label": label, "predicted": predicted, "count": count,
             "share": round(count / len(wrong), 6)}
            for (label, predicted), count in kinds.to_dict().items()
        ],
        "confidence": summary(wrong["confidence"].to_numpy()),
        "conflict": int(wrong["conflict"].sum()),
        "conflict_share": round(float(wrong["conflict"].mean()), 6) if len(wrong) else 0.0,
    }  # fmt: skip


def summary(values: np.ndarray) -> dict[str, float] | None:
    """Return mean, median, min and max of values ``(n,)``; ``None`` if there are none."""
    if not len(values):
        return None
    numbers = pd.Series(values).agg(["mean", "median", "min", "max"])
    return {name: round(value, 6) for name, value in numbers.to_dict().items()}
