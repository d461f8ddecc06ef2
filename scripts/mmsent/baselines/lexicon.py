"""VADER: a lexicon of English words with rules (Hutto and Gilbert 2014)."""

import re
from collections.abc import Iterable

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from mmsent.data.text import clean_text
from mmsent.labels import LABEL_INDEX, LABELS

#: The classes that its answers stand for.
CLASSES = frozenset({"negative", "neutral", "positive"})

#: Compound scores from which on a text is positive, or below whose negative it is negative; the
#: authors' own.
THRESHOLD = 0.05

#: Frequent English words that are none in other languages ("is", "was", "of" and "for" are).
_ENGLISH = frozenset(
    ["the", "and", "you", "it", "that", "with", "this", "are", "have", "be", "your", "from", "what"]
)

#: The least fraction of these words among all words of English texts: MVSA has 0.09, posts in
#: other languages hardly any.
LEAST_ENGLISH = 0.03

_WORD = re.compile(r"[^\W\d_]+")


def english_fraction(texts: Iterable[str]) -> float:
    """Return the fraction of frequent English words among all words of texts; 0 without any.

    URLs, mentions and the signs of hashtags do not count.
    """
    words = [word for text in texts for word in _WORD.findall(clean_text(text, "basic").lower())]
    return float(np.mean([word in _ENGLISH for word in words])) if words else 0.0


def lexicon_answers(texts: Iterable[str]) -> np.ndarray:
    """Return the class index of each text ``(texts,)``."""
    score = SentimentIntensityAnalyzer().polarity_scores
    compound = np.array([score(text)["compound"] for text in texts])
    names = np.select([compound >= THRESHOLD, compound <= -THRESHOLD], ["positive", "negative"],
                      "neutral")  # fmt: skip
    return np.array([LABEL_INDEX[name] for name in names], dtype=np.int64)


def answer_probabilities(answers: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return probabilities ``(posts, classes)`` of answers ``(posts,)``, each the most probable.

    An answer is as probable as it is correct on ``rows``, where labels are read, the others are
    equally probable. An answer that is seldom correct stays just above the others.
    """
    classes = len(LABELS)
    hits = np.bincount(answers[rows][answers[rows] == labels[rows]], minlength=classes)
    times = np.bincount(answers[rows], minlength=classes)
    # One correct and one wrong answer more, so that nothing is certain.
    accuracy = np.maximum((hits + 1) / (times + 2), 1 / classes + 0.01)[answers]
    probabilities = np.repeat((1 - accuracy)[:, None] / (classes - 1), classes, axis=1)
    probabilities[np.arange(len(answers)), answers] = accuracy
    return probabilities
