"""Decoding and cleaning the text of a post."""

import re
from typing import get_args

import ftfy

from mmsent.config.network import Cleaning
from mmsent.data.cleaning import sentiment_cleaned, symbols_cleaned, without_marks
from mmsent.data.decoding import decode

CLEANINGS: tuple[str, ...] = get_args(Cleaning)

#: What stands for a text of which nothing is left (the study's section 6).
EMPTY = "[EMPTY]"

# Control characters, but for white space.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[^\w\s]")

_STEPS = {"basic": without_marks, "symbols": symbols_cleaned, "sentiment": sentiment_cleaned}


def decode_text(content: bytes) -> tuple[str, str, list[str]]:
    """Decode the text of a post and normalise it (ftfy: NFC, no HTML entities, no mojibake).

    Returns
    -------
    text, encoding, notes
        ``notes`` lists what was done to the text beside decoding it as UTF-8.

    Raises
    ------
    UndecodableTextError
        If no encoding fits, or the content contains NUL bytes.
    """
    text, encoding, dropped = decode(content)
    notes = [] if encoding == "utf-8" else [f"decoded as {encoding}"]
    if dropped:
        notes.append(f"{dropped} undecodable {'byte' if dropped == 1 else 'bytes'} dropped")
    if ftfy.fix_encoding(text) != text or _CONTROL.search(text):
        notes.append("mojibake or control characters repaired")
    return ftfy.fix_text(text, uncurl_quotes=False).strip(), encoding, notes


def clean_text(text: str, cleaning: str) -> str:
    """Clean a decoded text as an experiment asks for.

    ``none`` strips it; ``whitespace`` also collapses white space (the study's section 4, fifth
    code); ``basic`` also takes out the retweet mark, URLs and mentions, and the sign of hashtags;
    ``symbols`` and ``sentiment`` put emoji and emoticons into words and take out symbols, the first
    as the study's section 5 does, the second as its section 6 (:mod:`mmsent.data.cleaning`). A text
    of which nothing is left becomes ``[EMPTY]``. Cleaning twice is as good as once.

    Raises
    ------
    ValueError
        If ``cleaning`` is none of these.
    """
    if cleaning not in CLEANINGS:
        raise ValueError(f"unknown cleaning {cleaning!r}; known: {', '.join(CLEANINGS)}")
    if text.strip() == EMPTY:  # its brackets are symbols
        return EMPTY
    if cleaning in _STEPS:
        text = _STEPS[cleaning](text)
    if cleaning != "none":
        text = _SPACE.sub(" ", text)
    return text.strip() or EMPTY


def is_empty_after_cleaning(text: str) -> bool:
    """Whether nothing is left of ``text`` without retweet mark, URLs and mentions."""
    return clean_text(text, "basic") == EMPTY


def normalised_words(text: str) -> list[str]:
    """Words of a text in lower case without marks: what near-duplicates are compared by."""
    text = clean_text(text, "basic")
    return [] if text == EMPTY else _NOT_WORD.sub(" ", text.casefold()).split()
