"""The figures of the data set: numbers as computed by hand, same bytes, and odd data sets."""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from safetensors.numpy import save_file

import eda_augmentation
import eda_duplicates
import eda_images
import eda_labels
import eda_text_lengths
from conftest import write_rows
from mmsent.encoders.embeddings import BLANK
from mmsent.figures.augmentation import augmentation_gallery
from mmsent.figures.duplicates import _choose, duplicate_sheet
from mmsent.figures.images import image_figure
from mmsent.figures.labels import label_figure
from mmsent.figures.style import new_figure, plain_text, save_figure, save_sheet
from mmsent.figures.text_lengths import read_token_lengths, text_length_figure
from mmsent.files import sha256_file
from mmsent.tables import write_table

RESIZE_CROP = {
    "margin": 4,
    "operations": [
        {"random_crop": {}},
        {"horizontal_flip": {"p": 0.3}},
        {"color_jitter": {"brightness": 0.2, "contrast": 0.2}},
    ],
}


def posts_table(labels, folder=None, **columns):
    """A posts table; label ``None`` is an unlabelled post. Pictures are written into ``folder``."""
    guids = [str(number) for number in range(1, len(labels) + 1)]
    posts = pd.DataFrame(
        {
            "guid": guids,
            "label": [-1 if label is None else label for label in labels],
            "subset": ["unlabelled" if label is None else "labelled" for label in labels],
            "text": [f"post number {guid}" for guid in guids],
            "text_blanked": False,
            "image_file": [f"{guid}.jpg" for guid in guids],
            "image_sha256": [f"{int(guid):064x}" for guid in guids],
            "width": 40,
            "height": 30,
            "format": "JPEG",
            "mode": "RGB",
        }
    )
    for name, values in columns.items():
        posts[name] = values
    if folder is not None:
        for index, name in enumerate(posts["image_file"]):
            noise = np.random.default_rng(index).integers(0, 256, (30, 40, 3), dtype=np.uint8)
            Image.fromarray(noise).save(folder / name, "JPEG")
    return posts


def bytes_of(figure, path):
    save_figure(figure, path)
    return path.read_bytes(), path.with_suffix(".svg").read_bytes()


def token_lengths(posts, lengths):
    return pd.Series(lengths, index=posts["guid"])


# Labels


def test_label_numbers():
    _, numbers = label_figure(posts_table([0, 0, 1, 2, 2, 2, 2, None, None]))
    assert numbers["counts"] == {"negative": 2, "neutral": 1, "positive": 4}
    assert numbers["shares"] == pytest.approx(
        {"negative": 2 / 7, "neutral": 1 / 7, "positive": 4 / 7}, abs=1e-6
    )
    assert (numbers["posts"], numbers["labelled"], numbers["unlabelled"]) == (9, 7, 2)
    assert (numbers["largest"], numbers["smallest"]) == ("positive", "neutral")
    assert numbers["imbalance"] == 4


@pytest.mark.parametrize("labels", [[0, 2, None], [2], [2, 2]])
def test_labels_with_a_class_absent(labels):
    figure, numbers = label_figure(posts_table(labels))
    figure.draw_without_rendering()
    assert numbers["counts"]["neutral"] == 0
    assert numbers["imbalance"] is None
    json.dumps(numbers, allow_nan=False)
    assert "none is" in figure.axes[0].get_title("left")


def test_title_tells_the_imbalance():
    figure, _ = label_figure(posts_table([0] * 1193 + [1] * 419 + [2] * 2388))
    assert "5.70:1 from positive to neutral" in figure.axes[0].get_title("left")


# Images


def test_image_numbers():
    widths, heights = [100, 200, 300, 400, 0], [100, 100, 100, 200, 0]
    posts = posts_table([0, 1, 2, 2, None], width=widths, height=heights)
    posts["format"] = ["JPEG", "PNG", "JPEG", "JPEG", ""]
    _, numbers = image_figure(posts)
    # The post without a picture has no size: it must not count as 0 x 0 pixels.
    assert numbers["width"] == pytest.approx(
        {"mean": 250, "median": 250, "min": 100, "max": 400, "p5": 115, "p95": 385}
    )
    assert numbers["height"]["mean"] == 125
    assert numbers["aspect_ratio"]["mean"] == pytest.approx((1 + 2 + 3 + 2) / 4)
    assert numbers["aspect_ratio"]["median"] == 2
    assert numbers["formats"] == {"JPEG": 3, "PNG": 1}
    assert numbers["modes"] == {"RGB": 4}
    assert (numbers["pictures"], numbers["without_picture"]) == (4, 1)


@pytest.mark.parametrize(
    ("width", "height"),
    [([40], [30]), ([64, 64, 64], [64, 64, 64]), ([10, 9000], [9000, 10])],
)
def test_images_of_equal_or_extreme_sizes(width, height):
    posts = posts_table([2] * len(width), width=width, height=height)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image_figure(posts)[0].draw_without_rendering()


