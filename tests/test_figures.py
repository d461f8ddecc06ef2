"""The figures of the data set: numbers as computed by hand, same bytes, and odd data sets."""

import json
import unicodedata
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.font_manager import FontEntry, fontManager
from PIL import Image

import job
from conftest import write_rows
from mmsent.figures import fonts, style
from mmsent.figures.augmentation import augmentation_gallery
from mmsent.figures.data import image_figure, label_figure, text_length_figure
from mmsent.figures.sheets import chosen_posts, duplicate_sheet
from mmsent.figures.style import (
    new_figure,
    plain_text,
    save_figure,
    text_width,
    wrapped,
    wrapped_name,
)
from mmsent.files import sha256_file
from mmsent.tables import write_table

pytestmark = pytest.mark.filterwarnings("error")

RESIZE_CROP = {
    "margin": 4,
    "operations": [
        {"random_crop": {}},
        {"horizontal_flip": {"p": 0.3}},
        {"color_jitter": {"brightness": 0.2, "contrast": 0.2, "saturation": 0.0}},
    ],
}

TEXTS = [
    "costs $5 or $6_x^ and \\$7 \\frac{", "\U0001f600 很好 \u200dok مرحبا", "W" * 300, "",
    "RT @someone: a long post " + "of many words " * 40, "a\x07b", "$" * 90, "#tag " * 9,
    "http://t.co/" + "x" * 60, "plain",
]  # fmt: skip


def call(name, **arguments):
    """Run a job as Snakemake does."""
    job.run([name, json.dumps(arguments, default=str)])


