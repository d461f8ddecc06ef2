"""Reassignment of low-confidence predictions to the rare class (the study's sections 3 and 4)."""

import numpy as np

from mmsent.config.fitting import Postprocessing
from mmsent.labels import LABELS


def postprocessed(
    probabilities: np.ndarray, rule: Postprocessing | None, threshold: float | None = None
) -> np.ndarray:
    """Return the predicted classes ``(posts,)`` of probabilities ``(posts, classes)``.

    With a rule, a low-confidence prediction that leans towards the rare class becomes it. Each post
    is judged by its probabilities alone, so that its class does not depend on the posts that
    are predicted with it.

    Parameters
    ----------
    threshold
        The confidence below which a post may be reassigned, from :func:`fitted_threshold`; None:
        ``rule.confidence_below``.
    """
    predicted = probabilities.argmax(1)
    if rule is None or LABELS.rare is None:
        return predicted
    limit = rule.confidence_below if threshold is None else threshold
    low_confidence = probabilities.max(1) < limit
    leaning = _leaning(probabilities, LABELS.rare, rule)
    return np.where(low_confidence & leaning, LABELS.rare, predicted)


def _leaning(probabilities: np.ndarray, rare: int, rule: Postprocessing) -> np.ndarray:
    confidence, of_rare = probabilities.max(1), probabilities[:, rare]
    return (of_rare > rule.rare_above) & (confidence - of_rare <= rule.within)


def fitted_threshold(probabilities: np.ndarray, rule: Postprocessing | None) -> float | None:
    """Return the confidence below which a post is reassigned, fitted on inner validation.

    ``probabilities`` are those of the inner validation posts, ``(posts, classes)``. At this
    threshold the least confident of the posts that lean towards the rare class become it until
    ``rare_share`` of all posts are. It is 0 if enough posts are anyway, never above
    ``confidence_below``, and None if the rule has no ``rare_share``.
    """
    if rule is None or rule.rare_share is None or LABELS.rare is None:
        return None
    other = probabilities.argmax(1) != LABELS.rare
    missing = round(rule.rare_share * len(probabilities)) - int((~other).sum())
    confidence = np.sort(probabilities[other & _leaning(probabilities, LABELS.rare, rule)].max(1))
    candidates = confidence[confidence < rule.confidence_below]
    if missing <= 0 or len(candidates) == 0:
        return 0.0
    if missing >= len(candidates):
        return rule.confidence_below
    return float((candidates[missing - 1] + candidates[missing]) / 2)
