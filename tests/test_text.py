"""Decoding and cleaning texts: the content of the bytes, and nothing else."""

import re
import time
from typing import get_args

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mmsent.config.network import Cleaning
from mmsent.data.decoding import UndecodableTextError, decode_text
from mmsent.data.index import index_texts
from mmsent.data.text import (
    EMPTY,
    MOST_CHARACTERS,
    clean_text,
    is_empty_after_cleaning,
    normalised_words,
)

CLEANINGS = get_args(Cleaning)

few = settings(max_examples=80, deadline=None, derandomize=True)

#: What posts are made of, in any order and with or without space between.
PIECES = st.sampled_from(
    ["RT", "rt", "@", "@user", ":", "http://t.co/x1", "http:/…", "htt…", "www.a.de", "t.co/x",
     "#", "#tag", " ", "\n", "\u3000", "word", "好", "…", "…", "!", EMPTY,
     "😍", "❤️", "♥", "‼️", "👍🏽", "\u200d", "™", ":)", ":-(", ":/", "XD", "<3", "T_T", "-_-", "_",
     "-", "'", "’", '"', "！", "#CamelCase", "#goHttp", "https", "/", "＠", "＃", "：", "a" * 150]
)  # fmt: skip
POSTS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=30)


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        ("caf\u00e9 😀".encode(), "caf\u00e9 😀", "utf-8"),
        (b"\xef\xbb\xbfhello", "hello", "utf-8"),
        (b"so tired" + b"\xa1\xad", "so tired…", "gb18030"),
        ("今天很开心".encode("gb18030"), "今天很开心", "gb18030"),
        (b"so tired\x85", "so tired…", "cp1252"),
        (b"", "", "utf-8"),
        # Valid GB18030 too: an ideograph of a letter and the one behind it.
        (b"I don\x92t like it", "I don’t like it", "cp1252"),
        (b"sch\xf6n, I\x92m \x93great\x94", "schön, I’m “great”", "cp1252"),
        # Valid Windows-1252 too, and almost words: Ä of Äpfel, °é, ¡ú, ¡ï before a letter.
        ("放学 go".encode("gb18030"), "放学 go", "gb18030"),
        ("(Cr:伴.Fans)".encode("gb18030"), "(Cr:伴.Fans)", "gb18030"),
        ("canción número 2…".encode("gb18030"), "canción número 2…", "gb18030"),
        # Valid UTF-8 by chance but for some bytes.
        ("#хлебивино …".encode("gb18030"), "#хлебивино …", "gb18030"),
        ("もそもそ 夜食のナン".encode("gb18030"), "もそもそ 夜食のナン", "gb18030"),
    ],
)
def test_the_encoding_is_the_one_that_the_bytes_are_evidence_of(content, text, encoding):
    notes = [] if encoding == "utf-8" else [f"decoded as {encoding}"]
    assert decode_text(content) == (text, encoding, notes)


#: Sentences of Western European languages with what is not ASCII in them.
WESTERN = [
    "It’s “the best” café in town — 25°C, £5 or 5€…", "Naïve? I didn’t say ‘no’ to Zoë’s soirée.",
    "L’été, où es-tu né ? À Paris, ça a été créé « là-bas ».", "Noël, l’œuvre coûte 3 € ; ÉNORME !",
    "Schöne Grüße aus Köln: „Straße“ und Übermut, Äpfel.", "Ich weiß – größer, süß, für Jürgen.",
    "¡Él dijo: ¿Qué pasó, señor? ¡Qué alegría, niños!", "El nº 3 llegó mañana a Perú, ¡ojalá!",
]  # fmt: skip


@pytest.mark.parametrize("text", WESTERN)
def test_each_word_of_a_western_european_language_is_decoded_as_such(text):
    for part in (text, *(word for word in text.split() if not word.isascii())):
        if part not in ("3 €", "«", "–", "—"):
            assert decode_text(part.encode("cp1252"))[:2] == (part, "cp1252"), part