def posts_table(labels, folder=None, **columns):
    """A posts table; label ``None`` is an unlabelled post. Images are written into ``folder``."""
    guids = [str(number) for number in range(1, len(labels) + 1)]
    posts = pd.DataFrame(
        {
            "guid": guids,
            "label": [-1 if label is None else label for label in labels],
            "subset": ["unlabelled" if label is None else "labelled" for label in labels],
            "text": [f"post number {guid}" for guid in guids],
            "text_blanked": False,
            "image_blanked": False,
            "image_file": [f"{guid}.jpg" for guid in guids],
            "image_sha256": [f"{int(guid):064x}" for guid in guids],
            "width": 40,
            "height": 30,
            "format": "JPEG",
            "mode": "RGB",
        }
    ).assign(**columns)
    if folder is not None:
        for index, name in enumerate(posts["image_file"]):
            noise = np.random.default_rng(index).integers(0, 256, (30, 40, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / name, "JPEG")
    return posts


# Labels


def test_label_numbers():
    figure, numbers = label_figure(posts_table([0, 0, 1, 2, 2, 2, 2, None, None]))
    assert numbers["counts"] == {"negative": 2, "neutral": 1, "positive": 4}
    assert numbers["shares"] == pytest.approx(
        {"negative": 2 / 7, "neutral": 1 / 7, "positive": 4 / 7}, abs=1e-6
    )
    assert (numbers["posts"], numbers["labelled"], numbers["unlabelled"]) == (9, 7, 2)
    assert numbers["imbalance"] == 4
    assert "4.00:1 from positive to neutral" in figure.axes[0].get_title("left")
    assert [bar.get_height() for bar in figure.axes[0].patches] == [2, 1, 4, 2]


@pytest.mark.parametrize("labels", [[0, 2, None], [2], [2, 2]])
def test_labels_with_a_class_absent(labels):
    figure, numbers = label_figure(posts_table(labels))
    figure.draw_without_rendering()
    assert numbers["counts"]["neutral"] == 0
    assert numbers["imbalance"] is None
    json.dumps(numbers, allow_nan=False)


# Images


def test_image_numbers():
    widths, heights = [100, 200, 300, 400, 0], [100, 100, 100, 200, 0]
    posts = posts_table([0, 1, 2, 2, None], width=widths, height=heights)
    posts["format"] = ["JPEG", "PNG", "JPEG", "JPEG", ""]
    _, numbers = image_figure(posts)
    # The post without an image has no size: it must not count as 0 x 0 pixels.
    assert numbers["width"] == pytest.approx(
        {"mean": 250, "median": 250, "min": 100, "max": 400, "p5": 115, "p95": 385}
    )
    assert numbers["height"]["mean"] == 125
    assert numbers["aspect_ratio"]["mean"] == pytest.approx((1 + 2 + 3 + 2) / 4)
    assert numbers["formats"] == {"JPEG": 3, "PNG": 1}
    assert numbers["modes"] == {"RGB": 4}
    assert (numbers["pictures"], numbers["without_picture"]) == (4, 1)
    json.dumps(numbers, allow_nan=False)
    with pytest.raises(ValueError, match="no post has an image"):
        image_figure(posts[4:])


@pytest.mark.parametrize(
    ("width", "height"),
    [([40], [30]), ([64, 64, 64], [64, 64, 64]), ([10, 9000], [9000, 10])],
)
def test_images_of_equal_or_extreme_sizes(width, height):
    image_figure(posts_table([2] * len(width), width=width, height=height))[
        0
    ].draw_without_rendering()


# Text lengths


def test_text_length_numbers():
    texts = ["", "one", "two  words\n", "now three\twords"] + ["a b c d"] * 16
    lengths = np.array([2, 3, 5, 32] + [33] * 15 + [200])
    _, numbers = text_length_figure(posts_table([2] * 20, text=texts), lengths, 64)
    assert numbers["words"]["mean"] == pytest.approx((0 + 1 + 2 + 3 + 16 * 4) / 20)
    assert (numbers["words"]["min"], numbers["words"]["max"]) == (0, 4)
    # 19 of 20 posts have at most 33 tokens: a length that occurs, not one between 33 and 200.
    assert numbers["tokens"]["quantiles"] == {"50": 33, "90": 33, "95": 33, "99": 200}
    # A text of exactly 32 tokens is not truncated at 32.
    assert numbers["cut"] == {"32": 0.8, "64": 0.05, "77": 0.05, "128": 0.05}
    assert (numbers["max_length"], numbers["cut_at_max_length"]) == (64, 0.05)


def test_a_single_empty_text_is_no_error():
    figure, _ = text_length_figure(posts_table([2], text=[""]), np.array([2]), 2)
    figure.draw_without_rendering()


# Augmentation


def test_gallery_shows_a_suitable_post_of_each_class(tmp_path):
    posts = posts_table([0, 2, 1, 1, 2, None], tmp_path)
    Image.new("RGB", (40, 30), "grey").save(tmp_path / "3.jpg")  # shows nothing
    figure, numbers = augmentation_gallery(posts, tmp_path, RESIZE_CROP, 16, 0)
    assert [post["guid"] for post in numbers["posts"]] == ["1", "4", "2"]
    assert numbers["unused"] == ["saturation", "sharpness", "blur"]
    assert "random crop\nmargin 4 pixels" in [axes.get_title() for axes in figure.axes]


def test_gallery_shows_a_draw_that_changes_the_image(tmp_path):
    posts = posts_table([0, 1, 2], tmp_path)
    for file in tmp_path.glob("*.jpg"):  # square, so that the middle is the middle either way
        Image.open(file).resize((32, 32)).save(file)
    rarely = {"margin": 0, "operations": [{"horizontal_flip": {"p": 0.3}}]}
    figure, _ = augmentation_gallery(posts, tmp_path, rarely, 16, 0)
    original, flipped = (axes.get_images()[0].get_array() for axes in figure.axes[:2])
    assert (flipped == original[:, ::-1]).all()


def test_gallery_does_not_depend_on_the_order_of_posts(tmp_path):
    posts = posts_table([0, 2, 1, 1, 2], tmp_path)
    first, second, other = (
        [
            image.get_array().tobytes()
            for axes in augmentation_gallery(table, tmp_path, RESIZE_CROP, 16, seed)[0].axes
            for image in axes.get_images()
        ]
        for table, seed in ((posts, 0), (posts[::-1], 0), (posts, 1))
    )
    assert first == second != other


def test_gallery_of_one_class_without_contrast(tmp_path):
    posts = posts_table([2, 2], tmp_path)
    for name in posts["image_file"]:
        Image.new("RGB", (40, 30), "grey").save(tmp_path / name)
    every = [
        {"color_jitter": {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1}},
        {"sharpness": {"factor": 2.0}},
        {"blur": {"sigma": [0.1, 2.0]}},
    ]
    policy = {"margin": 0, "operations": every}
    figure, numbers = augmentation_gallery(posts, tmp_path, policy, 16, 0)
    figure.draw_without_rendering()
    assert numbers["posts"] == [{"guid": "1", "label": "positive"}]
    assert numbers["unused"] == []


# Near-duplicates


def grouped(labels, groups, folder=None, **columns):
    posts = posts_table(labels, folder, **columns)
    return posts, pd.DataFrame({"guid": posts["guid"], "group": groups, "size": 0})


def test_duplicate_numbers(tmp_path):
    labels = [0, 0, 2, 2, 2, None, 1, None, None, None, 1]
    group = ["1", "1", "3", "3", "5", "5", "3", "8", "8", "10", "11"]
    posts, groups = grouped(labels, group, tmp_path)
    # A post that is on no list, as the real data has them, counts for nothing.
    groups.loc[len(groups)] = ["99", "11", 0]
    figure, numbers = duplicate_sheet(posts, groups, tmp_path)
    assert numbers == {
        "groups": 4,
        "posts_in_groups": 9,
        "largest_group": 3,
        "group_sizes": {"2": 3, "3": 1},
        "labelled_groups": 2,
        "posts_in_labelled_groups": 5,
        "conflicting_groups": 1,
        "posts_in_conflicting_groups": 3,
        "unlabelled_with_labelled_twin": 1,
        "shown": ["3", "1", "5", "8"],
    }
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written.count("labels conflict") == 1
    assert "group 3\n3 posts:\n  1 neutral\n  2 positive" in written
    assert "group 5\n2 posts:\n  1 positive\n  1 no label" in written
    with pytest.raises(ValueError, match="11 posts have no group"):
        duplicate_sheet(posts, groups[11:], tmp_path)


def test_sheet_without_duplicates(tmp_path):
    posts, groups = grouped([0, 1, 2], ["1", "2", "3"])
    figure, numbers = duplicate_sheet(posts, groups, tmp_path)
    save_figure(figure, tmp_path / "sheet.png", photographs=True)
    assert (numbers["groups"], numbers["largest_group"], numbers["shown"]) == (0, 1, [])


def test_sheet_of_any_text_and_without_image_gives_the_same_bytes(tmp_path):
    posts, groups = grouped([0, 1, 2, None, 1] * 2, ["1"] * 10, tmp_path, text=TEXTS)
    posts.loc[0, ["width", "image_file"]] = [0, ""]
    for name in ("first.png", "second.png"):
        sheet, _ = duplicate_sheet(posts, groups, tmp_path)
        save_figure(sheet, tmp_path / name, photographs=True)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert not list(tmp_path.glob("*.svg"))


def test_every_label_of_a_large_group_is_shown():
    labels = [0.0] * 8 + [2.0, None, 1.0]
    group = pd.DataFrame({"guid": [str(n) for n in range(1, 12)], "known": labels, "group": "1"})
    assert chosen_posts(group)["guid"].tolist() == ["1", "2", "3", "9", "10", "11"]


# Texts and files


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b\n c", "a b c"),
        ("$5", "$5"),
        ("好 ok \U0001f9d0", "好 ok \U0001f9d0"),
        ("\U00100001 \U00100002\U000e0100", "<U+100001> <U+100002>"),
        ("cafe\u0301", "café"),
        ("a\u200bb\u202e\x07", "ab"),
        ("می\u200cخواهم", "\u2068می\u200cخواهم\u2069"),
        ("", ""),
    ],
)
def test_plain_text(text, shown):
    assert plain_text(text) == shown


