"""Composes the texts of the demo posts."""

import random
import re
import string

from mmsent.demo.plan import ANY, Content, Post
from mmsent.demo.vocabulary import (
    CHINESE,
    EMOJI,
    EXCLAMATIONS,
    FAINT,
    FILLERS,
    GAPS,
    HASHTAGS,
    NAMES,
    PLAIN,
    TALK,
)

#: Content that tells its class less strongly than this only hints at it.
FAINT_BELOW = 0.2

#: Content that tells its class more strongly than this says it twice.
TWICE_ABOVE = 0.5

_GAP = re.compile(r"\{(\w+)\}")
#: "a" where it should be "an"; "a useless" is right.
_BEFORE_VOWEL = re.compile(r"\b([Aa])(?= (?!us)[aeiou])")
_LINK_LETTERS = string.ascii_letters + string.digits


def compose_text(post: Post) -> str:
    """Text of a post as its author sees it, before it is put into bytes.

    Posts that share their text content differ in no more than retweet mark, mentions and URLs.
    """
    dress = random.Random(f"{post.source}:dress")
    body = "" if post.empty else compose_body(post.text)
    if post.mojibake:
        # Curly quotes, read once as Windows-1252 and saved again, are the usual way to spoil one.
        body = _spoiled(f"{body}, don’t you think")
    if post.encoding == "gb18030":
        body = _foreign_marks(body, random.Random(f"{post.text.source}:marks"))
    parts = [body] if body else []
    if post.reposted:
        parts.insert(0, f"RT @{_name(dress)}:")
    if dress.random() < 0.25:
        parts.insert(1 if post.reposted else 0, f"@{_name(dress)}")
    if dress.random() < 0.55 or not parts:
        parts.append(_link(dress))
    if dress.random() < 0.45:
        parts.append(_link(dress))
    text = " ".join(parts)
    if post.spacing == "double spaces":
        text = text.replace(" ", "  ", 3)
    return text + {"newline": "\n", "crlf": "\r\n"}.get(post.spacing, "")


def encode_text(post: Post) -> bytes:
    """Bytes of the text of a post in its encoding; those of a GB18030 post are never UTF-8 too."""
    text = compose_text(post)
    content = text.encode(post.encoding)
    if post.encoding == "gb18030" and _is_utf8(content):
        raise ValueError(f"post {post.guid}: its GB18030 text reads as UTF-8 too")
    return content


def compose_body(content: Content) -> str:
    """What a text says, without retweet mark, mentions and URLs."""
    draw = random.Random(content.source)
    talk, more = (_filled(pattern, draw) for pattern in draw.sample(TALK, 2))
    if content.tells == ANY:
        parts = [talk, more] if draw.random() < 0.15 else [talk]
    elif content.strength < FAINT_BELOW:
        parts = [talk, _filled(draw.choice(FAINT[content.tells]), draw)]
    else:
        parts = [_filled(draw.choice(PLAIN[content.tells]), draw)]
        if content.strength > TWICE_ABOVE:
            parts.append(_filled(draw.choice(EXCLAMATIONS[content.tells]), draw))
        elif draw.random() < 0.3:
            parts.append(talk)
    if draw.random() < 0.25:
        parts[-1] += f" {draw.choice(FILLERS)}"
    body = draw.choice([". ", " - ", "! ", "... "]).join(parts)
    body += draw.choice(["", "", ".", "!", "..."])
    if draw.random() < 0.15:
        body = body.lower()
    # A mark of the class itself is for the plain texts: it would give the faint ones away.
    marks = content.tells if content.strength > TWICE_ABOVE else ANY
    for share, choices in ((0.35, HASHTAGS), (0.2, HASHTAGS), (0.25, EMOJI)):
        if draw.random() < share:
            kind = marks if draw.random() < 0.5 else ANY
            body += f" {draw.choice(choices[kind])}"
    return body.replace("can't", "can’t") if draw.random() < 0.5 else body


def _filled(pattern: str, draw: random.Random) -> str:
    """``pattern`` with its gaps filled, as the start of a sentence."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name == "number":
            return str(draw.randint(11, 980))
        if name == "percent":
            return str(draw.randint(2, 64))
        if name == "clock":
            return f"{draw.randint(7, 21)}:{draw.choice(['00', '15', '30', '45'])}"
        word = draw.choice(GAPS[name.lower()])
        return word.capitalize() if name[0].isupper() else word

    text = _BEFORE_VOWEL.sub(r"\1n", _GAP.sub(fill, pattern))
    return text[0].upper() + text[1:]


def _foreign_marks(body: str, draw: random.Random) -> str:
    """``body`` with marks that GB18030 writes in bytes which UTF-8 does not allow."""
    # Emoji are left out: a phone that wrote GB18030 had none.
    body = "".join(letter for letter in body if ord(letter) < 0x2190).rstrip()
    kind = draw.choice(["ellipsis", "ellipsis", "quotes", "chinese"])
    if kind == "ellipsis":
        return body.rstrip(".!") + "…"
    if kind == "quotes":
        return f"“{body}”"
    return f"{body} {draw.choice(CHINESE)}…"


def _spoiled(text: str) -> str:
    return text.encode("utf-8").decode("cp1252", errors="ignore")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _name(draw: random.Random) -> str:
    return draw.choice(NAMES) + draw.choice(["", "_", str(draw.randint(1, 99))])


def _link(draw: random.Random) -> str:
    return "http://t.co/" + "".join(draw.choices(_LINK_LETTERS, k=10))