@pytest.mark.parametrize(
    ("content", "text", "dropped"),
    [
        (b"it\xe2\x80\x99s sunny \xf0\x9f", "it’s sunny", 2),
        (b"it\xe2\x80\x99s sunny \xf0\x9f\x98\n", "it’s sunny", 3),
        (b"caf\xc3", "caf", 1),
        (b"caf\xc3\xa9 \xff au lait", "café  au lait", 1),
        (b"happy \xed\xa0\xbd\xed\xb8\x80 day", "happy 😀 day", 0),
        (b"happy \xed\xa0\xbd", "happy", 3),
    ],
)
def test_damaged_utf_8_keeps_all_that_can_be_decoded(content, text, dropped):
    notes = [f"{dropped} undecodable byte{'s' if dropped > 1 else ''} dropped"] if dropped else []
    assert decode_text(content) == (text, "utf-8", notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00", "NUL"),
        (b"hel\x00lo", "NUL"),
        ("hello".encode("utf-16"), "NUL"),
        (b"\x81 \x8d", "UTF-8, GB18030 and Windows-1252"),
    ],
)
def test_bytes_that_are_no_text_are_refused(content, message):
    with pytest.raises(UndecodableTextError, match=message):
        decode_text(content)


REPAIRED = ["mojibake or control characters repaired"]


@pytest.mark.parametrize(
    ("written", "text", "notes"),
    [
        ("donâ€™t", "don’t", REPAIRED),
        ("cafÃ© time", "caf\u00e9 time", REPAIRED),
        ("a\x07b", "ab", REPAIRED),
        ("ðŸ˜€ ok", "😀 ok", REPAIRED),
        ("one\r\ntwo\r\n", "one\ntwo", []),
        ("one\rtwo", "one\ntwo", []),
        ("\ufeffhi", "hi", []),
        ("😀 caf\u00e9 好 … – —", "😀 caf\u00e9 好 … – —", []),
        ("a\tb  c", "a\tb  c", []),
        ("Tom &amp; Jerry", "Tom & Jerry", []),
        ("ﬁne", "fine", []),
        ("cafe\u0301", "caf\u00e9", []),
    ],
)
def test_only_repaired_texts_are_noted_as_repaired(written, text, notes):
    assert decode_text(written.encode()) == (text, "utf-8", notes)


@few
@given(st.binary(max_size=40) | st.lists(st.integers(0x80, 0xFE), max_size=12).map(bytes))
def test_any_bytes_are_decoded_or_refused(content):
    try:
        text, encoding, _ = decode_text(content)
    except UndecodableTextError:
        return
    assert encoding in ("utf-8", "gb18030", "cp1252")
    assert text == text.strip()
    assert not {"\r", "\0"} & set(text)
    text.encode()  # no half of a surrogate pair, which no table could hold


@few
@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1))
def test_chinese_texts_of_both_encodings_are_read_alike(text):
    assert decode_text(text.encode()) == (text, "utf-8", [])
    content = text.encode("gb18030")
    try:
        content.decode()
    except UnicodeDecodeError:
        assert decode_text(content)[:2] == (text, "gb18030")
    else:
        assume(False)


@pytest.mark.parametrize(
    ("cleaning", "text"),
    [
        ("none", "RT @you: so   #happy\n http://t.co/ab"),
        ("whitespace", "RT @you: so #happy http://t.co/ab"),
        ("basic", "so happy"),
        ("symbols", "RT you so happy http t.co ab"),
        ("sentiment", "so happy"),
    ],
)
def test_each_cleaning_takes_out_what_it_says(cleaning, text):
    assert clean_text("  RT @you: so   #happy\n http://t.co/ab ", cleaning) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("RT @a_b: hello", "hello"),
        ("rt @a hello", "hello"),
        ("hello @you and @me: ok", "hello and ok"),
        ("see https://t.co/Ab1 now", "see now"),
        ("see HTTP://X.com/?a=1#b", "see"),
        ("see t.co/Ab1", "see"),
        ("see http…", "see"),
        ("see h…", "see"),
        ("#so #very#happy", "so veryhappy"),
        # What only looks like one of them.
        ("oh… hush…", "oh… hush…"),
        ("report.co/pilot is fun", "report.co/pilot is fun"),
        ("Awww...so sweet", "Awww...so sweet"),
    ],
)
def test_basic_cleaning_of_marks_mentions_addresses_and_hashtags(text, left):
    assert clean_text(text, "basic") == left


