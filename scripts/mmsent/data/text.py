"""Decoding and cleaning the text of a post."""

import re
from typing import get_args

import ftfy

from mmsent.config.network import Cleaning
from mmsent.data.cleaning import sentiment_cleaned, symbols_cleaned, without_marks

#: Tried in this order; the first that decodes every byte is used. The order is fixed, so that the
#: same bytes always give the same text, which no statistical guesser promises.
ENCODINGS = ("utf-8-sig", "gb18030", "cp1252")

CLEANINGS: tuple[str, ...] = get_args(Cleaning)

#: What stands for a text of which nothing is left (the study's section 6).
EMPTY = "[EMPTY]"

# Control characters, but for white space.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[^\w\s]")

_STEPS = {"basic": without_marks, "symbols": symbols_cleaned, "sentiment": sentiment_cleaned}


class UndecodableTextError(ValueError):
    """No known encoding fits the bytes, or they are no text."""


def decoded(content: bytes) -> tuple[str, str]:
    """Decode bytes by the first of :data:`ENCODINGS` that fits.

    Returns
    -------
    text, encoding
        ``encoding`` is ``"utf-8"``, ``"gb18030"`` or ``"cp1252"``.

    Raises
    ------
    UndecodableTextError
        If no encoding fits, or the content has NUL bytes.
    """
    if b"\x00" in content:
        raise UndecodableTextError("holds NUL bytes, so it is no text in a known encoding")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise UndecodableTextError(f"fits none of {', '.join(ENCODINGS)}")


def decode_text(content: bytes) -> tuple[str, str, bool]:
    """Decode the text of a post and put it into one form (ftfy: NFC, no HTML entities).

    Returns
    -------
    text, encoding, repaired
        ``repaired`` says whether mojibake was undone or control characters were taken out.

    Raises
    ------
    UndecodableTextError
        If no encoding fits, or the content has NUL bytes.
    """
    text, encoding = decoded(content)
    repaired = ftfy.fix_encoding(text) != text or bool(_CONTROL.search(text))
    return ftfy.fix_text(text, uncurl_quotes=False).strip(), encoding, repaired


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
