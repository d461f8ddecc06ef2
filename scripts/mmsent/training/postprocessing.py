"""What happens to predictions after the network."""

import numpy as np

from mmsent.config.experiment import Postprocessing
from mmsent.labels import NEUTRAL


def postprocessed(probabilities: np.ndarray, rule: Postprocessing | None) -> np.ndarray:
    """Predicted classes ``(posts,)`` of probabilities ``(posts, 3)``.

    With a rule, a post becomes neutral if its confidence is below ``confidence_below`` and its
    neutral probability above ``neutral_above`` (the study's section 4). A post is judged by its own
    probabilities alone, never by how many others are neutral: what is said of it does not depend on
    the company in which it is predicted.
    """
    predicted = probabilities.argmax(1)
    if rule is None:
        return predicted
    hesitant = probabilities.max(1) < rule.confidence_below
    leaning = probabilities[:, NEUTRAL] > rule.neutral_above
    return np.where(hesitant & leaning, NEUTRAL, predicted)