@pytest.mark.parametrize("text", [*TEXTS, "很好" * 90, "👩🏽\u200d💻" * 40, "हिन्दी " * 30])
def test_wrapped_lines_fit_and_lose_nothing(text):
    lines = wrapped(text, 2.0, 9, 1000).split("\n")
    assert all(text_width(line, 9) <= 144 for line in lines)
    assert "".join(lines).replace(" ", "") == plain_text(text).replace(" ", "")


@pytest.mark.parametrize("text", ["many words " * 50, "很好" * 100_000], ids=len)
def test_a_long_text_ends_in_an_ellipsis(text):
    lines = wrapped(text, 2.0, 9, 3).split("\n")
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert wrapped("few words", 2.0, 9, 3) == "few words"


@pytest.mark.parametrize("character", ["a", "好", "\U00100001", "ب"])
@pytest.mark.parametrize("lines", [1, 2])
def test_long_names_that_differ_at_the_end_still_differ(character, lines):
    first, second = (wrapped_name(character * 60 + end, 1.7, 8, lines) for end in "12")
    assert first != second
    assert len(first.split("\n")) == lines
    assert all(text_width(line, 8) <= 72 * 1.7 for line in first.split("\n"))


@pytest.mark.parametrize("drawn_as_one", ["👩🏽\u200d💻", "न्दी", "e\u0302\u0323"])
def test_what_is_drawn_as_one_is_not_broken(drawn_as_one):
    first, *_ = lines = wrapped(drawn_as_one * 40, 2.0, 9, 1000).split("\n")
    assert len(lines) > 1
    assert set(plain_text(first).split(plain_text(drawn_as_one))) == {""}


