"""Augmented views of texts: which words may change, into what, and what the draw depends on."""

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import ROOT
from mmsent.config.augmentation import TextAugmentation, load_augmentations
from mmsent.config.profile import load_profile
from mmsent.data.text import EMPTY
from mmsent.encoders.text_views import augmented_text, opposite, vocabulary_of
from mmsent.encoders.transformers_towers import load_text_tower

few = settings(max_examples=80, deadline=None, derandomize=True)

OPERATIONS = ("synonym", "swap", "delete")

#: A row of pairs: the angle between a pair is small, that between others is large.
PAIRS = ["movie film", "cat kitten", "strong weak", "happy unhappy", "useful useless", "never ever"]


class Tower:
    """A text encoder of a few words."""

    def whole_words(self):
        return {word: row for row, word in enumerate(" ".join(PAIRS).split())}

    def input_embeddings(self):
        rows = torch.eye(len(PAIRS)).repeat_interleave(2, 0)
        rows[1::2] += 0.1
        return torch.nn.Parameter(3 * rows)  # no length says anything


VOCABULARY = vocabulary_of(Tower(), 0.6)


def view(text, guid="1", number=1, seed=42, vocabulary=VOCABULARY, **changes):
    policy = TextAugmentation(**{"p": 1.0, "operations": list(OPERATIONS)} | changes)
    return augmented_text(text, policy.model_dump(), vocabulary, guid, number, seed)


def views(text, many=60, **changes):
    return [view(text, number=number, **changes) for number in range(1, many + 1)]


TEXT = "the movie with a cat is so good I saw it two times"
WORDS = st.sampled_from([*TEXT.split(), "strong", "not", "#film", "film!", "http://t.co/a", "@cat"])


@few
@given(st.lists(WORDS | st.just(EMPTY) | st.text(), max_size=12), st.integers(0, 99),
       st.sampled_from(OPERATIONS))  # fmt: skip
def test_texts_of_too_few_words_stay_and_with_certainty_others_change(words, number, operation):
    text = "  ".join(words)
    assert view(text, number=number, p=0.0) == text
    changed = view(text, number=number, minimum_words=6, operations=[operation])
    assert len(text.split()) >= 6 or changed == text
    if len(set(text.split())) >= 4:
        assert view(text, number=number) != text


@few
@given(st.lists(WORDS, min_size=4, max_size=12), st.integers(0, 99), st.sampled_from(OPERATIONS))
def test_each_operation_does_what_it_says(words, number, operation):
    changed = view(" ".join(words), number=number, operations=[operation]).split()
    places = [n for n, (a, b) in enumerate(zip(words, changed, strict=False)) if a != b]
    if operation == "delete":
        assert len(changed) == len(words) - 1
        assert not Counter(changed) - Counter(words)
    else:
        assert len(changed) == len(words)
        assert len(places) in ((0, 1) if operation == "synonym" else (0, 2))
        assert operation == "synonym" or Counter(changed) == Counter(words)


def test_operations_are_drawn_evenly_and_as_often_as_the_probability_says():
    drawn = Counter()
    for text in views(TEXT, 600, p=0.5):
        same = Counter(text.split()) == Counter(TEXT.split())
        drawn["none" if text == TEXT else "delete" if len(text.split()) < 13 else same] += 1
    assert 240 < drawn.pop("none") < 360
    assert len(drawn) == 3
    assert all(70 < count < 130 for count in drawn.values())


def test_an_operation_that_cannot_change_a_text_gives_way_to_one_that_can():
    assert {view("ha ha ha ha", number=n) for n in range(40)} == {"ha ha ha"}
    assert set(views("so so so cat", operations=["synonym", "swap"])) == {
        "so so so kitten", "cat so so so", "so cat so so", "so so cat so"
    }  # fmt: skip
    assert set(views("ha ha ha ha", operations=["synonym", "swap"])) == {"ha ha ha ha"}


def test_the_draw_depends_on_guid_number_and_seed_and_not_on_texts_before():
    for name, values in (("guid", map(str, range(30))), ("number", range(30)), ("seed", range(30))):
        assert len({view(TEXT, **{name: value}) for value in values}) > 10, name
    texts = {str(n): f"{TEXT} and film number {n}" for n in range(30)}
    alone = {g: view(t, guid=g, vocabulary=vocabulary_of(Tower(), 0.6)) for g, t in texts.items()}
    assert alone == {g: view(texts[g], guid=g) for g in reversed(texts)}


