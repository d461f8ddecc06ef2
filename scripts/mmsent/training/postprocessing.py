"""What happens to predictions after the network."""

import numpy as np

from mmsent.config.fitting import Postprocessing
from mmsent.labels import NEUTRAL


def postprocessed(
    probabilities: np.ndarray, rule: Postprocessing | None, threshold: float | None = None
) -> np.ndarray:
    """Predicted classes ``(posts,)`` of probabilities ``(posts, 3)``.

    With a rule, a post becomes neutral if it is hesitant and leans that way (the study's sections 3
    and 4). A post is judged by its own probabilities alone, never by how many others are neutral:
    what is said of it does not depend on the company in which it is predicted.

    Parameters
    ----------
    threshold
        The confidence below which a post is hesitant, from :func:`fitted_threshold`; None: the
        rule's own.
    """
    predicted = probabilities.argmax(1)
    if rule is None:
        return predicted
    hesitant = probabilities.max(1) < (rule.confidence_below if threshold is None else threshold)
    return np.where(hesitant & _leaning(probabilities, rule), NEUTRAL, predicted)


def _leaning(probabilities: np.ndarray, rule: Postprocessing) -> np.ndarray:
    confidence, neutral = probabilities.max(1), probabilities[:, NEUTRAL]
    return (neutral > rule.neutral_above) & (confidence - neutral <= rule.within)


def fitted_threshold(probabilities: np.ndarray, rule: Postprocessing | None) -> float | None:
    """The confidence below which a post of inner validation is hesitant, if a rule asks for it.

    With it, the least confident of the posts that lean that way become neutral until
    ``neutral_share`` of all are; it is 0 if as many are neutral anyway, and never above
    ``confidence_below``.

    Parameters
    ----------
    probabilities
        Of the inner validation posts, ``(posts, 3)``.
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
