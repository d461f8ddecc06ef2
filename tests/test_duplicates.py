"""Near-duplicates: the same post twice, and posts that only look alike."""

import io
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmsent.data.duplicates import duplicate_summary, near_duplicate_groups
from mmsent.data.index import index_images
from mmsent.labels import LABELLED, UNLABELLED, UNLABELLED_SUBSET

NO_IMAGES = index_images(Path(), {})


def texts(**posts):
    """A text index; the guids have a letter before them, being keyword names."""
    return pd.DataFrame(
        {"guid": [name[1:] for name in posts], "text": list(posts.values())}, dtype=str
    )


def image_index_of(*rows):
    """An image index of ``(guid, bits of the perceptual hash)``, all bytes different."""
    return pd.DataFrame(
        {
            "guid": [guid for guid, _ in rows],
            "sha256": [f"sha{number}" for number in range(len(rows))],
            "phash": [f"{bits:016x}" for _, bits in rows],
            "contrast": 50.0,
            "width": 16,
        }
    )


def groups(text_index=None, image_index=None, distance=4, words=4):
    text_index = texts() if text_index is None else text_index
    image_index = NO_IMAGES if image_index is None else image_index
    return near_duplicate_groups(text_index, image_index, distance, words)


def together(table):
    """The groups of two or more as a set of sets."""
    several = table[table["size"] > 1]
    found = {frozenset(members) for members in several.groupby("group")["guid"].agg(list)}
    assert all(len(members) == table.set_index("guid").loc[list(members), "size"].iloc[0]
               for members in found)  # fmt: skip
    return found


def scene(seed, size=(160, 120)):
    """An image with coarse shapes, as photographs have."""
    values = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize(size, Image.Resampling.BICUBIC)


def jpeg(image, quality=90):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@pytest.fixture
def indexed(tmp_path):
    def indexed(**contents):
        files = {name[1:]: f"{name[1:]}.jpg" for name in contents}
        for file, content in zip(files.values(), contents.values(), strict=True):
            (tmp_path / file).write_bytes(content)
        return index_images(tmp_path, files)

    return indexed


def test_the_same_image_at_another_size_or_quality_is_one_group(indexed):
    image = scene(1)
    index = indexed(
        g4=jpeg(image),
        g5=jpeg(image.resize((400, 300)), 40),
        g6=jpeg(image.resize((80, 60))),
        g7=jpeg(scene(2)),
        g8=jpeg(scene(3)),
    )
    assert index["sha256"].is_unique
    assert together(groups(image_index=index)) == {frozenset({"4", "5", "6"})}


def test_blank_images_are_the_same_only_if_their_bytes_are(indexed):
    flat = {name: Image.new("RGB", (64, 64), name) for name in ("red", "navy", "white")}
    # Hardly more than blank: noise that no eye sees.
    faint = np.random.default_rng(1).integers(126, 130, (64, 64), dtype=np.uint8)
    index = indexed(
        g1=jpeg(flat["red"]),
        g2=jpeg(flat["navy"]),
        g3=jpeg(flat["white"]),
        g4=jpeg(flat["navy"]),
        g5=jpeg(flat["white"], 30),
        g6=jpeg(Image.fromarray(faint)),
    )
    assert index["phash"].duplicated().any()
    assert together(groups(image_index=index, distance=16)) == {frozenset({"2", "4"})}


def test_images_that_cannot_be_read_are_the_same_as_nothing(indexed):
    index = indexed(g1=b"", g2=b"", g3=jpeg(scene(1)), g4=b"<html>", g5=b"<html>")
    assert together(groups(image_index=index)) == set()


def test_the_number_of_differing_bits_decides():
    index = image_index_of(("1", 0b0), ("2", 0b1111), ("3", 0b11111 << 30), ("4", 1 << 63))
    assert together(groups(image_index=index, distance=3)) == {frozenset({"1", "4"})}
    assert together(groups(image_index=index, distance=4)) == {frozenset({"1", "2", "4"})}
    assert together(groups(image_index=index, distance=0)) == set()


def test_images_far_apart_in_a_long_table_are_compared():
    bits = np.random.default_rng(5).integers(0, 2**63, 2100, dtype=np.int64).tolist()
    bits[1500] = bits[3] ^ 0b11
    bits[2099] = bits[1024] ^ 0b1
    index = image_index_of(*((str(number), one) for number, one in enumerate(bits)))
    expected = {frozenset({"3", "1500"}), frozenset({"1024", "2099"})}
    assert together(groups(image_index=index)) == expected


