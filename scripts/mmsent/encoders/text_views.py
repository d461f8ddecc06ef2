"""Augmented views of a text: words replaced by their like, swapped or deleted."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from mmsent.files import seed_of

#: So many nearest words of the vocabulary are looked at; those similar enough are drawn from.
_NEAREST = 5

#: A word with what stands around it. URLs, mentions and [EMPTY] are none.
_WORD = re.compile(r"([^\w@\[]*)([A-Za-z]{3,})([^\w@\]]*)")

_FRAGMENTS = """http https www don doesn didn isn aren wasn weren hasn haven hadn ain won couldn
wouldn shouldn mustn needn does did doing ever nothin nope nah yes yeah"""

#: Left as they are: neighbours of function words change grammar or negation ("never": "ever").
#: "Don" and its kin are what tokenizers make of "don't"; "http" is what cleaning leaves of a URL.
_UNTOUCHED = ENGLISH_STOP_WORDS | set(_FRAGMENTS.split())

_NEGATION = re.compile(
    r"\W*(?:no|not|never|none|nothing|nobody|nowhere|neither|nor|cannot|without|\w+n['’]t|"
    r"(?:do|does|did|is|are|was|were|has|have|had|ca|wo|ai|could|would|should)nt)\W*",
    re.IGNORECASE,
)

#: Beginnings of words of either pole. Words that stand for opposites occur in the same places, so
#: they are neighbours: in MiniLM "strong" and "weak" have a cosine of 0.60, "positive" and
#: "negative" 0.67. A neighbour of the other pole is no synonym. Of the polar words replaced in the
#: study's texts, 3 % change sides without this and the rules of form (by VADER's lexicon), and
#: 0.1 % with them.
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


class _Tower(Protocol):
    """What a text encoder says of its vocabulary."""

    def input_embeddings(self) -> torch.Tensor: ...

    def whole_words(self) -> dict[str, int]: ...


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words of a text encoder with their neighbours among themselves, found when asked for.

    ``embeddings`` are of length 1, a row for each of ``words``; a neighbour's cosine is at least
    ``similarity``.
    """

    words: tuple[str, ...]
    embeddings: torch.Tensor
    similarity: float
    _rows: Mapping[str, int] = field(repr=False)
    _found: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def neighbours(self, word: str) -> tuple[str, ...]:
        """Near neighbours of a lower-case word, nearest first; none of one that is not in it.

        Function words have none, and no neighbour is the word itself, a function word, or a word of
        opposite meaning as far as :func:`opposite` can tell.
        """
        if word not in self._rows:
            return ()
        if word not in self._found:
            cosines = self.embeddings @ self.embeddings[self._rows[word]]
            values, rows = cosines.topk(min(_NEAREST + 1, len(self.words)))
            near = zip(values.tolist(), (self.words[row] for row in rows.tolist()), strict=True)
            self._found[word] = tuple(
                other
                for cosine, other in near
                if cosine >= self.similarity and other != word and not opposite(word, other)
            )
        return self._found[word]


def vocabulary_of(tower: _Tower, similarity: float) -> Vocabulary:
    """The words of a text encoder's vocabulary, compared by its own input embeddings.

    Only words of three Latin letters or more that are no function words are in it.
    """
    whole = {
        word: row
        for word, row in sorted(tower.whole_words().items())
        if re.fullmatch("[a-z]{3,}", word) and word not in _UNTOUCHED
    }
    embeddings = tower.input_embeddings().detach().float().cpu()[list(whole.values())]
    return Vocabulary(
        words=tuple(whole),
        embeddings=torch.nn.functional.normalize(embeddings, dim=1),
        similarity=similarity,
        _rows={word: row for row, word in enumerate(whole)},
    )


def opposite(word: str, other: str) -> bool:
    """Whether two lower-case words mean opposites, by their form or by the poles of sentiment.

    By form: one is the other behind "un-", "in-", "dis-" and the like, or one has a "-less" that
    the other lacks ("useless", "useful").
    """
    if _negated(word, other) or _negated(other, word):
        return True
    if word.endswith(("less", "lessly")) != other.endswith(("less", "lessly")):
        return True
    return any(
        word.startswith(_POLES[pole]) and other.startswith(_POLES[1 - pole]) for pole in (0, 1)
    )


def _negated(word: str, other: str) -> bool:
    """Whether ``word`` is a form of ``other`` behind a prefix that negates it."""
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
    """One augmented view of a text (the study's section 5; ``policy``: config/augmentation.py).

    With probability ``p`` a text of at least ``minimum_words`` words is changed by one operation,
    drawn evenly among the policy's that can change it: ``synonym``, words replaced by near
    neighbours in the encoder's vocabulary, as Wang and Yang do (2015, "That's So Annoying!!!",
    EMNLP); ``swap``, two words exchanged; ``delete``, words left out, but no negation, and never so
    many that fewer than ``minimum_words - 1`` stay. ``share`` of the words are replaced or left
    out, at least one. White space of a changed text is collapsed.

    The draw depends on the guid, the view's number and the seed, not on other texts.

    Raises
    ------
    ValueError
        If the policy has synonyms but there is no vocabulary.
    """
    if "synonym" in policy["operations"] and vocabulary is None:
        raise ValueError("synonyms are drawn from an encoder's vocabulary, and none is given")
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
    """``words`` with ``count`` of them, or as many as have any, replaced by a neighbour."""
    changed = list(words)
    for place in draw.sample(range(len(words)), len(words)):
        found = _WORD.fullmatch(words[place])
        near = vocabulary.neighbours(found[2].lower()) if found else ()
        if found and near:
            changed[place] = found[1] + _in_case_of(found[2], draw.choice(near)) + found[3]
            count -= 1
        if not count:
            break
    return changed


def _in_case_of(word: str, other: str) -> str:
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[0].isupper() else other


def _swapped(words: list[str], draw: random.Random) -> list[str]:
    """``words`` with two that differ exchanged, if there are two."""
    first = draw.randrange(len(words))
    others = [place for place, word in enumerate(words) if word != words[first]]
    if not others:
        return words
    second = draw.choice(others)
    changed = list(words)
    changed[first], changed[second] = words[second], words[first]
    return changed


def _shortened(words: list[str], count: int, draw: random.Random) -> list[str]:
    """``words`` without ``count`` of them; negations stay, or the rest would say the opposite."""
    places = [place for place, word in enumerate(words) if not _NEGATION.fullmatch(word)]
    left_out = set(draw.sample(places, min(count, len(places))))
    return [word for place, word in enumerate(words) if place not in left_out]