# Scripts


def pixels(*texts, **look):
    """What is drawn of texts, one below the other."""
    figure = new_figure(5, 1)
    for number, text in enumerate(texts):
        figure.text(0.02, 0.6 - 0.5 * number, text, fontsize=16, **look)
    file = BytesIO()
    figure.savefig(file, format="raw", dpi=100)
    return file.getvalue()


def presentation(word):
    """An Arabic word whose letters all join, in characters of one shape each, left to right."""
    ends = {0: "initial", len(word) - 1: "final"}
    shapes = [
        unicodedata.lookup(f"{unicodedata.name(letter)} {ends.get(place, 'medial')} FORM")
        for place, letter in enumerate(word)
    ]
    return "".join(reversed(shapes))


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_arabic_is_joined_and_runs_from_right_to_left_beside_numbers_that_do_not(weight):
    sentence = "{}: 53.1% of 480 posts"
    drawn = pixels(plain_text("بيت"), sentence.format(plain_text("مثل")), fontweight=weight)
    # An override keeps the order of characters, and these shapes do not join.
    left_to_right = "\N{LEFT-TO-RIGHT OVERRIDE}"
    expected = [presentation("بيت"), sentence.format(presentation("مثل"))]
    assert drawn == pixels(*(left_to_right + text for text in expected), fontweight=weight)


@pytest.mark.parametrize("first", ["模型甲", "日本語", "한국어", "हिन्दी", "🎉", "\U00100001"])
def test_names_in_any_script_differ_and_are_not_blank(first, tmp_path):
    files = []
    for number, name in enumerate([first, first[::-1] + "二", "\U00100002"]):
        figure = new_figure(3, 1, name)
        save_figure(figure, tmp_path / f"{number}.png")
        files += [(tmp_path / f"{number}{suffix}").read_bytes() for suffix in (".png", ".svg")]
    assert len(set(files)) == 6


