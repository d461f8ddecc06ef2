"""Zero-shot classification of images by a CLIP and an ensemble of prompts (Radford et al. 2021)."""

from typing import Any

import numpy as np
from scipy.special import softmax

from mmsent.encoders.joint_space import load_joint_space
from mmsent.labels import LABELS

#: The prompts of a class; its vector is the mean over them.
PROMPTS = (
    "a photo with a {} mood.",
    "a photo that shows a {} emotion.",
    "a photo that makes people feel {}.",
    "a {} photo.",
    "an image with a {} sentiment.",
    "a picture of something {}.",
    "a post with a {} message.",
)

#: What cosines are multiplied with before the softmax: the upper bound that CLIP is trained with,
#: and that it reaches.
SCALE = 100.0


def zero_shot(encoder: dict[str, Any], states: np.ndarray) -> np.ndarray:
    """Return the probabilities ``(images, classes)`` of stored image states ``(images, dim)``.

    Parameters
    ----------
    encoder
        Settings of the CLIP, from ``Models.specification("clip")``.

    Raises
    ------
    WeightsError
        As :func:`mmsent.encoders.joint_space.load_joint_space` does.
    """
    space = load_joint_space(encoder)
    classes = np.stack(
        [space.texts([prompt.format(label) for prompt in PROMPTS]).mean(0) for label in LABELS]
    )
    classes /= np.linalg.norm(classes, axis=1, keepdims=True)
    return softmax(SCALE * (space.images(states) @ classes.T).astype(np.float64), axis=1)
