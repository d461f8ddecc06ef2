"""Reassignment of low-confidence predictions to neutral (the study's sections 3 and 4)."""

import numpy as np

from mmsent.config.fitting import Postprocessing
from mmsent.labels import NEUTRAL


def postprocessed(
    probabilities: np.ndarray, rule: Postprocessing | None, threshold: float | None = None
) -> np.ndarray:
    """Return the predicted classes ``(posts,)`` of probabilities ``(posts, 3)``.

    With a rule, a low-confidence prediction that leans towards neutral becomes neutral. Each post
    is judged by its probabilities alone, so that its class does not depend on the posts that
    are predicted with it.

    Parameters
    ----------
    threshold
        The confidence below which a post may become neutral, from :func:`fitted_threshold`; None:
        ``rule.confidence_below``.
    """
    predicted = probabilities.argmax(1)
    if rule is None:
        return predicted
    limit = rule.confidence_below if threshold is None else threshold
    low_confidence = probabilities.max(1) < limit
    return np.where(low_confidence & _leaning(probabilities, rule), NEUTRAL, predicted)


def _leaning(probabilities: np.ndarray, rule: Postprocessing) -> np.ndarray:
    confidence, neutral = probabilities.max(1), probabilities[:, NEUTRAL]
    return (neutral > rule.neutral_above) & (confidence - neutral <= rule.within)


def fitted_threshold(probabilities: np.ndarray, rule: Postprocessing | None) -> float | None:
    """Return the confidence below which a post may become neutral, fitted on inner validation.

    ``probabilities`` are those of the inner validation posts, ``(posts, 3)``. At this threshold the
    least confident of the posts that lean towards neutral become neutral until ``neutral_share`` of
    all posts are. It is 0 if enough posts are neutral anyway, never above ``confidence_below``, and
    None if the rule has no ``neutral_share``.
    """
    if rule is None or rule.neutral_share is None:
        return None
    other = probabilities.argmax(1) != NEUTRAL
    missing = round(rule.neutral_share * len(probabilities)) - int((~other).sum())
    confidence = np.sort(probabilities[other & _leaning(probabilities, rule)].max(1))
    candidates = confidence[confidence < rule.confidence_below]
    if missing <= 0 or len(candidates) == 0:
        return 0.0
    if missing >= len(candidates):
        return rule.confidence_below
    return float((candidates[missing - 1] + candidates[missing]) / 2)
