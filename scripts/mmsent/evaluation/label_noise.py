"""Labels in doubt: confident learning on out-of-fold probabilities.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from mmsent.data.layout import guid_order
from mmsent.evaluation.bad_cases import worst
from mmsent.evaluation.intervals import table_confusions, weighted_f1
from mmsent.evaluation.paired import aligned
from mmsent.labels import LABELS

#: Fraction of the posts without which the versions are scored once more.
MOST_DOUBTFUL = 0.05

#: Posts that documents show of each kind.
SHOWN = 10


def columns() -> list[str]:
    """Return the columns of the table of labels by doubt."""
    return ["guid", "label", "suggested", "quality", "flagged", "conflict", "other_labels",
            *LABELS.probability_columns, "group", "text"]  # fmt: skip


def ranked_labels(
    tables: Sequence[pd.DataFrame], folds: pd.DataFrame, posts: pd.DataFrame
) -> pd.DataFrame:
    """Return all labelled posts, the most doubtful label first.

    Posts whose near-duplicates have another label come first, then the others, each by the quality
    of the label.

    Parameters
    ----------
    tables
        Pooled out-of-fold predictions of experiments, whose probabilities are averaged.
    folds, posts
        Columns ``guid``, ``group`` and ``label``, and ``guid`` and ``text``.

    Returns
    -------
    pandas.DataFrame
        :func:`columns`: ``label`` and ``suggested`` (the most probable class) by name; ``quality``:
        cleanlab's normalised margin, 0 (doubtful) to 1; ``flagged``: counted off the diagonal of
        the confident joint; ``conflict``: a near-duplicate has another label, and these
        ``other_labels``; ``text`` in one line.
    """
    table = _averaged(tables)
    label, probabilities = table["label"].to_numpy(), table[LABELS.probability_columns].to_numpy()
    names, text = np.array([*LABELS]), posts.set_index("guid")["text"]
    of_group = folds.groupby("group")["label"].agg(set)
    others = [of_group[g] - {index} for g, index in zip(table["group"], label, strict=True)]
    table = table.assign(
        label=names[label],
        suggested=names[probabilities.argmax(1)],
        quality=get_label_quality_scores(label, probabilities, method="normalized_margin"),
        flagged=find_label_issues(label, probabilities, filter_by="confident_learning", n_jobs=1),
        conflict=list(map(bool, others)),
        other_labels=[", ".join(LABELS[index] for index in sorted(group)) for group in others],
        text=[" ".join(text[guid].split()) for guid in table["guid"]],
        number=table["guid"].map(guid_order),
    )
    order = table.sort_values(["conflict", "quality", "number"], ascending=[False, True, True])
    return order[columns()].reset_index(drop=True)


def _averaged(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The tables as one, with the mean of their probabilities."""
    same = list(aligned({str(n): table for n, table in enumerate(tables)}).values())
    mean = np.mean([table[LABELS.probability_columns].to_numpy() for table in same], axis=0)
    return same[0][["guid", "label", "group"]].assign(
        **dict(zip(LABELS.probability_columns, mean.T, strict=True))
    )


def shown_labels(ranked: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the first posts of :func:`ranked_labels` that documents show, one of each group.

    ``conflicts``: posts whose near-duplicates have another label; ``doubtful``: flagged others.
    """
    kinds = {"conflicts": ranked["conflict"], "doubtful": ~ranked["conflict"] & ranked["flagged"]}
    return {kind: worst(ranked[rows], SHOWN) for kind, rows in kinds.items()}


def noise_numbers(ranked: pd.DataFrame) -> dict[str, Any]:
    """Count the doubtful labels of :func:`ranked_labels`, and estimate how labels are confused.

    Returns
    -------
    dict
        ``posts``; ``flagged``; ``health``: fraction that is not flagged; ``conflict`` (posts) and
        ``conflicting_groups``; ``joint``: estimated posts by true class and, within it, label;
        ``noise``: the same as fractions of the true class; ``shown``: of each kind of
        :func:`shown_labels` the posts, without their texts.
    """
    label = ranked["label"].map(LABELS.index).to_numpy()
    probabilities = ranked[LABELS.probability_columns].to_numpy()
    counted = compute_confident_joint(label, probabilities, calibrate=False)
    # Calibrated to the number of posts with each label, which cleanlab does in whole posts alone.
    posts = np.bincount(label, minlength=len(LABELS))
    joint = (counted / counted.sum(1, keepdims=True) * posts[:, None]).T
    conflict = ranked[ranked["conflict"]]
    return {
        "posts": len(ranked),
        "flagged": int(ranked["flagged"].sum()),
        "health": 1 - float(ranked["flagged"].mean()),
        "conflict": len(conflict),
        "conflicting_groups": int(conflict["group"].nunique()),
        "joint": _by_class(joint),
        "noise": _by_class(joint / joint.sum(1, keepdims=True)),
        "shown": {
            kind: table.drop(columns="text").to_dict("records")
            for kind, table in shown_labels(ranked).items()
        },
    }


def _by_class(matrix: np.ndarray) -> dict[str, dict[str, float]]:
    rows = np.round(matrix, 6).tolist()
    return {n: dict(zip(LABELS, row, strict=True)) for n, row in zip(LABELS, rows, strict=True)}


def scores_without(
    tables: Mapping[str, pd.DataFrame], ranked: pd.DataFrame, averaged: Sequence[str]
) -> list[dict[str, Any]]:
    """Score experiments on all posts, and without the first :data:`MOST_DOUBTFUL` of ``ranked``.

    Returns
    -------
    list of dict
        Of each experiment ``experiment``, ``averaged`` (whether its probabilities are part of the
        ranking), ``weighted_f1`` and ``rank`` on all posts, ``without`` and ``rank_without``.
    """
    doubtful = set(ranked["guid"].head(round(MOST_DOUBTFUL * len(ranked))))
    rows = [
        {
            "experiment": name,
            "averaged": name in averaged,
            "weighted_f1": weighted_f1(table_confusions(table)),
            "without": weighted_f1(table_confusions(table[~table["guid"].isin(doubtful)])),
        }
        for name, table in tables.items()
    ]
    for column, rank in (("weighted_f1", "rank"), ("without", "rank_without")):
        ranks = pd.DataFrame(rows)[column].rank(method="min", ascending=False).astype(int)
        rows = [row | {rank: number} for row, number in zip(rows, ranks.tolist(), strict=True)]
    return rows
