"""Cleaning the text of a post."""

import re
from collections.abc import Callable
from functools import cache

import emoji

#: Replaces a text of which nothing is left (the study's section 6).
EMPTY = "[EMPTY]"

#: Texts of ``symbols`` and ``sentiment`` have at most this many characters; they are cut off at a
#: space if there is one beyond this fraction of it (the study's section 5).
MOST_CHARACTERS, CUT_BEYOND = 200, 0.8

_RETWEET = re.compile(r"^(?:\s*(?:RT\s+@\w+\s*:?|RT\s*:)\s*)+", re.IGNORECASE)
# Twitter cut posts at 140 characters, so an address may end after "http:/" or "htt…".
_URL = re.compile(r"(?:\bhttps?\b|\bwww\.)\S*|\bt\.co/\S+|\bht?t?p?s?:?/*…", re.IGNORECASE)
_MENTION = re.compile(r"@\w+:?")
_SPACE = re.compile(r"\s+")
_NOT_WORD = re.compile(r"[^\w\s]")

# More of them for the sentiment cleaning: an address amid other letters or without "http", an
# old-style retweet after a comment. Bounds keep a long text of dots from taking quadratic time.
_GLUED_URL = re.compile(
    r"https?:\S*|\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.[a-z]{2,9}/\S*",
    re.IGNORECASE | re.ASCII,
)
_QUOTED_RETWEET = re.compile(r"\bRT\b(?=\s*:?\s*@\w)|^\W*RT\s*:", re.IGNORECASE)
_HASHTAG = re.compile(r"#+(\w+)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[0-9])(?=[A-Z][a-z])")

_SYMBOL = re.compile(r"[^\w\s!?.,'\"-]")
_REPEATED = re.compile(r"(.)\1{2,}", re.DOTALL)

#: The same mark in another form. ™, ® and © count as emoji, but carry no sentiment.
_FORMS = str.maketrans(
    "！﹗？﹖，、､。｡．‘’‛＇“”„＂＃＠：（）™®©",
    "!!??,,,...''''\"\"\"\"#@:()   ",
)

# Emoticons become the words of the emoji that look alike. After a mouth that is a letter or a digit
# the word ends (":D", but not "re:Design" or "at 8:3"), and the "://" of an address is no face.
_ALONE, _END, _EYES, _NOSE = r"(?<!\w)", r"(?!\w)", r"[:=;]", r"[-^o']?"
_EMOTICONS = {
    rf"[:=]'-?\)+|{_ALONE}[:=]'-?D+{_END}": "face with tears of joy",
    rf"[:=]'-?\(+{_END}|{_ALONE}(?:T_+T|;_+;){_END}": "crying face",
    rf">[:=]-?\(+{_END}|{_ALONE}>[_.]<{_END}": "angry face",
    rf"{_ALONE}(?:{_EYES}-?D+|[xX]D+){_END}": "grinning face",
    rf"{_ALONE}{_EYES}-?[pP]+{_END}": "face with tongue",
    rf"{_ALONE}[:=]-?[oO]{_END}|{_ALONE}[oO]_+[oO]{_END}": "surprised face",
    rf"{_ALONE}[:=]-?(?:\*+|x{_END})": "kissing face",
    rf"{_ALONE}[:=]-?3{_END}": "cute face",
    rf";{_NOSE}\)+": "winking face",
    rf"[:=]{_NOSE}(?:\)|\])+|(?<!\S)(?:\(+{_NOSE}[:=]|\^_*\^)(?!\S)": "smiling face",
    rf"[:=]{_NOSE}(?:\(|\[)+{_END}|(?<!\S)\)+{_NOSE}:(?!\S)": "frowning face",
    rf"{_ALONE}[:=]-?[/\\](?![/\w])": "confused face",
    rf"{_ALONE}(?:[:=]-?\|(?!\w)|-_+-{_END})": "expressionless face",
    r"</3+(?!\d)": "broken heart",
    r"<3+(?!\d)|♥\ufe0f?|♡": "heart",
}
_EMOTICON = re.compile("|".join(f"({pattern})" for pattern in _EMOTICONS))
_EMOTICON_WORDS = list(_EMOTICONS.values())

#: Emoji that are marks.
_MARKS = {"❗": "!", "❕": "!", "‼": "!!", "❓": "?", "❔": "?", "⁉": "!?"}
_SKIN_TONE = re.compile(r"(?:^|,? )(?:medium-)?(?:light|medium|dark) skin tone")


