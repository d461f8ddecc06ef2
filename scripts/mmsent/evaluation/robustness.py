"""Scores without a modality: never trained on, or removed from a trained model's test posts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmsent.evaluation.intervals import (
    group_bootstrap,
    interval_columns,
    table_confusions,
    weighted_f1,
)
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import difference
from mmsent.evaluation.pooling import pooled
from mmsent.labels import TEST_WITHOUT

ROBUSTNESS_COLUMNS = [
    "experiment", "dropped", "posts", "intact", "weighted_f1", "weighted_f1_low",
    "weighted_f1_high", "accuracy", "macro_f1", "loss", "loss_low", "loss_high", "trained_without",
    "trained_weighted_f1", "difference", "difference_low", "difference_high",
]  # fmt: skip


def robustness_table(
    runs: Mapping[str, list[pd.DataFrame]],
    folds: pd.DataFrame,
    single: Mapping[str, str],
    resamples: int,
    level: float,
    seed: int,
) -> pd.DataFrame:
    """Score models of both modalities on test posts of which one modality is blank.

    The network is the one trained on both; the blank is what the encoder makes of an empty text or
    a plain image, as with a post whose file cannot be read. It is compared with the experiment that
    was trained on the other modality only, on the same posts and folds.

    Parameters
    ----------
    runs
        Predictions of each fold, by experiment; those without both modalities are skipped.
    single
        ``text`` and ``image``: name of the experiment trained on that only, if there is one.

    Returns
    -------
    pandas.DataFrame
        For each experiment and modality that is dropped: ``experiment``, ``dropped``, ``posts``,
        ``intact`` (weighted F1 with both); without it ``weighted_f1``, ``accuracy`` and
        ``macro_f1``; ``loss`` (intact - without); ``trained_without`` (name),
        ``trained_weighted_f1``, ``difference`` (dropped at test - trained without it). The first,
        loss and difference have interval bounds (``_low``, ``_high``), by bootstraps over groups.
    """
    rows = []
    trained = {kind: table_confusions(pooled(runs[name], folds)) for kind, name in single.items()}
    for name, tables in runs.items():
        intact = table_confusions(pooled(tables, folds))
        for modality, subset in TEST_WITHOUT.items():
            if subset not in set(tables[0]["subset"]):
                continue
            without = table_confusions(pooled(tables, folds, subset))
            ends = group_bootstrap(without, resamples, level, seed)["weighted_f1"]
            metrics = metrics_from_confusion(without.sum(0))
            loss = difference(intact, without, resamples, level, seed)
            row: dict[str, Any] = {"experiment": name, "dropped": modality}
            row |= {"posts": int(without.sum()), "intact": weighted_f1(intact)}
            row |= interval_columns("weighted_f1", (weighted_f1(without), *ends))
            row |= {metric: float(metrics[metric]) for metric in ("accuracy", "macro_f1")}
            row |= interval_columns("loss", loss)
            kept = "image" if modality == "text" else "text"
            if kept in single:
                row["trained_without"] = single[kept]
                row["trained_weighted_f1"] = weighted_f1(trained[kept])
                compared = difference(without, trained[kept], resamples, level, seed)
                row |= interval_columns("difference", compared)
            rows.append(row)
    return pd.DataFrame(rows, columns=ROBUSTNESS_COLUMNS)