def test_the_same_words_are_one_group_whatever_surrounds_them():
    index = texts(
        g1="I love this town!",
        g2="RT @you: i LOVE this #town http://t.co/a",
        g3="I love this town http:/…",
        g4="I love this city",
        g5="town this love I",
        g6="I love this town so",
        g7="RT @a: RT @b: I love this town",
    )
    assert together(groups(index)) == {frozenset({"1", "2", "3", "7"})}


def test_short_texts_and_posts_without_words_are_no_duplicates():
    index = texts(
        g1="love this town", g2="love this town", g3="@a @b @c @d love it", g4="@x love it"
    )
    assert together(groups(index)) == set()
    assert together(groups(index, words=3)) == {frozenset({"1", "2"})}
    index = texts(g1="", g2="", g3="@a", g4="😀 😀 😀 😀", g5="😀 😀 😀 😀")
    assert together(groups(index, words=1)) == set()


def test_chains_of_images_and_texts_are_one_group():
    words = texts(g1="so happy to be here", g2="so happy to be here", g3="", g4="", g5="other")
    images = image_index_of(
        ("1", 1 << 60), ("2", 0b0), ("3", 0b1111), ("4", 0b11111111), ("5", 7 << 40)
    )
    images.loc[4, "phash"] = "f0f0f0f0f0f0f0f0"
    # 1 and 2 share words; 2 and 3 look alike, 3 and 4 do; 2 and 4 do not.
    images.loc[0, "phash"] = "aaaaaaaaaaaaaaaa"
    assert together(groups(words, images)) == {frozenset({"1", "2", "3", "4"})}
    assert together(groups(words, images[images["guid"] != "3"])) == {frozenset({"1", "2"})}


def test_a_group_is_named_after_its_smallest_number():
    index = texts(g10="one two three four", g9="one two three four", g100="one two three four")
    table = groups(index, image_index_of(("200", 5)))
    assert table.to_dict("list") == {
        "guid": ["9", "10", "100", "200"], "group": ["9", "9", "9", "200"], "size": [3, 3, 3, 1],
    }  # fmt: skip


def test_the_order_of_the_rows_does_not_matter():
    words = texts(g30="a b c d", g4="", g5="a b c d", g12="e f g h", g7="e f g h")
    images = image_index_of(
        ("4", 0b0), ("30", 0xFF << 50), ("12", 0b11), ("5", 0xFFFF), ("7", 0xFFFFFF << 20)
    )
    expected = groups(words, images)
    assert expected["group"].tolist() == ["4", "5", "4", "4", "5"]
    for order in islice(permutations(range(5)), 0, None, 7):
        table = groups(words.iloc[list(order)], images.iloc[list(reversed(order))])
        pd.testing.assert_frame_equal(table, expected)


def test_the_summary_counts_what_one_counts_by_hand():
    labelled = {"1": 2, "2": 2, "3": 0, "4": 1, "5": 0, "6": 2, "7": 2}
    unlabelled = ["20", "21", "22", "23"]
    posts = pd.DataFrame(
        {
            "guid": [*labelled, *unlabelled],
            "subset": [LABELLED] * len(labelled) + [UNLABELLED_SUBSET] * len(unlabelled),
            "label": [*labelled.values(), *[UNLABELLED] * len(unlabelled)],
        }
    )
    # Same label: 1, 2 (and 20 beside them). Labels differ: 3, 4, 5. A twin of 6: 21. Without a
    # labelled twin: 22, 23. Alone: 7, but for 99, which is no listed post.
    members = {"1": ["1", "2", "20"], "3": ["3", "4", "5"], "6": ["6", "21"], "22": ["22", "23"]}
    members |= {"7": ["7", "99"]}
    grouped = pd.DataFrame(
        [(guid, group, len(guids)) for group, guids in members.items() for guid in guids],
        columns=["guid", "group", "size"],
    )
    assert duplicate_summary(posts, grouped) == {
        "groups": 4,
        "posts_in_groups": 10,
        "largest_group": 3,
        "group_sizes": {"2": 2, "3": 2},
        "labelled_groups": 2,
        "posts_in_labelled_groups": 5,
        "conflicting_groups": 1,
        "posts_in_conflicting_groups": 3,
        "unlabelled_with_labelled_twin": 2,
    }
    shuffled = posts.sample(frac=1, random_state=1)
    assert duplicate_summary(shuffled, grouped[::-1]) == duplicate_summary(posts, grouped)