@pytest.mark.parametrize(
    "text", ["", "  \n", "RT @you:", "@you http://t.co/a", "#", "www.x.de htt…"]
)
def test_a_text_of_which_nothing_is_left_is_marked_empty(text):
    assert clean_text(text, "basic") == clean_text(text, "sentiment") == EMPTY
    assert is_empty_after_cleaning(text)
    assert normalised_words(text) == []


def test_a_text_of_marks_alone_is_not_empty_and_white_space_always_is():
    assert not any(map(is_empty_after_cleaning, ["😀", "!!!", "a"]))
    for cleaning in CLEANINGS:
        assert clean_text(" \n\u3000", cleaning) == EMPTY


@few
@given(POSTS)
def test_whitespace_cleaning_changes_white_space_alone_and_only_once(text):
    cleaned = clean_text(text, "whitespace")
    assert clean_text(cleaned, "whitespace") == cleaned
    assert re.search(r"\s\s|[^\S ]", cleaned) is None
    assert cleaned == EMPTY or cleaned.split() == text.split()


@few
@given(POSTS, st.sampled_from(CLEANINGS))
@example("RT @a: RT: hi", "basic")
@example("@a RT: hi", "basic")
@example("@#foo bar", "basic")
@example("#goHttp", "sentiment")
@example("#www.x.de", "sentiment")
@example("R#T @a: hi", "sentiment")
@example("＠a RT: hi", "sentiment")
@example(":<:))", "symbols")
@example("a" * 199 + "XDaa", "symbols")
@example("a " * 99 + "XDXD", "sentiment")
@example("aa" + "‼️" * 3, "symbols")
@example(EMPTY, "symbols")
@example(f"#{EMPTY}", "sentiment")
def test_a_cleaned_text_is_not_changed_by_cleaning_and_has_no_symbol_but_those_named(
    text, cleaning
):
    cleaned = clean_text(text, cleaning)
    assert clean_text(cleaned, cleaning) == cleaned
    assert cleaned == cleaned.strip() != ""
    if cleaning in ("symbols", "sentiment"):
        assert cleaned == EMPTY or re.search(r"[^\w !?.,'\"-]|  ", cleaned) is None
        assert len(cleaned) <= MOST_CHARACTERS
    if cleaning == "symbols":
        assert re.search(r"(.)\1\1", cleaned) is None


@few
@given(POSTS, st.sampled_from(["http://t.co/x1Y", "https://bit.ly/x1Y", "HTTP://x1Y.com/?q=x1Y#x1Y",
                               "pic.twitter.com/x1Y", "x1Y.co.uk/x1Y"]), POSTS)  # fmt: skip
def test_nothing_of_an_address_is_left_by_sentiment_cleaning(before, address, after):
    cleaned = clean_text(f"{before} {address} {after}", "sentiment")
    assert "x1Y" not in cleaned
    assert re.search(r"http:|://|t\.co/|\bhttps?\b|@|#", cleaned) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see:http://t.co/Ab1.", "see"),
        ("sohttp://t.co/Ab1 now", "so now"),
        ("😍http://t.co/Ab1😍", "smiling face with heart eyes smiling face with heart eyes"),
        ("see pic.twitter.com/Ab1", "see"),
        ("“RT @a: hello”", '" hello"'),
        ("so RT worthy and/or fun...so sweet", "so RT worthy and or fun...so sweet"),
        ("#StopBoknal2015 #28DaysLater", "Stop Boknal 2015 28 Days Later"),
        ("#BBCNews#iLoveNY #4u", "BBC News i Love NY 4u"),
        ("不错！真的？是，好。", "不错!真的?是,好."),
        ("don’t “stop” well-known", 'don\'t "stop" well-known'),
        ("❗❓‼️⁉️ wow", "!?!!!? wow"),
        ("soooo happy", "soooo happy"),
    ],
)
def test_sentiment_cleaning_keeps_what_carries_sentiment(text, left):
    assert clean_text(text, "sentiment") == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("soooo happy!!!! :-)", "soo happy!! smiling face"),
        ("@a #tag http://t.co/Ab1", "a tag http t.co Ab1"),
        ('Tom & Jerry\'s "well-known" 50% ~', 'Tom Jerry\'s "well-known" 50'),
        ("don’t", "don't"),
    ],
)
def test_symbols_cleaning_as_the_study_does_it(text, left):
    assert clean_text(text, "symbols") == left