def clean_text(text: str, cleaning: str) -> str:
    """Clean a decoded text; cleaning twice is the same as once.

    Parameters
    ----------
    cleaning
        ``none`` strips white space at the ends.

        ``whitespace`` also collapses white space (the study's section 4, fifth code).

        ``basic`` also removes the retweet mark, URLs and mentions, and the sign of hashtags.

        ``symbols`` (section 5, sixth code) keeps word characters, white space and ! ? . , ' " -
        and replaces every other symbol by a space; a character that is repeated three times or
        more is cut to two, and a long text is cut off. Emoticons and emoji become words first: the
        study's code looked for them when their symbols were already gone.

        ``sentiment`` (section 6) keeps what carries sentiment: emoji and emoticons become words;
        URLs, mentions and retweet marks are removed; a hashtag loses its sign and is split at its
        capitals; of the marks ! ? . , ' " - are kept, those of full width in the plain form; a
        long text is cut off.

    Returns
    -------
    str
        ``[EMPTY]`` if nothing is left.

    Raises
    ------
    KeyError
        If ``cleaning`` is none of these.
    """
    step = _STEPS[cleaning]
    if text.strip() == EMPTY:  # its brackets are symbols
        return EMPTY
    # It ends: what a step takes out, takes apart or cuts off is never put back, and the words that
    # it puts in contain nothing that it looks for.
    while (changed := step(text)) != text:
        text = changed
    if cleaning != "none":
        text = _SPACE.sub(" ", text)
    return text.strip() or EMPTY


def is_empty_after_cleaning(text: str) -> bool:
    """Whether nothing is left of ``text`` without retweet mark, URLs and mentions."""
    return clean_text(text, "basic") == EMPTY


def normalised_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without marks: near-duplicates share them."""
    text = clean_text(text, "basic")
    return [] if text == EMPTY else _NOT_WORD.sub(" ", text.casefold()).split()


def _without_marks(text: str) -> str:
    return _MENTION.sub(" ", _URL.sub(" ", _RETWEET.sub("", text)))


def _symbols_once(text: str) -> str:
    text = _faces_in_words(_emoji_in_words(text).translate(_FORMS))
    return _cut(_REPEATED.sub(r"\1\1", _SPACE.sub(" ", _SYMBOL.sub(" ", text))).strip())


def _sentiment_once(text: str) -> str:
    # Emoji before addresses, which would swallow one that follows without a space; addresses before
    # emoticons, since each contains a ":/".
    text = _emoji_in_words(text).translate(_FORMS)
    text = _GLUED_URL.sub(" ", _QUOTED_RETWEET.sub(" ", text))
    text = _HASHTAG.sub(lambda match: f" {_CAMEL.sub(' ', match[1])}", text)
    text = _faces_in_words(_without_marks(text))
    return _cut(_SPACE.sub(" ", _SYMBOL.sub(" ", text)).strip())


_STEPS: dict[str, Callable[[str], str]] = {
    "none": str,
    "whitespace": str,
    "basic": lambda text: _without_marks(text).replace("#", ""),
    "symbols": _symbols_once,
    "sentiment": _sentiment_once,
}


def _faces_in_words(text: str) -> str:
    return _EMOTICON.sub(lambda match: f" {_EMOTICON_WORDS[(match.lastindex or 0) - 1]} ", text)


def _emoji_in_words(text: str) -> str:
    if text.isascii():
        return text
    return emoji.replace_emoji(text, lambda symbol, _: _words_of(symbol))


@cache
def _words_of(symbol: str) -> str:
    """The name of an emoji as plain words, without its skin tone, between spaces."""
    plain = symbol.rstrip("\ufe0f")
    if plain in _MARKS:
        return _MARKS[plain]
    if plain.translate(_FORMS) != plain or plain == "♥":
        return plain
    name = emoji.demojize(symbol, delimiters=("", "")).replace("_", " ")
    return f" {_SKIN_TONE.sub('', name).replace('-', ' ')} "


def _cut(text: str) -> str:
    """At most :data:`MOST_CHARACTERS`, cut off at the last space if it is late enough."""
    if len(text) <= MOST_CHARACTERS:
        return text
    space = text.rfind(" ", 0, MOST_CHARACTERS + 1)
    return text[: space if space > CUT_BEYOND * MOST_CHARACTERS else MOST_CHARACTERS].strip()
