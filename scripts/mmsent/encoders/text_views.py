"""Augmented views of a text: words replaced by synonyms, swapped or deleted."""

import random
import re
from collections.abc import Mapping
from typing import Any

import torch
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from mmsent.encoders.towers import TextTower
from mmsent.files import seed_of

#: Number of nearest words in the vocabulary among which synonyms are drawn.
_NEAREST = 5

#: A word with the marks around it; no URL, mention or [EMPTY].
_WORD = re.compile(r"([^\w@\[]*)([A-Za-z]{3,})([^\w@\]]*)")

_FRAGMENTS = """http https www don doesn didn isn aren wasn weren hasn haven hadn ain won couldn
wouldn shouldn mustn needn does did doing ever nothin nope nah yes yeah"""

#: Never replaced: neighbours of function words change grammar or negation ("never": "ever").
#: "don" and the like are what tokenizers make of "don't"; "http" is what cleaning leaves of a URL.
_UNTOUCHED = ENGLISH_STOP_WORDS | set(_FRAGMENTS.split())

_NEGATION = re.compile(
    r"\W*(?:no|not|never|none|nothing|nobody|nowhere|neither|nor|cannot|without|\w+n['’]t|"
    r"(?:do|does|did|is|are|was|were|has|have|had|ca|wo|ai|could|would|should)nt)\W*",
    re.IGNORECASE,
)

#: Beginnings of words of either pole. Words of opposite meaning occur in the same places, so they
#: are neighbours: in MiniLM "strong" and "weak" have a cosine of 0.60, "positive" and "negative"
#: 0.67. A neighbour of the other pole is no synonym. Of the polar words replaced in the study's
#: texts, 3 % change sides without this and the rules of form (by VADER's lexicon), 0.1 % with them.
_POLES = tuple(
    tuple(pole.split())
    for pole in (
        "good great best better nice happ glad joy love lovi excel wonder amaz awesome fantastic "
        "beaut gorgeous attract lucky fortun superior positiv favor strong win won success victor "
        "useful help hope optimis calm safe alive brave kind friend honest clean healthy rich "
        "easy agree like enjoy fun delight pleas thrill proud smart clever gentle bright warm "
        "comfort laugh smil smirk grin gain profit accept",
        "bad worse worst terribl horribl awful dread sad unhapp miser hate hatr hati dislik ugly "
        "hideous poor unlucky unfortun inferior negativ weak los fail defeat useless worthless "
        "hopeless pessimis anxi danger dead die dying death coward cruel enem dishonest sick "
        "ill difficult hard disagree bor annoy horrif angry anger asham stupid dumb harsh cold "
        "uncomfort cry cries cried sob scowl frown loss reject creep",
    )
)

_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "anti", "dys")


class Vocabulary:
    """Words of a text encoder with their nearest neighbours, computed on request.

    Attributes
    ----------
    words
        In the order of the embeddings.
    """

    def __init__(
        self, words: Mapping[str, int], embeddings: torch.Tensor, similarity: float
    ) -> None:
        """Compare words by their embeddings.

        Parameters
        ----------
        words
            With their rows of ``embeddings``, ``(vocabulary, dim)``.
        similarity
            Least cosine of a word and a neighbour.
        """
        self.words = tuple(words)
        rows = embeddings.detach().float().cpu()[list(words.values())]
        self._embeddings = torch.nn.functional.normalize(rows, dim=1)
        self._similarity = similarity
        self._rows = {word: row for row, word in enumerate(self.words)}
        self._neighbours: dict[str, tuple[str, ...]] = {}

    def neighbours(self, word: str) -> tuple[str, ...]:
        """Return neighbours of a lower-case word, nearest first; none of an unknown word.

        No neighbour is the word itself or a word of opposite meaning (:func:`opposite`).
        """
        if word not in self._rows:
            return ()
        if word not in self._neighbours:
            cosines = self._embeddings @ self._embeddings[self._rows[word]]
            values, rows = cosines.topk(min(_NEAREST + 1, len(self.words)))
            near = zip(values.tolist(), (self.words[row] for row in rows.tolist()), strict=True)
            self._neighbours[word] = tuple(
                other
                for cosine, other in near
                if cosine >= self._similarity and other != word and not opposite(word, other)
            )
        return self._neighbours[word]