def test_no_picture_at_all():
    with pytest.raises(ValueError, match="no post has a picture"):
        image_figure(posts_table([0, 1], width=0, height=0))


# Text lengths


def test_text_length_numbers():
    texts = ["", "one", "two  words\n", "now three\twords"] + ["a b c d"] * 16
    posts = posts_table([2] * 20, text=texts)
    lengths = [2, 3, 5, 32] + [33] * 15 + [200]
    _, numbers = text_length_figure(posts, token_lengths(posts, lengths), 64)
    assert numbers["words"]["mean"] == pytest.approx((0 + 1 + 2 + 3 + 16 * 4) / 20)
    assert (numbers["words"]["min"], numbers["words"]["max"]) == (0, 4)
    # 19 of 20 posts have at most 33 tokens: a length that occurs, not one between 33 and 200.
    assert numbers["tokens"]["quantiles"] == {"50": 33, "90": 33, "95": 33, "99": 200}
    # A text of exactly 32 tokens is not cut at 32.
    assert numbers["cut"] == {"32": 0.8, "64": 0.05, "77": 0.05, "128": 0.05}
    assert (numbers["max_length"], numbers["cut_at_max_length"]) == (64, 0.05)


def test_tokens_are_joined_by_guid(tmp_path):
    path = tmp_path / "tokens.safetensors"
    lengths = np.array([30, 20, 10, 99], dtype=np.int32)
    save_file({"length": lengths}, path, metadata={"guids": json.dumps(["3", "2", "1", "77"])})
    read = read_token_lengths(path)
    assert read.loc[["1", "2", "3"]].tolist() == [10, 20, 30]
    _, numbers = text_length_figure(posts_table([0, 1]), read, 15)
    assert numbers["tokens"]["max"] == 20
    assert numbers["cut_at_max_length"] == 0.5


def test_tokens_of_an_embedding_file(tmp_path):
    path = tmp_path / "text.safetensors"
    arrays = {"mean": np.zeros((3, 2)), "length": np.array([7, 70, 3], dtype=np.int32)}
    write_rows(path, arrays, ["2", "1", BLANK])
    posts = posts_table([0, 1, 2], text=["two words", "word", ""])
    posts.loc[2, "text_blanked"] = True  # post 3 has no text file: the blank post stands for it
    _, numbers = text_length_figure(posts, read_token_lengths(path), 64)
    assert (numbers["tokens"]["min"], numbers["tokens"]["max"]) == (3, 70)
    assert numbers["tokens"]["mean"] == pytest.approx(80 / 3, abs=1e-4)
    assert numbers["words"]["mean"] == 1


def test_tokens_of_other_posts_are_refused(tmp_path):
    with pytest.raises(ValueError, match="2 posts are not known: guid 2, 3"):
        text_length_figure(posts_table([0, 1, 2]), pd.Series([5], index=["1"]), 64)
    path = tmp_path / "tokens.safetensors"
    save_file({"length": np.ones(2, dtype=np.int32)}, path, metadata={"guids": '["1"]'})
    with pytest.raises(ValueError, match="2 lengths of 1 posts"):
        read_token_lengths(path)
    save_file({"length": np.ones(2, dtype=np.int32)}, path)
    with pytest.raises(ValueError, match="guids"):
        read_token_lengths(path)


