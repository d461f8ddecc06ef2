"""Label lists, indexes and the policy on bad posts: nothing is left out in silence."""

import io
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmsent.data.dataset import recognise
from mmsent.data.decoding import decode
from mmsent.data.duplicates import near_duplicate_groups
from mmsent.data.index import index_images, index_texts
from mmsent.data.layout import DatasetError, normalise_guid, post_files
from mmsent.data.posts import BAD_IMAGE, BAD_LIST, BAD_TEXT, NOTE, apply_policy, gather, judge
from mmsent.data.readers import read_listing
from mmsent.labels import LABELLED, UNLABELLED, UNLABELLED_SUBSET
from mmsent.tables import read_table, write_table

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


@pytest.fixture
def listing(tmp_path):
    """Read a label file with the given bytes or text."""

    def read(content, labelled=True):
        path = tmp_path / ("train.txt" if labelled else "test_without_label.txt")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_listing(path, labelled)

    return read


def pairs(one):
    return list(zip(one.rows["guid"], one.rows["label"], strict=True))


EXPECTED = [("3", POSITIVE), ("12", NEGATIVE), ("7", NEUTRAL)]


@pytest.mark.parametrize(
    "content",
    [
        "guid,tag\n3,positive\n12,negative\n7,neutral\n",
        "guid,tag\r\n3,positive\r\n12,negative\r\n7,neutral\r\n",
        "guid,tag\r3,positive\r12,negative\r7,neutral\r",
        "\ufeffguid,tag\n3,positive\n12,negative\n7,neutral\n",
        "guid\ttag\n3\tpositive\n12\tnegative\n7\tneutral\n",
        '"guid","tag"\n"3","positive"\n"12","negative"\n"7","neutral"\n',
        "GUID, Tag\n 3 , Positive\n12.0,NEGATIVE\n 007 ,neutral \n",
        "\nguid,tag\n\n3,positive\n,\n12,negative\n7,neutral\n\n",
    ],
)
def test_a_list_reads_alike_however_it_is_written(listing, content):
    one = listing(content)
    assert pairs(one) == EXPECTED
    assert one.problems == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("3,positive\n12,negative\n", "line 1 must be the header 'guid,tag', got '3,positive'"),
        ("tag,guid\npositive,3\n", "header"),
        ("guid;tag\n3;positive\n", "header"),
        ("guid,tag\n", "no usable post"),
        (b"guid,tag\n\x003,positive\n", "NUL"),
        (None, "no such file"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(listing, tmp_path, content, message):
    with pytest.raises(DatasetError) as caught:
        listing(content) if content is not None else read_listing(tmp_path / "train.txt", True)
    assert str(caught.value).startswith(f"{tmp_path / 'train.txt'}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("line", "guid", "message"),
    [
        ("5,happy", "5", "unknown label 'happy'; known are negative, neutral, positive"),
        ("3,negative", "3", "guid 3 is listed already in line 2"),
        ("3.0,positive", "3", "guid 3 is listed already in line 2"),
        ("5,positive,x", "5", "3 cells instead of guid,tag"),
        ("5", "5", "1 cells instead of guid,tag"),
        ("../../etc/passwd,positive", "../../etc/passwd", "is no name of letters, digits"),
        (".hidden,positive", ".hidden", "is no name"),
        (",positive", "", "is no name"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_problem_with_its_line(listing, line, guid, message):
    one = listing(f"guid,tag\n3,positive\n\n{line}\n4,neutral\n")
    assert [found for found, _ in pairs(one)] == ["3", "4"]
    ((shown, file, problem),) = one.problems
    assert (shown, file) == (guid, "train.txt")
    assert problem.startswith("line 4: ")
    assert message in problem


def test_a_list_of_test_posts_takes_a_label_null_or_nothing_as_tag(listing):
    one = listing("guid,tag\n3,null\n4,\n5,NaN\n6,happy\n7,positive\n", labelled=False)
    assert pairs(one) == [(guid, UNLABELLED) for guid in "345"] + [("7", POSITIVE)]
    ((guid, file, problem),) = one.problems
    assert (guid, file) == ("6", "test_without_label.txt")
    assert "unknown label 'happy'; known are negative, neutral, positive and null" in problem
    assert pairs(listing("guid,tag\n\n", labelled=False)) == []  # it may list none
    for end in ("\n", ""):  # an empty tag behind a tabulator
        one = listing(f"guid\ttag\n3\t\n4\t{end}", labelled=False)
        assert [guid for guid, _ in pairs(one)] == ["3", "4"]
        assert one.problems == []


def test_a_stray_quote_spoils_its_own_row_alone(listing):
    one = listing('guid,tag\n3,positive\n4,"neutral\n5,negative\n6,positive\n')
    assert {"3", "5", "6"} <= {guid for guid, _ in pairs(one)}
    assert len(one.rows) + len(one.problems) == 4


few = settings(max_examples=60, deadline=None, derandomize=True)


@few
@given(st.integers(0, 10**40 - 1), st.integers(0, 3), st.sampled_from(["", ".", ".0", ".00"]))
@example(0, 2, ".0")
def test_zeros_around_a_guid_do_not_matter(number, zeros, end):
    assert normalise_guid(f" {'0' * zeros}{number}{end}\t") == str(number)


@few
@given(
    st.text(max_size=6)
    | st.text("a_.-/1 \u0301é図\n", max_size=8)
    | st.text(st.characters(categories=["Nd", "No"]), min_size=1, max_size=3)
)
@example("../1")
@example("a..b")
@example("1\n2")
@example("1/2")
@example("a" * 300)
def test_a_guid_is_a_safe_part_of_a_file_name_or_nothing(written):
    guid = normalise_guid(written)
    if guid is not None:
        assert re.fullmatch(r"[\w.-]+", guid)
        assert guid[0] not in ".-"
        assert ".." not in guid
        assert len(guid.encode()) <= 200
        assert normalise_guid(guid) == guid


@pytest.mark.parametrize(
    ("written", "guid"),
    [("a_17", "a_17"), ("12_3", "12_3"), ("_x", "_x"), ("1.5", "1.5"), ("007b", "007b"),
     ("cafe\u0301", "café"), ("a b", None), ("-1", None), ("", None), ("a/b", None)],
)  # fmt: skip
def test_names_stay_as_they_are_written(written, guid):
    assert normalise_guid(written) == guid


LINES = st.lists(
    st.sampled_from([b"guid,tag", b"guid\ttag", b"1,positive", b"01,Neutral", b"2,", b"3,null",
                     b"../x,neutral", b'"4","negative"', b'"', b"\xff", b"\x00", b"\xef\xbb\xbf",
                     b",", b"\x85", b"\xe2\x80\xa8", b"1\x1c,positive"]) | st.binary(max_size=8),
    max_size=8,
).map(b"\n".join)  # fmt: skip


def listed_lines(content):
    lines = decode(content).text.splitlines()
    return len([line for line in lines if line.replace(",", "").strip()]) - 1


@few
@given(LINES | LINES.map(b"guid,tag\r\n".__add__) | st.binary(max_size=40), st.booleans())
@example(b"guid,tag\r1,positive\r\r\n2,neutral", True)
@example(b'guid,tag\n"1\n,positive', True)
def test_any_bytes_are_a_list_of_posts_and_problems_or_an_error(
    tmp_path_factory, content, labelled
):
    path = Path(tmp_path_factory.getbasetemp() / "any.txt")
    path.write_bytes(content)
    try:
        one = read_listing(path, labelled)
    except DatasetError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
        return
    assert all(normalise_guid(guid) == guid for guid in one.rows["guid"])
    assert one.rows["guid"].is_unique
    assert len(one.rows) + len(one.problems) == listed_lines(content)


def jpeg(seed, kind="JPEG"):
    stream = io.BytesIO()
    values = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(values).save(stream, kind)
    return stream.getvalue()


JPEGS = {seed: jpeg(seed) for seed in range(20)}


class Dataset:
    """A data set in a folder; every post that is added is good unless told otherwise."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "data").mkdir()
        self.lists = {"train.txt": [], "test_without_label.txt": []}

    def add(self, guid, tag="positive", text=b"some words", image=b"", written=None):
        """Add a post; ``None`` leaves a file out."""
        name = "test_without_label.txt" if tag == "null" else "train.txt"
        self.lists[name].append(f"{written or guid},{tag}")
        if image == b"":
            image = JPEGS[int(guid) % len(JPEGS)]
        for suffix, content in ((".txt", text), (".jpg", image)):
            if content is not None:
                (self.folder / f"data/{guid}{suffix}").write_bytes(content)

    def write_lists(self):
        for name, rows in self.lists.items():
            if rows or name == "train.txt":
                text = "\n".join(["guid,tag", *rows, ""])
                (self.folder / name).write_text(text, encoding="utf-8")

    def indexes(self):
        """Both indexes as the later steps read them from disk."""
        posts = recognise(self.folder, {})
        texts = index_texts(posts.contents())
        images = index_images(posts.root, posts.files["image"])
        return self.stored("text.tsv", texts), self.stored("image.tsv", images)

    def stored(self, name, table):
        write_table(self.folder / name, table)
        return read_table(self.folder / name)

    def checked(self, policy):
        self.write_lists()
        lists = [Path(path) for path in recognise(self.folder, {}).lists]
        posts, problems = gather(lists, {}, *self.indexes())
        judged = self.stored("problems.tsv", judge(problems, policy))
        return self.stored("listed.parquet", posts), judged

    def used(self, policy):
        posts, problems = self.checked(policy)
        return apply_policy(posts, problems), problems

    def listed(self):
        return sum(map(len, self.lists.values()))


@pytest.fixture
def dataset(tmp_path):
    return Dataset(tmp_path)


@pytest.fixture
def messy(dataset):
    """One post of each sort; the comments say what is wrong."""
    dataset.add("1")
    dataset.add("2", "negative", written="2.0")  # a note alone
    dataset.add("3", "neutral", image=jpeg(1, "PNG"))  # a note alone
    dataset.add("4", text=None)
    dataset.add("5", image=None)
    dataset.add("6", text=b"", image=b"<html>")  # both
    dataset.add("7", text=b"a\x00b")
    dataset.add("8", "happy")  # unknown label
    dataset.add("9", "null")
    dataset.add("10", "null", image=JPEGS[0][:-20])  # truncated, but not by much
    dataset.add("11", text=None, image=None)
    dataset.lists["train.txt"] += ["../../etc/passwd,positive", "1,negative"]
    dataset.lists["test_without_label.txt"] += ["3,null"]
    return dataset


BAD_FILES = {"4", "5", "6", "7", "10", "11"}
GOOD = ["1", "2", "3", "9"]
# A row of a list each: the unknown label, the path, the second 1, and the 3 of both lists.
BAD_ROWS = ["8", "../../etc/passwd", "1", "3"]


def left_out(problems):
    """Rows of the lists that the problems account for."""
    dropped = problems[problems["action"] == "dropped"]
    rows = dropped["kind"] == BAD_LIST
    return int(rows.sum()) + dropped.loc[~rows, "guid"].nunique()


def test_good_posts_are_used_whole_in_the_order_of_the_lists(dataset):
    dataset.add("12", "positive", text=b"null")
    dataset.add("9", "negative", text="“so” said,\nand\tdone…".encode())
    dataset.add("30", "null", text=b"NA")
    dataset.add("31", "null", text=b"007")
    (dataset.folder / "data/12.json").write_text("{}")  # beside the image, and no image
    posts, problems = dataset.used("error")
    assert posts["guid"].tolist() == ["12", "9", "30", "31"]
    assert posts["subset"].tolist() == [LABELLED] * 2 + [UNLABELLED_SUBSET] * 2
    assert posts["label"].tolist() == [POSITIVE, NEGATIVE, UNLABELLED, UNLABELLED]
    assert posts["text"].tolist() == ["null", "“so” said,\nand\tdone…", "NA", "007"]
    assert posts["image_file"].tolist() == [f"data/{n}.jpg" for n in (12, 9, 30, 31)]
    assert posts["width"].tolist() == [16] * 4
    assert not posts[["text_blanked", "image_blanked", "empty"]].any(axis=None)
    assert problems.empty


@pytest.mark.parametrize(
    ("written", "stem", "suffixes"),
    [
        ("12.0", "12", (".txt", ".jpg")),
        (" 12 ", "12", (".txt", ".jpg")),
        ("0001", "1", (".txt", ".jpg")),
        ("1", "0001", (".TXT", ".JPG")),
        ("1", "1", (".txt", ".jpeg")),
        ("1", "1", (".Txt", ".unknown")),
        ("1500000000000000001", "01500000000000000001", (".txt", ".webp")),
    ],
)
def test_a_post_has_its_files_whatever_zeros_and_suffixes_their_names_have(
    dataset, written, stem, suffixes
):
    dataset.add("7")
    dataset.lists["train.txt"].append(f"{written},negative")
    for suffix, content in zip(suffixes, (b"found", JPEGS[3]), strict=True):
        (dataset.folder / f"data/{stem}{suffix}").write_bytes(content)
    posts, problems = dataset.used("error")
    assert posts["guid"].tolist() == ["7", written.strip().removesuffix(".0").lstrip("0")]
    assert posts.loc[1, ["text", "text_file", "image_file"]].tolist() == [
        "found", f"data/{stem}{suffixes[0]}", f"data/{stem}{suffixes[1]}"
    ]  # fmt: skip
    assert set(problems["kind"]) <= {NOTE}
    noted = "guid written" in " ".join(problems["problem"])
    assert noted == (written.strip() != posts.loc[1, "guid"])


@pytest.mark.parametrize("other", ["7.png", "007.jpg", "7.JPG", "7.0.jpg"])
def test_two_images_of_a_post_are_refused_with_their_names(dataset, other):
    dataset.add("7")
    (dataset.folder / "data" / other).write_bytes(JPEGS[3])
    with pytest.raises(DatasetError, match="post 7 has several image files") as caught:
        post_files(dataset.folder, "image")
    assert other in str(caught.value)
    assert "7.jpg" in str(caught.value)
    assert len(post_files(dataset.folder, "text")) == 1


def test_guids_are_ordered_by_value_however_many_digits_they_have(dataset):
    guids = ["9", "10", "1500000000000000001", "999999999999999999", "1" + 30 * "0"]
    for guid in guids:
        dataset.add(guid)
    ordered = sorted(guids, key=int)
    assert list(post_files(dataset.folder, "image")) == ordered
    posts, _ = dataset.used("error")
    groups = near_duplicate_groups(*dataset.indexes(), 4, 4)
    assert groups["guid"].tolist() == ordered
    assert posts["guid"].tolist() == guids


def test_the_policy_error_lists_every_problem_with_its_file_in_one_message(messy):
    posts, problems = messy.checked("error")
    with pytest.raises(DatasetError) as caught:
        apply_policy(posts, problems)
    lines = str(caught.value).splitlines()
    bad = problems[problems["kind"] != NOTE]
    assert set(bad["action"]) == {"refused"}
    assert lines[0] == f"{len(bad)} problems in the data set:"
    assert len(bad) == 12 == len([line for line in lines if line.startswith("  ")])
    assert "on_bad_post: drop" in lines[-1]
    assert "on_bad_post: blank" in lines[-1]


def test_the_policy_drop_leaves_out_exactly_the_bad_posts(messy):
    posts, problems = messy.used("drop")
    assert posts["guid"].tolist() == GOOD
    assert messy.listed() == len(posts) + left_out(problems) == 14
    # The row that stands in both lists is dropped from the second alone.
    assert posts.set_index("guid").loc["3", ["subset", "label"]].tolist() == [LABELLED, NEUTRAL]
    dropped = problems[problems["action"] == "dropped"]
    assert set(dropped["guid"]) == BAD_FILES | set(BAD_ROWS)
    assert set(dropped.loc[(dropped["kind"] != BAD_LIST), "guid"]) == BAD_FILES
    assert sorted(dropped.loc[dropped["kind"] == BAD_LIST, "guid"]) == sorted(BAD_ROWS)
    assert not posts[["text_blanked", "image_blanked"]].any(axis=None)


def test_the_policy_blank_keeps_posts_with_bad_files_and_flags_the_stand_ins(messy):
    posts, problems = messy.used("blank")
    assert set(posts["guid"]) == {*GOOD, *BAD_FILES}
    assert messy.listed() == len(posts) + left_out(problems) == 14
    by_guid = posts.set_index("guid")
    assert set(by_guid.index[by_guid["text_blanked"]]) == {"4", "6", "7", "11"}
    assert set(by_guid.index[by_guid["image_blanked"]]) == {"5", "6", "10", "11"}
    blank_text, blank_image = by_guid[by_guid["text_blanked"]], by_guid[by_guid["image_blanked"]]
    assert set(blank_text["text"]) == set(blank_text["text_file"]) == {""}
    assert blank_text["empty"].all()
    assert set(blank_image["image_file"]) == {""}
    assert set(blank_image["width"]) == {0}
    assert by_guid.loc["5", "text"] == "some words"
    assert by_guid.loc["4", "image_file"] == "data/4.jpg"
    actions = dict(problems.groupby("kind")["action"].unique().map(list))
    assert actions[BAD_LIST] == ["dropped"]
    assert actions[BAD_TEXT] == ["text blanked"]
    assert actions[BAD_IMAGE] == ["image blanked"]


def test_the_policy_use_keeps_damaged_images_and_refuses_all_else(messy):
    posts, problems = messy.checked("use")
    damaged = problems["guid"] == "10"
    assert problems.loc[damaged, "action"].tolist() == ["used as far as it can be decoded"]
    others = problems[~damaged & (problems["kind"] != NOTE)]
    assert set(others["action"]) == {"refused"}
    with pytest.raises(DatasetError, match=f"^{len(others)} problems?"):
        apply_policy(posts, problems)
    used = apply_policy(posts, problems[damaged]).set_index("guid")
    assert not used.loc["10", "image_blanked"]
    assert used.loc["10", ["image_file", "width"]].tolist() == ["data/10.jpg", 16]


def test_posts_with_notes_are_used_and_files_of_other_posts_ignored(dataset):
    dataset.add("1", image=jpeg(3, "PNG"))
    dataset.add("2", text=b"so\xa1\xad")
    dataset.add("3", text=b"RT @you: http://t.co/x")
    (dataset.folder / "data/99.txt").write_bytes(b"\x00")
    (dataset.folder / "data/99.jpg").write_bytes(b"")
    posts, problems = dataset.used("error")
    assert not (dataset.folder / "test_without_label.txt").exists(), "it may be missing"
    assert posts["guid"].tolist() == ["1", "2", "3"]
    assert posts["empty"].tolist() == [False, False, True]
    assert posts["text"].tolist()[:2] == ["some words", "so…"]
    assert problems[["guid", "problem", "kind"]].to_numpy().tolist() == [
        ["1", "PNG named .jpg", NOTE],
        ["2", "decoded as gb18030", NOTE],
    ]


def test_a_data_set_without_a_usable_labelled_post_is_refused(dataset):
    dataset.add("1", text=None)
    dataset.add("2", "null")
    assert dataset.used("blank")[0]["guid"].tolist() == ["1", "2"]
    with pytest.raises(DatasetError, match="no labelled post is left"):
        dataset.used("drop")


def test_problems_come_with_the_refused_first_and_by_guid(dataset):
    dataset.add("1")
    for guid in ("10", "9", "100"):
        dataset.add(guid, text=None, written=f"{guid}.0")
    _, problems = dataset.checked("drop")
    assert problems["guid"].tolist() == ["9", "10", "100"] * 2
    assert problems["kind"].tolist() == [BAD_TEXT] * 3 + [NOTE] * 3


TEXTS = {"good": b"words", "missing": None, "empty": b"", "nul": b"\x00", "cp1252": b"caf\xe9 ok"}
IMAGES = {"good": b"", "missing": None, "html": b"<html>", "cut": JPEGS[0][:200],
          "last byte": JPEGS[0][:-20]}  # fmt: skip
POST = st.tuples(
    st.integers(0, 5),
    st.sampled_from(["positive", "neutral", "null", "null", "sad"]),
    st.sampled_from(list(TEXTS)),
    st.sampled_from(list(IMAGES)),
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(POST, max_size=7), st.sampled_from(["drop", "blank", "error", "use"]))
def test_no_mixture_of_posts_is_left_out_in_silence(listed, policy):
    with tempfile.TemporaryDirectory() as folder:
        mixed = Dataset(folder)
        mixed.add("999", "negative")
        mixed.add("998", "null")
        for guid, tag, text, image in listed:
            mixed.add(str(guid), tag, TEXTS[text], IMAGES[image])
        posts, problems = mixed.checked(policy)
        bad = problems[problems["kind"] != NOTE]
        refused = bad[bad["action"] == "refused"]
        assert policy in ("error", "use") or refused.empty
        if len(refused):
            with pytest.raises(DatasetError, match=f"^{len(refused)} problems?"):
                apply_policy(posts, problems)
            return
        used = apply_policy(posts, problems)
        assert mixed.listed() == len(used) + left_out(problems)
        assert used["guid"].is_unique
        assert (bad["action"] != "").all()
        unflagged = used[~used["text_blanked"]]
        assert (unflagged["text_file"] == "data/" + unflagged["guid"] + ".txt").all()


def test_no_problem_gives_an_empty_table_with_all_columns():
    assert list(judge([], "drop").columns) == ["guid", "file", "problem", "kind", "action"]
