"""Runs of baselines: each predicts the posts of a fold as every experiment does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_union

from mmsent.baselines.lexicon import (
    CLASSES,
    LEAST_ENGLISH,
    answer_probabilities,
    english_fraction,
    lexicon_answers,
)
from mmsent.baselines.linear_probe import fit_probe
from mmsent.config.baselines import BASELINES, PROBES, Baseline
from mmsent.encoders.embeddings import Embeddings
from mmsent.evaluation.pooling import prediction_columns, prediction_metrics, prediction_table
from mmsent.labels import LABELLED, LABELS, TEST_WITHOUT, TRAIN, VALIDATION
from mmsent.training.splits import posts_by_split

#: Probabilities of all rows of a fold, and what is recorded of the run.
Predicted = tuple[np.ndarray, dict[str, Any]]


@dataclass(frozen=True)
class Fold:
    """The posts of a fold, split by split.

    Attributes
    ----------
    rows
        The posts, with the column ``split``; a test post has a row for each split that it is in,
        and its label is hidden.
    states
        Frozen states of each modality that an experiment reads.
    clip
        Settings of the CLIP whose states those of the images are; None: of another encoder.
    """

    rows: pd.DataFrame
    states: Mapping[str, Embeddings]
    clip: dict[str, Any] | None = None

    @property
    def labels(self) -> np.ndarray:
        """Label of each row."""
        return self.rows["label"].to_numpy()

    def of(self, split: str) -> np.ndarray:
        """Return the numbers of the rows of a split."""
        return np.flatnonzero(self.rows["split"] == split)

    @property
    def refit(self) -> np.ndarray:
        """The numbers of the rows of a last fit: training and validation posts.

        A fold table with a fraction of the training posts names the same fraction of both.
        """
        both = np.concatenate([self.of(TRAIN), self.of(VALIDATION)])
        return both[self.rows["refit"].to_numpy()[both]] if "refit" in self.rows else both

    def vectors(self, modality: str) -> np.ndarray:
        """Return the frozen states of a modality, ``(rows, dim)``; of both, side by side."""
        parts = ("text", "image") if modality == "both" else (modality,)
        guids = self.rows["guid"].tolist()
        states = [self.states[p].of(guids, self.rows[f"{p}_blanked"].tolist()) for p in parts]
        return np.hstack(states).astype(np.float32)


def load_fold(
    posts: pd.DataFrame,
    folds: pd.DataFrame,
    number: int,
    states: Mapping[str, Embeddings],
    clip: dict[str, Any] | None,
) -> Fold:
    """List the posts of a fold by split."""
    splits = posts_by_split(posts, folds, number)
    tables = [table.assign(split=split) for split, table in splits.items()]
    rows = pd.concat(tables, ignore_index=True)
    if f"refit_{number}" in folds:
        rows["refit"] = rows["guid"].isin(folds.loc[folds[f"refit_{number}"], "guid"])
    return Fold(rows, states, clip)


def reason_to_leave_out(
    name: Baseline,
    posts: pd.DataFrame,
    modalities: Mapping[str, Any],
    clip: dict[str, Any] | None,
) -> str:
    """Return why a baseline cannot be computed; an empty text if it can.

    Parameters
    ----------
    modalities
        Those of which an experiment reads frozen states.
    """
    if name == "vader":
        return _no_lexicon(posts)
    if name == "zero_shot_clip":
        return "" if clip else "the images are not encoded by a CLIP"
    needed = ("text", "image") if BASELINES[name] == "both" else (BASELINES[name],)
    missing = [modality for modality in needed if modality not in modalities]
    if name in PROBES.values() and missing:
        return f"no experiment reads frozen states of the {missing[0]}"
    return ""


def _no_lexicon(posts: pd.DataFrame) -> str:
    if set(LABELS) != CLASSES:
        return f"its answers are {', '.join(sorted(CLASSES))}, which are not the labels"
    fraction = english_fraction(posts.loc[posts["subset"] == LABELLED, "text"])
    if fraction >= LEAST_ENGLISH:
        return ""
    return (
        f"the texts are not English: {100 * fraction:.1f} % of their words are frequent English "
        f"ones, fewer than {100 * LEAST_ENGLISH:.0f} %"
    )


def majority(fold: Fold) -> Predicted:
    """Predict the most frequent class; probabilities are the fractions of the training posts."""
    train = fold.of(TRAIN)
    counts = np.bincount(fold.labels[train], minlength=len(LABELS))
    return np.tile(counts / counts.sum(), (len(fold.rows), 1)), {"train_posts": len(train)}


def tfidf(fold: Fold) -> Predicted:
    """Fit logistic regression on tf-idf of words and pairs of words, and of 2 to 5 characters."""
    settings: dict[str, Any] = {"min_df": 2, "sublinear_tf": True, "dtype": np.float32}
    vectors = make_union(
        TfidfVectorizer(ngram_range=(1, 2), **settings),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **settings),
    )
    texts = fold.rows["text"].to_numpy()
    vectors.fit(texts[fold.refit])
    return _probed(fold, vectors.transform(texts), standardise=False)


def probe(fold: Fold, modality: str) -> Predicted:
    """Fit a linear probe on the frozen states of a modality, or of both."""
    return _probed(fold, fold.vectors(modality))


def _probed(fold: Fold, features: Any, standardise: bool = True) -> Predicted:
    train, validation = fold.of(TRAIN), fold.of(VALIDATION)
    fitted = fit_probe(features, fold.labels, train, validation, standardise, fold.refit)
    return fitted.probabilities, {
        "train_posts": len(fold.refit),
        "trained_parameters": fitted.parameters,
        "c": fitted.c,
        "validation_log_loss_by_c": {f"{c:g}": loss for c, loss in fitted.losses.items()},
    }


def vader(fold: Fold) -> Predicted:
    """Predict by the lexicon; training posts decide how probable its answers are."""
    train = fold.of(TRAIN)
    probabilities = answer_probabilities(lexicon_answers(fold.rows["text"]), fold.labels, train)
    return probabilities, {"train_posts": len(train)}


def zero_shot_clip(fold: Fold) -> Predicted:
    """Predict the class whose prompts the image is closest to."""
    from mmsent.baselines.zero_shot_clip import zero_shot

    return zero_shot(fold.clip or {}, fold.vectors("image")), {"train_posts": 0}


PREDICTORS: dict[Baseline, Callable[[Fold], Predicted]] = {
    "majority": majority,
    "tfidf": tfidf,
    "probe_text": partial(probe, modality="text"),
    "probe_image": partial(probe, modality="image"),
    "probe_both": partial(probe, modality="both"),
    "vader": vader,
    "zero_shot_clip": zero_shot_clip,
}


def baseline_run(
    name: Baseline, fold: Fold, number: int, label_of: Mapping[str, int]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the predictions table and the metrics of a baseline on a fold.

    Parameters
    ----------
    label_of
        Label of each post by its guid, for the predictions table alone.
    """
    if BASELINES[name] != "both":
        kept = ~fold.rows["split"].isin(TEST_WITHOUT.values())
        fold = replace(fold, rows=fold.rows[kept].reset_index(drop=True))
    probabilities, metrics = PREDICTORS[name](fold)
    tables = [
        prediction_table(part["guid"], label_of, number, str(split), probabilities[part.index])
        for split, part in fold.rows.groupby("split", sort=False)
        if split != TRAIN
    ]
    predictions = pd.concat(tables, ignore_index=True)
    scores = prediction_metrics(predictions[predictions["subset"] == VALIDATION])
    return predictions, {"trained_parameters": 0} | metrics | {"validation": scores}


def left_out(reason: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return an empty predictions table, and the reason as metrics."""
    return pd.DataFrame(columns=prediction_columns()), {"left_out": reason}