@pytest.mark.parametrize("cleaning", ["symbols", "sentiment"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("😀", "grinning face"),
        ("love😍", "love smiling face with heart eyes"),
        ("♥ ♥\ufe0f <3 <33", "heart heart heart heart"),
        ("👍🏽👍", "thumbs up thumbs up"),
        ("👩🏿‍🤝‍👩🏻", "women holding hands"),
        ("🇺🇸 🥳", "United States partying face"),
        (":) :-) =) ^_^ ^^ (: :]", "smiling face " * 7),
        (":( :-( =( ):", "frowning face " * 4),
        (":D XD xDDD =D", "grinning face " * 4),
        (":P :-p", "face with tongue " * 2),
        (":'( T_T", "crying face " * 2),
        (
            ">:( :/ -_- </3 :*",
            "angry face confused face expressionless face broken heart kissing face",
        ),
        ("great:)#fun", "great smiling face fun"),
        # What only looks like one.
        ("at 8:30 re:Design (a) B=D 3<30 x--y", "at 8 30 re Design a B D 3 30 x--y"),
        ("™ © brand", "brand"),
    ],
)
def test_emoji_and_emoticons_become_words(text, words, cleaning):
    assert clean_text(text, cleaning) == words.strip()


@pytest.mark.parametrize("cleaning", ["symbols", "sentiment"])
def test_a_long_text_is_cut_at_a_space_that_lies_far_enough_behind(cleaning):
    assert clean_text("ab " * 100, cleaning) == ("ab " * 67).strip()
    assert clean_text("ab" * 100 + " ab", cleaning) == "ab" * 100
    early = "ab " + "ab" * 120
    assert clean_text(early, cleaning) == early[:MOST_CHARACTERS]
    exact = "ab" * 90 + " " + "ab" * 9 + "a"
    assert clean_text(exact + " ab", cleaning) == exact


@pytest.mark.parametrize("cleaning", CLEANINGS)
@pytest.mark.parametrize("piece", ["a.", "a-", "#Aa", "-_", "😀", "http:", "<", ":'", "@a RT: "])
def test_no_text_takes_long(piece, cleaning):
    begin = time.perf_counter()
    clean_text(piece * 3000, cleaning)
    assert time.perf_counter() - begin < 2


def test_normalised_words_ignore_case_marks_and_addresses():
    one = normalised_words("RT @a: So HAPPY today!!! #blessed http://t.co/1")
    assert one == normalised_words("so happy, today: blessed http:/…")
    assert one == ["so", "happy", "today", "blessed"]


def test_the_index_has_a_row_for_each_file_with_its_problem():
    contents = {"9": b"fine", "10": b"", "11": b"\x00\x01", "12": b"so\xa1\xad", "14": b"\x81 "}
    rows = [(guid, f"{guid}.txt", content, "") for guid, content in contents.items()]
    index = index_texts(rows).set_index("guid")
    assert index["bytes"].to_dict() == {guid: len(c) for guid, c in contents.items()}
    bad = index[index["problem"] != ""]
    assert list(bad.index) == ["10", "11", "14"]
    assert set(bad["text"]) == {""}
    assert "empty" in bad.loc["10", "problem"]
    assert "NUL" in bad.loc["11", "problem"]
    good = index.loc[["9", "12"], ["text", "encoding", "note"]].to_numpy().tolist()
    assert good == [["fine", "utf-8", ""], ["so…", "gb18030", "decoded as gb18030"]]
