"""Decoding the bytes of a text: UTF-8, GB18030 or Windows-1252."""

import re
import unicodedata
from typing import NamedTuple

import ftfy

#: CESU-8: an emoji as two surrogates of three bytes each, as some databases export it.
_SURROGATE_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
#: Undecodable bytes, as ``errors="surrogateescape"`` represents them.
_UNDECODABLE = re.compile("[\udc80-\udcff]+")
#: The beginning of a UTF-8 sequence, or half a surrogate pair, at the end of a text.
_CUT_OFF = re.compile(
    rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|\xed[\xa0-\xaf][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{0,2})\s*\Z"
)

_UPPER = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŠŽŒŸ"
_LOWER = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿšžœ"
_LETTERS = f"A-Za-zß{_UPPER}{_LOWER}"
#: Words of Western European languages, and the marks between them in their places.
_WESTERN = re.compile(
    rf"""(?P<word>[{_LETTERS}]+)
    | [‘’“”„‚«‹›–—…•™€] | (?<![\xa1-\xff])[©®](?!\\) | (?<![{_LETTERS}])£ | §(?=\s?[0-9])
    | (?:[»·½¼¾´\xa0] | (?<=[0-9nN])[°ºª] | (?<=[0-9]\s)° | (?<=[0-9m])[¹²³])(?![\xa1-\xff])
    | (?:¡¿?|¿)(?=["'“«]?[A-Z{_UPPER}a-z])""",
    re.VERBOSE,
)
#: Words of one accented letter: French à, Portuguese é, Italian è, Catalan ò, Swedish å and ö.
_SHORT_WORD = re.compile(r"(?:^|(?<=[\s.,!?;:'\"()/“-]))[àéèòóáåöÀÉÈÓÁÅÖ](?![^\s.,!?;:'\")/”-])")
#: In Windows-1252 these begin UTF-8 sequences: "Ã©" for é, "â€™" for ’.
_MOJIBAKE = re.compile(r"[ÂÃâïÑÐ][^\x00-\x7f]")
#: Control characters but white space.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


class UndecodableTextError(ValueError):
    """The bytes are not text in any supported encoding."""


class Decoded(NamedTuple):
    """A text, its encoding (utf-8, gb18030 or cp1252) and its number of undecodable bytes."""

    text: str
    encoding: str
    dropped: int = 0


def decode_text(content: bytes) -> tuple[str, str, list[str]]:
    """Decode the text of a post and normalise it (ftfy: NFC, no HTML entities, no mojibake).

    Returns
    -------
    text, encoding, notes
        ``notes`` lists all changes but decoding as UTF-8.

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


def decode(content: bytes) -> Decoded:
    """Decode bytes as UTF-8, GB18030 or Windows-1252, whichever they are evidence of.

    UTF-8 that is cut off at the end, has surrogate pairs (CESU-8) or a stray byte is decoded as
    UTF-8 without the undecodable bytes. Many texts are valid in both other encodings:
    ``b"caf\\xe9s"`` is "cafés" in Windows-1252, and an ideograph amid Latin letters in GB18030.
    They are decoded as Windows-1252 if the result looks like a Western European language, else as
    GB18030, in which the accented letters and the punctuation of such a text are pairs of bytes
    that no Western European word contains.

    Raises
    ------
    UndecodableTextError
        If the content contains NUL bytes, or no encoding fits.
    """
    if b"\x00" in content:
        raise UndecodableTextError("contains NUL bytes, so it is not text in a supported encoding")
    utf8 = _lenient_utf8(content)
    if not utf8.dropped:
        return utf8
    western, chinese = _strict(content, "cp1252"), _strict(content, "gb18030")
    if western is not None and _is_western(western):
        return Decoded(western, "cp1252")
    if _is_utf8(content, utf8, chinese):
        return utf8
    if chinese is not None:
        return Decoded(chinese, "gb18030")
    if western is not None:
        return Decoded(western, "cp1252")
    raise UndecodableTextError("is valid in none of UTF-8, GB18030 and Windows-1252")


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _lenient_utf8(content: bytes) -> Decoded:
    """Decode as UTF-8 without a byte-order mark; join surrogate pairs, drop undecodable bytes."""
    content = _SURROGATE_PAIR.sub(
        lambda pair: pair[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
        .decode("utf-16").encode(),
        content,
    )  # fmt: skip
    text = content.decode("utf-8-sig", "surrogateescape")
    kept = _UNDECODABLE.sub("", text)
    return Decoded(kept, "utf-8", len(text) - len(kept))


def _is_utf8(content: bytes, utf8: Decoded, chinese: str | None) -> bool:
    """Whether the undecodable bytes of ``utf8`` are damage, not another encoding."""
    if any(unicodedata.category(char) in ("Co", "Cn") for char in utf8.text):
        return False
    cut_off = _CUT_OFF.search(content)
    stray = utf8.dropped - (len(cut_off[0].rstrip()) if cut_off else 0)
    decoded = len(utf8.text.encode()) - sum(map(str.isascii, utf8.text))
    if decoded and not stray:
        return True
    # Common ideographs, kana and punctuation: complete, and UTF-8 in parts by chance.
    if chinese is not None and _strict(content, "gb2312") is not None:
        return False
    return decoded >= (2 if chinese is None else 6) * stray if decoded else not stray


def _is_western(text: str) -> bool:
    """Whether all that is not ASCII is plausible in a Western European language."""
    if _MOJIBAKE.search(text):
        return False

    def implausible(match: re.Match[str]) -> str:
        word = match["word"]
        return "" if word is None or word.isascii() or _is_word(text, match) else match[0]

    return _WESTERN.sub(implausible, text).isascii()


def _is_word(text: str, match: re.Match[str]) -> bool:
    """Whether a run of letters, at least one of them accented, is plausible as a word."""
    word = match[0]
    if len(word) == 1:
        return bool(_SHORT_WORD.match(text, match.start()))
    plain = sum(letter.isascii() or letter == "ß" for letter in word)
    if not re.search("[A-Za-z]", word) or len(word) - plain > plain + 1:
        return False
    # Capitals are first or among capitals; "créée" has two accented letters side by side.
    mixed = re.search(rf"[a-zß{_LOWER}][{_UPPER}]|^[{_LOWER}][A-Z]", word)
    paired = re.search(rf"[{_UPPER}{_LOWER}]{{3}}|[{_UPPER}][{_UPPER}{_LOWER}]", word)
    twice = re.search(f"[{_LOWER}]{{2}}", word)
    return not mixed and not paired and not (twice and plain < 2)
