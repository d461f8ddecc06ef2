"""MVSA's label file: labels of text and image by annotators, reduced to one of the post."""

import re
from collections import Counter
from collections.abc import Sequence

#: The class that yields to either of the others.
_NEUTRAL = "neutral"


def split_line(line: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the guid, and the label of the text and of the image by each annotator.

    A line of MVSA-Single has one such pair behind its guid, one of MVSA-Multiple three:
    ``17<TAB>positive,neutral<TAB>neutral,neutral<TAB>positive,positive``.
    """
    written, *cells = re.split(r"[\t,]", line.strip())
    labels = [cell.strip().lower() for cell in cells]
    pairs = zip(labels[::2], labels[1::2], strict=False)
    return written.strip(), [] if len(labels) % 2 else list(pairs)


def post_label(pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Reduce the labels of a post to one, by the rule of MultiSentiNet (Xu and Mao 2017).

    The label of each modality is that of most annotators. If those of text and image differ, and
    one is neutral, the other is the post's; a positive and a negative one contradict each other.

    Returns
    -------
    label, reason
        The label, or ``""`` and the reason why the post is left out.
    """
    voted = [Counter(votes).most_common(1)[0] for votes in zip(*pairs, strict=True)]
    for modality, (_, votes) in zip(("text", "image"), voted, strict=True):
        if 2 * votes <= len(pairs):
            return "", f"labels disagree: no majority of annotators on the {modality}"
    (text, _), (image, _) = voted
    if image in (text, _NEUTRAL):
        return text, ""
    return (image, "") if text == _NEUTRAL else ("", f"labels disagree: text {text}, image {image}")
