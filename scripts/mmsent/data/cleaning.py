"""What the cleanings of a text take out, keep and put into words."""

import re
from collections.abc import Callable
from functools import cache

import emoji

#: Texts of ``symbols`` and ``sentiment`` are at most so long, cut off at a space if one lies beyond
#: this share of it (the study's section 5).
MOST_CHARACTERS, CUT_BEYOND = 200, 0.8

_RETWEET = re.compile(r"^(?:\s*(?:RT\s+@\w+\s*:?|RT\s*:)\s*)+", re.IGNORECASE)
# Twitter cut posts at 140 characters, so an address may end after "http:/" or "htt…".
_URL = re.compile(r"(?:\bhttps?\b|\bwww\.)\S*|\bt\.co/\S+|\bht?t?p?s?:?/*…", re.IGNORECASE)
_MENTION = re.compile(r"@\w+:?")
_SPACE = re.compile(r"\s+")

# The sentiment cleaning finds more of them: an address amid other letters or without "http", an
# old-style retweet behind a comment. Bounds keep a long text of dots from taking quadratic time.
_GLUED_URL = re.compile(
    r"https?:\S*|\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.[a-z]{2,9}/\S*",
    re.IGNORECASE | re.ASCII,
)
_QUOTED_RETWEET = re.compile(r"\bRT\b(?=\s*:?\s*@\w)|^\W*RT\s*:", re.IGNORECASE)
_HASHTAG = re.compile(r"#+(\w+)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[0-9])(?=[A-Z][a-z])")

_SYMBOL = re.compile(r"[^\w\s!?.,'\"-]")
_REPEATED = re.compile(r"(.)\1{2,}", re.DOTALL)

#: The same mark in another form. ™ and its kin count as emoji, but say nothing.
_FORMS = str.maketrans(
    "！﹗？﹖，、､。｡．‘’‛＇“”„＂＃＠：（）™®©",
    "!!??,,,...''''\"\"\"\"#@:()   ",
)

# Emoticons become the words of the emoji that look alike. A mouth that is a letter or a digit
# stands alone (":D", but not "re:Design" or "at 8:3"), and the "://" of an address is no face.
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
_EMOTICON = re.compile("|".join(f"(?P<e{n}>{pattern})" for n, pattern in enumerate(_EMOTICONS)))
_EMOTICON_WORDS = {f"e{n}": words for n, words in enumerate(_EMOTICONS.values())}

#: Emoji that are marks.
_MARKS = {"❗": "!", "❕": "!", "‼": "!!", "❓": "?", "❔": "?", "⁉": "!?"}
_SKIN_TONE = re.compile(r"(?:^|,? )(?:medium-)?(?:light|medium|dark) skin tone")


def without_marks(text: str) -> str:
    """``text`` without retweet mark, URLs and mentions, and hashtags without their sign."""
    # What is taken out may bring a mark together that stood apart, as "@a RT: hi" does.
    return _until_stable(_marks_taken_out, text)


def symbols_cleaned(text: str) -> str:
    """``text`` by the study's section 5, sixth code, white space at its ends left to the caller.

    Word characters, white space and ! ? . , ' " - stay, every other symbol becomes a space, white
    space is collapsed, a character that is repeated three times or more is cut to two, and a long
    text is cut. Emoticons and emoji become words first: the study's code looked for them after the
    symbols that they are made of were gone.
    """
    return _until_stable(_symbols_once, text)


def sentiment_cleaned(text: str) -> str:
    """``text`` by the study's section 6: what carries sentiment stays or is put into words.

    Emoji and emoticons become words; URLs, mentions and retweet marks go; a hashtag loses its sign
    and is taken apart at its capitals; of the marks ! ? . , ' " - stay, those of full width in the
    plain form. A long text is cut.
    """
    return _until_stable(_sentiment_once, text)


def _until_stable(step: Callable[[str], str], text: str) -> str:
    """Repeat ``step`` until it changes nothing, so that cleaning twice is as good as once.

    What a step takes out, takes apart or cuts off is never put back, and the words that it puts in
    hold nothing that it looks for, so it comes to an end.
    """
    while (changed := step(text)) != text:
        text = changed
    return text


def _marks_taken_out(text: str) -> str:
    return _MENTION.sub(" ", _URL.sub(" ", _RETWEET.sub("", text))).replace("#", "")


def _symbols_once(text: str) -> str:
    text = _faces_in_words(_emoji_in_words(text).translate(_FORMS))
    return _cut(_REPEATED.sub(r"\1\1", _SPACE.sub(" ", _SYMBOL.sub(" ", text))).strip())


def _sentiment_once(text: str) -> str:
    # Emoji before addresses, which would swallow one that follows without a space; addresses before
    # emoticons, since each holds a ":/".
    text = _emoji_in_words(text).translate(_FORMS)
    text = _GLUED_URL.sub(" ", _QUOTED_RETWEET.sub(" ", text))
    text = _HASHTAG.sub(lambda found: f" {_CAMEL.sub(' ', found[1])}", text)
    text = _faces_in_words(_MENTION.sub(" ", _URL.sub(" ", _RETWEET.sub("", text))))
    return _cut(_SPACE.sub(" ", _SYMBOL.sub(" ", text)).strip())


def _faces_in_words(text: str) -> str:
    return _EMOTICON.sub(lambda found: f" {_EMOTICON_WORDS[str(found.lastgroup)]} ", text)


def _emoji_in_words(text: str) -> str:
    if text.isascii():
        return text
    return emoji.replace_emoji(text, lambda found, _: _words_of(found))


@cache
def _words_of(found: str) -> str:
    """The name of an emoji as plain words, without its skin tone, between spaces."""
    plain = found.rstrip("\ufe0f")
    if plain in _MARKS:
        return _MARKS[plain]
    if plain.translate(_FORMS) != plain or plain == "♥":
        return plain
    name = emoji.demojize(found, delimiters=("", "")).replace("_", " ")
    return f" {_SKIN_TONE.sub('', name).replace('-', ' ')} "


def _cut(text: str) -> str:
    """At most :data:`MOST_CHARACTERS`, cut at the last space if it lies far enough behind."""
    if len(text) <= MOST_CHARACTERS:
        return text
    space = text.rfind(" ", 0, MOST_CHARACTERS + 1)
    return text[: space if space > CUT_BEYOND * MOST_CHARACTERS else MOST_CHARACTERS].strip()
