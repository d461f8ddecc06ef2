"""What is lost when a modality is missing: never trained on, or taken away from a trained model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmsent.evaluation.intervals import group_bootstrap, table_confusions
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import difference
from mmsent.evaluation.pooling import pooled
from mmsent.labels import TEST_WITHOUT

_METRIC = "weighted_f1"
_OTHER = {"text": "image", "image": "text"}

ROBUSTNESS_COLUMNS = [
    "experiment", "dropped", "posts", "intact", _METRIC, f"{_METRIC}_low", f"{_METRIC}_high",
    "accuracy", "macro_f1", "loss", "loss_low", "loss_high", "trained_without",
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
    """Weighted F1 of models of both modalities whose test posts have one of them blank.

    The network is the one trained on both; the blank is what the encoder says of an empty text or
    a plain picture, as with a post whose file cannot be read. Beside it stands the experiment that
    was trained on the other modality alone, with the same posts and folds: a model that loses more
    leans on both being there.

    Parameters
    ----------
    runs
        Predictions of each experiment's runs, by name; those without both modalities are passed
        over.
    single
        ``text`` and ``image``: name of the experiment trained on that alone, if there is one.

    Returns
    -------
    pandas.DataFrame
        For each experiment and modality that is dropped: ``experiment``, ``dropped``, ``posts``,
        ``intact`` (weighted F1 with both), ``weighted_f1``, ``weighted_f1_low``,
        ``weighted_f1_high``, ``accuracy``, ``macro_f1`` (without), ``loss`` (intact less without),
        ``loss_low``, ``loss_high``; ``trained_without`` (name), ``trained_weighted_f1``,
        ``difference`` (dropped at test less trained without it), ``difference_low``,
        ``difference_high``. Intervals are paired bootstraps over groups.
    """
    rows = []
    trained = {kind: table_confusions(pooled(runs[name], folds)) for kind, name in single.items()}
    for name, own in runs.items():
        subsets = set(own[0]["subset"])
        intact = table_confusions(pooled(own, folds))
        for modality, subset in TEST_WITHOUT.items():
            if subset not in subsets:
                continue
            without = table_confusions(pooled(own, folds, subset))
            metrics = metrics_from_confusion(without.sum(0))
            ends = group_bootstrap(without, resamples, level, seed)[_METRIC]
            row: dict[str, Any] = {"experiment": name, "dropped": modality}
            row |= {"posts": int(without.sum()), "intact": _score(intact)}
            row |= _named(_METRIC, (_score(without), *ends))
            row |= {metric: float(metrics[metric]) for metric in ("accuracy", "macro_f1")}
            row |= _named("loss", difference(intact, without, resamples, level, seed))
            kept = _OTHER[modality]
            if kept in single:
                row["trained_without"] = single[kept]
                row["trained_weighted_f1"] = _score(trained[kept])
                found = difference(without, trained[kept], resamples, level, seed)
                row |= _named("difference", found)
            rows.append(row)
    return pd.DataFrame(rows, columns=ROBUSTNESS_COLUMNS)


def _score(confusions: np.ndarray) -> float:
    return float(metrics_from_confusion(confusions.sum(0))[_METRIC])


def _named(name: str, found: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))