def test_a_share_of_the_words_is_replaced_or_left_out():
    text = "movie cat film kitten " * 5
    replaced = view(text, operations=["synonym"], share=0.25).split()
    assert sum(a != b for a, b in zip(text.split(), replaced, strict=True)) == 5
    assert len(view(text, operations=["delete"], share=0.25).split()) == 15
    assert len(view(text, operations=["delete"], share=1.0, minimum_words=8).split()) == 7
    assert view(text, operations=["synonym"], share=1.0) == "film kitten movie cat " * 4 + (
        "film kitten movie cat"
    )


def test_synonyms_are_other_words_of_the_vocabulary():
    assert VOCABULARY.neighbours("movie") == ("film",)
    assert VOCABULARY.neighbours("kitten") == ("cat",)
    for word in ("Movie", "dog", "the", "", *" ".join(PAIRS[2:]).split()):  # opposites, "ever"
        assert VOCABULARY.neighbours(word) == (), word
    assert vocabulary_of(Tower(), 1.0).neighbours("movie") == ()
    assert len(vocabulary_of(Tower(), 0.0).neighbours("movie")) > 1
    for word in VOCABULARY.words:
        assert word not in VOCABULARY.neighbours(word)
        assert set(VOCABULARY.neighbours(word)) <= set(VOCABULARY.words)


OPPOSITES = [
    "strong weak", "stronger weaker", "positive negative", "good bad", "love hate", "loved hated",
    "able unable", "stable unstable", "agree disagree", "capable incapable", "mature immature",
    "successful unsuccessful", "useful useless", "hope hopeless", "hopefully hopelessly",
    "best worst", "win lose", "alive dead",
]  # fmt: skip
OTHERS = [
    "love loved", "terrible horrible", "beautiful gorgeous", "sad sadness", "useless worthless",
    "movie film", "unhappy unhappily", "under below",
]  # fmt: skip


@pytest.mark.parametrize("pair", [*OPPOSITES, *OTHERS])
def test_opposites_are_known_either_way(pair):
    word, other = pair.split()
    assert opposite(word, other) == opposite(other, word) == (pair in OPPOSITES)


@pytest.mark.parametrize(
    ("word", "changed"),
    [
        ("movie", "film"), ("Movie", "Film"), ("MOVIE", "FILM"), ("#Movie,", "#Film,"),
        ('"movie"!!', '"film"!!'), ("(movie...)", "(film...)"), ("😍movie😍", "😍film😍"),
    ],
)  # fmt: skip
def test_case_and_punctuation_around_a_word_are_kept(word, changed):
    assert view(f"a {word} of it", operations=["synonym"]) == f"a {changed} of it"


@pytest.mark.parametrize(
    "word",
    ["@movie", "“@movie:", "http://movie", "www.movie.com", "movie.com/cat", "[MOVIE]",
     "movie@cat.com", "movie's", "movie_cat", "émovie", "movieé", "movie/film", "http"],
)  # fmt: skip
def test_no_address_mention_or_part_of_a_word_is_replaced(word):
    assert set(views(f"a {word} of it", operations=["synonym"])) == {f"a {word} of it"}


def test_no_negation_is_left_out():
    text = "I do not don't dont can’t Never, like"
    for changed in views(text, 100, operations=["delete"], minimum_words=2):
        assert Counter(text.split()) - Counter(changed.split()) <= Counter(["I", "do", "like"])
    assert set(views("no no not never", operations=["delete"])) == {"no no not never"}


def test_synonyms_without_a_vocabulary_are_an_error_and_other_operations_are_not():
    with pytest.raises(ValueError, match="vocabulary"):
        view(TEXT, vocabulary=None)
    assert view(TEXT, vocabulary=None, operations=["swap", "delete"]) != TEXT


def test_every_named_policy_can_be_drawn_from():
    policies = load_augmentations(ROOT / "config/text_augmentations.yaml", TextAugmentation)
    for policy in policies.values():
        drawn = {
            augmented_text(TEXT, policy.model_dump(), VOCABULARY, "1", n, 42) for n in range(40)
        }
        assert len(drawn) > 5
        assert TEXT in drawn


@pytest.mark.slow
def test_no_synonym_of_the_real_encoder_says_the_opposite():
    encoders = load_profile(ROOT / "config/profiles/offline.yaml").encoders
    vocabulary = vocabulary_of(load_text_tower(encoders.text), 0.6)
    assert len(vocabulary.words) > 15_000
    assert {"loves", "loved"} <= set(vocabulary.neighbours("love"))
    assert {"gorgeous", "lovely"} <= set(vocabulary.neighbours("beautiful"))
    for word, other in (pair.split() for pair in OPPOSITES):
        assert other not in vocabulary.neighbours(word)
        assert word not in vocabulary.neighbours(other)