@pytest.fixture
def looked_up_anew(monkeypatch):
    """Fonts of characters are looked up anew in this test, and after it."""
    monkeypatch.setitem(matplotlib.rcParams, "font.family", matplotlib.rcParams["font.family"])
    fonts.font_of.cache_clear()
    yield
    fonts.font_of.cache_clear()
    fonts._font.cache_clear()


def test_a_font_of_the_machine_draws_only_what_the_packages_lack(monkeypatch, looked_up_anew):
    texts = ["2 words, 🎉 中文 한국어 हिन्दी", "عربي עברית"]
    before = pixels(*map(plain_text, texts))
    anything = Path(matplotlib.get_data_path(), "fonts/ttf/LastResortHE-Regular.ttf")
    names = ("Noto Emoji", "Noto Sans CJK SC", "Noto Sans Devanagari", "Unifont")
    installed = [FontEntry(fname=str(anything), name=name) for name in names]
    monkeypatch.setattr(fontManager, "ttflist", installed + fontManager.ttflist)
    families = [*fonts.FAMILIES, "Unifont"]
    for module in (fonts, style):
        monkeypatch.setattr(module, "FAMILIES", families)
    fonts.font_of.cache_clear()
    assert plain_text("\U00100001") == "\U00100001"
    assert matplotlib.rcParams["font.family"] == families
    assert pixels(*map(plain_text, texts)) == before


def test_a_figure_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")
    figure = new_figure(1e5, 1e5)
    with pytest.raises(ValueError, match="too large"):
        save_figure(figure, path)
    assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]
    assert path.read_text() == "old"


def test_describe_data_writes_figures_with_their_numbers_and_the_same_bytes(tmp_path):
    labels = [0, 1, 2, 2, None]
    posts, groups = grouped(labels, ["1", "1", "3", "4", "5"], tmp_path, text="two words")
    posts["image_sha256"] = [sha256_file(tmp_path / name) for name in posts["image_file"]]
    posts = posts.assign(encoding="utf-8", empty=False)
    posts.loc[4, "text_blanked"] = True  # counts with the tokens of the blank post
    folds = groups.assign(label=posts["label"], fold=0, split_0="test")[:4]
    problems = pd.DataFrame(columns=["guid", "file", "problem", "kind", "action"])
    for name, table in (("posts.parquet", posts), ("groups.tsv", groups), ("folds.tsv", folds),
                        ("problems.tsv", problems)):  # fmt: skip
        write_table(tmp_path / name, table)
    arrays = {"length": np.array([80, 4, 5, 70, 90, 3], dtype=np.int32)}
    write_rows(tmp_path / "tokens", arrays, ["3", "1", "2", "4", "5", ""])
    names = ("labels", "images", "text_lengths", "augmentation", "duplicates")
    for out in (tmp_path / "first", tmp_path / "second"):
        call(
            "describe_data",
            dataset="generated posts",
            listed=tmp_path / "posts.parquet",
            posts=tmp_path / "posts.parquet",
            problems=tmp_path / "problems.tsv",
            groups=tmp_path / "groups.tsv",
            folds=tmp_path / "folds.tsv",
            held_out=[],
            tokens=tmp_path / "tokens",
            max_length=64,
            images=tmp_path,
            augmentation=RESIZE_CROP,
            seed=0,
            card=out / "card.md",
            card_counts=out / "card.json",
            figures=[out / f"{name}.png" for name in names],
            numbers=[out / f"{name}.json" for name in names],
        )
    numbers = json.loads((tmp_path / "first/text_lengths.json").read_text())
    assert (numbers["tokens"]["min"], numbers["tokens"]["max"]) == (3, 80)
    assert numbers["cut_at_max_length"] == 0.4
    written = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()} == written
    assert {name for name in written if name.endswith(".svg")} == {f"{n}.svg" for n in names[:3]}
    assert b"dc:date" not in written["labels.svg"]
    assert b"Software" not in written["labels.png"]