def vocabulary_of(tower: TextTower, similarity: float) -> Vocabulary:
    """Return the words of an encoder's vocabulary but function words, by its input embeddings."""
    words = {
        word: row for word, row in sorted(tower.whole_words().items()) if word not in _UNTOUCHED
    }
    return Vocabulary(words, tower.input_embeddings(), similarity)


def opposite(word: str, other: str) -> bool:
    """Whether two lower-case words are opposites, by their form or by the poles of sentiment.

    By form: one is the other with "un-", "in-", "dis-" or the like before it, or one has a "-less"
    that the other lacks ("useless", "useful").
    """
    if _negated(word, other) or _negated(other, word):
        return True
    if word.endswith(("less", "lessly")) != other.endswith(("less", "lessly")):
        return True
    return any(
        word.startswith(_POLES[pole]) and other.startswith(_POLES[1 - pole]) for pole in (0, 1)
    )


def _negated(word: str, other: str) -> bool:
    """Whether ``word`` is a form of ``other`` with a negating prefix."""
    return any(
        word.startswith(prefix) and len(other) >= 4 and word[len(prefix) :].startswith(other[:4])
        for prefix in _PREFIXES
    )


def augmented_text(
    text: str,
    policy: dict[str, Any],
    vocabulary: Vocabulary | None,
    guid: str,
    number: int,
    seed: int,
) -> str:
    """Return an augmented view of a text (the study's section 5).

    With probability ``p`` a text of at least ``minimum_words`` words is changed by one operation,
    drawn evenly among those of the policy that can change it: ``synonym``, words replaced by near
    neighbours in the encoder's vocabulary (Wang and Yang 2015, "That's So Annoying!!!", EMNLP);
    ``swap``, two words exchanged; ``delete``, words left out, but no negation, and at least
    ``minimum_words - 1`` remain. ``share`` of the words are replaced or left out, at least one.
    White space of a changed text is collapsed.

    The draw depends on the guid, the number of the view and the seed, not on other texts.

    Parameters
    ----------
    policy
        Settings (:class:`mmsent.config.augmentation.TextAugmentation`).
    vocabulary
        Of the encoder; None if the policy has no synonyms.

    Raises
    ------
    ValueError
        If the policy has synonyms but there is no vocabulary.
    """
    if "synonym" in policy["operations"] and vocabulary is None:
        raise ValueError("synonyms are drawn from the vocabulary of an encoder")
    words = text.split()
    draw = random.Random(seed_of(seed, guid, number))
    if draw.random() >= policy["p"] or len(words) < policy["minimum_words"]:
        return text
    count = max(1, round(policy["share"] * len(words)))
    for operation in draw.sample(policy["operations"], len(policy["operations"])):
        if operation == "synonym" and vocabulary is not None:
            changed = _with_synonyms(words, count, vocabulary, draw)
        elif operation == "swap":
            changed = _swapped(words, draw)
        else:
            most = len(words) - (policy["minimum_words"] - 1)
            changed = _shortened(words, min(count, most), draw)
        if changed != words:
            return " ".join(changed)
    return text


def _with_synonyms(
    words: list[str], count: int, vocabulary: Vocabulary, draw: random.Random
) -> list[str]:
    """``words`` with at most ``count`` of them replaced by a neighbour."""
    changed = list(words)
    for place in draw.sample(range(len(words)), len(words)):
        match = _WORD.fullmatch(words[place])
        near = vocabulary.neighbours(match[2].lower()) if match else ()
        if match and near:
            changed[place] = match[1] + _in_case_of(match[2], draw.choice(near)) + match[3]
            count -= 1
        if not count:
            break
    return changed


def _in_case_of(word: str, other: str) -> str:
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[0].isupper() else other


def _swapped(words: list[str], draw: random.Random) -> list[str]:
    """``words`` with two different ones exchanged, if there are two."""
    first = draw.randrange(len(words))
    others = [place for place, word in enumerate(words) if word != words[first]]
    if not others:
        return words
    second = draw.choice(others)
    changed = list(words)
    changed[first], changed[second] = words[second], words[first]
    return changed


def _shortened(words: list[str], count: int, draw: random.Random) -> list[str]:
    """``words`` without ``count`` of them; negations stay, or the meaning would be reversed."""
    places = [place for place, word in enumerate(words) if not _NEGATION.fullmatch(word)]
    left_out = set(draw.sample(places, min(count, len(places))))
    return [word for place, word in enumerate(words) if place not in left_out]