def test_equal_lengths_do_not_break_the_figure():
    posts = posts_table([2], text=[""])
    figure, _ = text_length_figure(posts, token_lengths(posts, [2]), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.draw_without_rendering()


# Augmentation


def test_gallery_shows_a_fitting_post_of_each_class(tmp_path):
    posts = posts_table([0, 2, 1, 1, 2, None], tmp_path)
    Image.new("RGB", (40, 30), "grey").save(tmp_path / "3.jpg")  # shows nothing
    figure, numbers = augmentation_gallery(posts, tmp_path, RESIZE_CROP, 16, 0)
    assert [post["guid"] for post in numbers["posts"]] == ["1", "4", "2"]
    assert numbers["unused"] == ["saturation", "sharpness", "blur"]
    titles = [axes.get_title() for axes in figure.axes]
    assert "random crop\nmargin 4 pixels" in titles
    assert "color jitter\nbrightness 0.2\ncontrast 0.2" in titles


def test_gallery_shows_a_draw_that_changes_the_picture(tmp_path):
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
    every = {
        "margin": 0,
        "operations": [
            {"color_jitter": {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1}},
            {"sharpness": {"factor": 2.0}},
            {"blur": {"sigma": [0.1, 2.0]}},
        ],
    }
    figure, numbers = augmentation_gallery(posts, tmp_path, every, 16, 0)
    figure.draw_without_rendering()
    assert numbers["posts"] == [{"guid": "1", "label": "positive"}]
    assert numbers["unused"] == []


def test_gallery_refuses_an_unknown_operation(tmp_path):
    with pytest.raises(ValueError, match="unknown operation 'rotatoin'"):
        augmentation_gallery(posts_table([0]), tmp_path, {"operations": [{"rotatoin": {}}]}, 16, 0)


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
    printed = [text.get_text() for text in figure.texts]
    assert printed.count("labels conflict") == 1


def test_no_duplicates(tmp_path):
    posts, groups = grouped([0, 1, 2], ["1", "2", "3"])
    figure, numbers = duplicate_sheet(posts, groups, tmp_path)
    save_sheet(figure, tmp_path / "sheet.png")
    assert (numbers["groups"], numbers["largest_group"], numbers["shown"]) == (0, 1, [])
    json.dumps(numbers, allow_nan=False)


def test_sheet_gives_the_same_bytes(tmp_path):
    posts, groups = grouped([0, 2], ["1", "1"], tmp_path)
    for name in ("first.png", "second.png"):
        save_sheet(duplicate_sheet(posts, groups, tmp_path)[0], tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert not list(tmp_path.glob("*.svg"))


def test_sheet_of_any_text_and_without_picture(tmp_path):
    texts = ["costs $5 or $6_x^", "\U0001f600 很好 \u200dok", "W" * 200, "", "^{$", "\\frac \x07"]
    posts, groups = grouped([0, 1, 2, None, 1, 1], ["1"] * 6, tmp_path, text=texts)
    posts.loc[0, ["width", "image_file"]] = [0, ""]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_sheet(duplicate_sheet(posts, groups, tmp_path)[0], tmp_path / "sheet.png")


def test_every_label_of_a_large_group_is_shown():
    labels = [0.0] * 8 + [2.0, None, 1.0]
    group = pd.DataFrame({"guid": [str(n) for n in range(1, 12)], "known": labels, "group": "1"})
    chosen = _choose(group)
    assert chosen["guid"].tolist() == ["1", "2", "3", "9", "10", "11"]


def test_post_without_group_is_refused(tmp_path):
    posts, groups = grouped([0, 1], ["1", "1"])
    with pytest.raises(ValueError, match="1 posts have no group"):
        duplicate_sheet(posts, groups[:1], tmp_path)


# Style and saving


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b\n c", "a b c"),
        ("$5", r"\$5"),
        ("好 ok \U0001f9d0", "? ok ?"),
        ("cafe\u0301", "café"),
        ("a\u200db\x07", "ab"),
        ("", ""),
    ],
)
def test_plain_text(text, shown):
    assert plain_text(text) == shown


def test_same_input_gives_the_same_bytes(tmp_path):
    posts = posts_table([0, 1, 2, 2, None])
    lengths = token_lengths(posts, [4, 5, 6, 7, 80])
    makers = (
        lambda: label_figure(posts)[0],
        lambda: image_figure(posts)[0],
        lambda: text_length_figure(posts, lengths, 64)[0],
    )
    for make in makers:
        first = bytes_of(make(), tmp_path / "first.png")
        second = bytes_of(make(), tmp_path / "second.png")
        assert first == second
        assert b"dc:date" not in first[1]
        assert b"Software" not in first[0]


def test_a_figure_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")
    figure = new_figure(2, 2)
    figure.text(0, 0, "$\\nosuchcommand$")
    with pytest.raises(ValueError, match="nosuchcommand"):
        save_figure(figure, path)
    assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]
    assert path.read_text() == "old"


def test_only_png_is_taken_for_a_name(tmp_path):
    with pytest.raises(ValueError, match="a figure is written as"):
        save_figure(new_figure(2, 2), tmp_path / "figure.svg")


# Command lines


@pytest.mark.parametrize(
    ("script", "options", "key", "vector"),
    [
        (eda_labels, "", "imbalance", True),
        (eda_images, "", "aspect_ratio", True),
        (eda_text_lengths, "--tokens {0}/tokens.safetensors --max-length 4", "cut", True),
        (eda_augmentation, "--images {0} --size 16 --policy {1}", "operations", False),
        (eda_duplicates, "--images {0} --groups {0}/groups.tsv", "conflicting_groups", False),
    ],
)
def test_command_lines(script, options, key, vector, tmp_path, monkeypatch):
    posts, groups = grouped([0, 1, 2, None], ["1", "1", "3", "4"], tmp_path)
    posts["image_sha256"] = [sha256_file(tmp_path / name) for name in posts["image_file"]]
    write_table(tmp_path / "posts.parquet", posts)
    write_table(tmp_path / "groups.tsv", groups)
    save_file(
        {"length": np.array([3, 4, 5, 6], dtype=np.int32)},
        tmp_path / "tokens.safetensors",
        metadata={"guids": json.dumps(posts["guid"].tolist())},
    )
    figure, numbers = tmp_path / "out" / "figure.png", tmp_path / "out" / "numbers.json"
    words = options.format(tmp_path, json.dumps(RESIZE_CROP).replace(" ", "")).split()
    words += ["--posts", str(tmp_path / "posts.parquet")]
    words += ["--figure", str(figure), "--numbers", str(numbers)]
    monkeypatch.setattr(sys, "argv", [script.__name__, *words])
    script.main()
    assert key in json.loads(numbers.read_text())
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert figure.with_suffix(".svg").exists() == vector
