"""Layouts of a data set: folders, tables and MVSA are recognised, and read as the same posts."""

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmsent.config.validation import ConfigError
from mmsent.data.dataset import recognise
from mmsent.data.index import index_images, index_texts
from mmsent.data.layout import DatasetError
from mmsent.data.mvsa import post_label
from mmsent.data.posts import apply_policy, gather, judge
from mmsent.labels import LABELS, UNLABELLED
from project import copy_project, jobs, snakemake

COLUMNS = {"id": "id", "text": "text", "image": "image", "label": "label"}

P, N, O = "positive", "neutral", "negative"  # noqa: E741

#: Id, text, label.
POSTS = [
    ("a_17", "so happy, \"today\"", "positive"),
    ("12_3", "null", "Neutral"),
    ("007", "=1+1\nnext line", "negative"),
    ("b.9-x", "naïve 图 😀", ""),
]  # fmt: skip


def png(seed):
    stream = io.BytesIO()
    values = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def used(path, policy="error", columns=COLUMNS):
    """The posts that are used, and the problems, as jobs make them."""
    data = recognise(path, columns)
    indexes = index_texts(data.contents()), index_images(data.root, data.files["image"])
    listed, problems = gather([Path(name) for name in data.lists], columns, *indexes)
    judged = judge(problems, policy)
    return apply_policy(listed, judged), judged


def labels(posts):
    return [LABELS[label] if label != UNLABELLED else "" for label in posts["label"]]


def write_images(folder, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (guid, _, _) in enumerate(POSTS):
        (folder / f"{guid}{suffix}").write_bytes(png(number))


def write_posts(folder, texts, images, suffix=".png"):
    """Write the posts as a folder, with texts and images in these folders of it."""
    write_images(folder / images, suffix)
    (folder / texts).mkdir(exist_ok=True)
    for guid, text, _ in POSTS:
        (folder / texts / f"{guid}.txt").write_text(text, encoding="utf-8")
    labelled = [f"{guid},{label}" for guid, _, label in POSTS if label]
    (folder / "train.txt").write_text("\n".join(["guid,tag", *labelled, ""]))
    (folder / "test_without_label.txt").write_text("guid,tag\nb.9-x,null\n")
    return folder


def check(posts):
    assert posts["guid"].tolist() == ["a_17", "12_3", "7", "b.9-x"]
    assert posts["text"].tolist() == [text for _, text, _ in POSTS]
    assert labels(posts) == [label.lower() for _, _, label in POSTS]
    assert posts["width"].tolist() == [16] * 4


@pytest.mark.parametrize(
    ("texts", "images", "suffix"),
    [("data", "data", ".png"), (".", ".", ".JPG"), ("texts", "images", ".jpeg"),
     ("text", "image", ".png"), ("data", "images", ".webp"), ("data/text", "data/image", ".png"),
     ("data", "data", ".picture"), ("texts", "images", ".0")],
)  # fmt: skip
def test_a_folder_is_recognised_wherever_its_texts_and_images_lie(tmp_path, texts, images, suffix):
    folder = write_posts(tmp_path, texts, images, suffix)
    (folder / texts / "notes.json").write_text("{}")
    posts, _ = used(folder)
    check(posts)
    assert posts["image_file"][0] == os.path.normpath(f"{images}/a_17{suffix}")
    assert "4 texts" in recognise(folder, {}).description


def table(folder, name, rows=None, columns=("id", "text", "image", "label"), **options):
    """Write a table of the posts, with images in pics/."""
    write_images(folder / "pics")
    rows = rows or [(guid, text, f"pics/{guid}.png", label) for guid, text, label in POSTS]
    frame = pd.DataFrame(rows, columns=list(columns))
    path = folder / name
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix in (".csv", ".tsv"):
        separator = "\t" if path.suffix == ".tsv" else ","
        frame.to_csv(path, **{"index": False, "sep": separator} | options)
    else:
        text = frame.to_json(orient="records", lines=path.suffix != ".json", force_ascii=False)
        path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("posts.csv", {}),
        ("posts.csv", {"index": True}),  # a first column without a name
        ("posts.csv", {"encoding": "utf-8-sig", "sep": ";"}),
        ("posts.csv", {"quoting": csv.QUOTE_ALL, "lineterminator": "\r\n"}),
        ("posts.TSV", {}),
        ("posts.tsv", {}),
        ("posts.jsonl", {}),
        ("posts.ndjson", {}),
        ("posts.json", {}),
        ("posts.parquet", {}),
    ],
)
def test_a_table_contains_the_same_posts_in_each_format(tmp_path, name, options):
    if name == "posts.TSV":
        table(tmp_path, "posts.tsv").rename(tmp_path / name)
        path = tmp_path / name
    else:
        path = table(tmp_path, name, **options)
    posts, problems = used(path)
    check(posts)
    assert problems["problem"].tolist() == ["guid written 007"]
    assert posts["image_file"][0] == "pics/a_17.png"
    # A text has the hash that a file in UTF-8 would have.
    write_posts(tmp_path / "folder", "data", "data")
    assert posts["text_sha256"].tolist() == used(tmp_path / "folder")[0]["text_sha256"].tolist()


def test_columns_are_named_and_others_ignored(tmp_path):
    rows = [("x", guid, label, text, str(tmp_path / f"pics/{guid}.png"), "")
            for guid, text, label in POSTS]  # fmt: skip
    columns = ("id", "tweet", "mood", "words", "picture", "")
    path = table(tmp_path, "posts.csv", rows, columns)
    named = {"id": "tweet", "text": "words", "image": "picture", "label": "mood"}
    check(used(path, columns=named)[0])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("id", "Text", "image", "label"), "columns.text: no column 'text' (did you mean 'Text'?)"),
        (("ID", "text", "image", "label"), "columns.id: no column 'id' (did you mean 'ID'?)"),
        (("tweet", "text", "image", "label"), "columns.id: no column 'id'"),
        (("id", "text", "image", "labels"), "columns.label: no column 'label' (did you mean 'labe"),
        (("id", "text", "text", "label"), "columns.text: two columns are named 'text'"),
    ],
)
def test_a_column_that_is_missing_is_named_with_the_nearest(tmp_path, columns, message):
    path = table(tmp_path, "posts.csv", columns=columns)
    with pytest.raises(ConfigError) as caught:
        recognise(path, COLUMNS)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "no column 'id'"),
        ("a.csv", b'id,text,image,label\n1,"so, "happy" me,a.png,neutral\n', "quote"),
        ("a.csv", "id,text,image,label\n".encode("utf-16"), "NUL bytes"),
        ("a.jsonl", b'{"id": 1\n', "not valid JSON"),
        ("a.jsonl", b"[1, 2]\n", "row 1: expected an object"),
        ("a.json", b'[{"id": 1, "text": {"a": 1}, "image": "", "label": ""}]', "contains dict"),
        ("a.parquet", b"PAR1", "cannot be read as Parquet"),
        ("a.xlsx", b"PK", "no folder, and no table: the suffix of a table is .csv, .tsv"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((DatasetError, ConfigError)) as caught:
        recognise(path, COLUMNS)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_each_row_of_a_table_is_used_or_is_a_problem(tmp_path):
    rows = [
        ("1", "fine", "pics/a_17.png", "positive"),
        ("1", "again", "pics/a_17.png", "positive"),
        ("../x", "a", "pics/a_17.png", "positive"),
        ("2", "", "pics/a_17.png", "positive"),
        ("3", "no image", "", "positive"),
        ("4", "none there", "pics/none.png", "positive"),
        ("5", "sad", "pics/a_17.png", "sad"),
        ("6", "null", "pics\\a_17.png", "NULL"),
        ("=cmd", "a", "pics/a_17.png", "positive"),
    ]
    path = table(tmp_path, "posts.csv", rows)
    with path.open("a") as file:
        file.write("7,a text, with a comma,pics/a_17.png,neutral\n\n8,short\n")
    posts, problems = used(path, "drop")
    assert posts[["guid", "text"]].to_numpy().tolist() == [["1", "fine"], ["6", "null"]]
    assert dict(zip(problems["guid"], problems["problem"], strict=True)) == {
        "1": "row 3: guid 1 is listed already in row 2",
        "2": "text is empty",
        "3": "image file is missing",
        "4": "image file is missing",
        "5": "row 8: unknown label 'sad'; known are negative, neutral, positive",
        "../x": "row 4: the guid '../x' is no name of letters, digits, _, . and -",
        "'=cmd": "row 10: the guid '=cmd' is no name of letters, digits, _, . and -",
        "7": "row 11: 5 cells instead of 4",
        "8": "row 13: 2 cells instead of 4",
    }
    assert recognise(path, COLUMNS).paths["image"] == [str(tmp_path / "pics/a_17.png")]


def test_a_table_in_another_encoding_is_noted(tmp_path):
    path = table(tmp_path, "posts.csv", [("1", "今天很高兴", "pics/a_17.png", "positive")])
    path.write_bytes(path.read_text().encode("gb18030"))
    posts, problems = used(path)
    assert posts[["text", "encoding"]].to_numpy().tolist() == [["今天很高兴", "gb18030"]]
    assert problems[["file", "problem"]].to_numpy().tolist() == [
        ["posts.csv", "decoded as gb18030"]
    ]


def test_numbers_in_parquet_and_json_are_ids_and_labels(tmp_path):
    write_images(tmp_path / "pics")
    image = ["pics/a_17.png"] * 2
    frame = pd.DataFrame({"id": [1.0, 2.0], "text": ["a", "b"], "image": image,
                          "label": ["neutral", None]})  # fmt: skip
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps(row) for row in frame.replace({np.nan: None}).to_dict("records"))
    )
    for name in ("a.parquet", "a.jsonl"):
        posts, problems = used(tmp_path / name)
        assert posts[["guid", "label"]].to_numpy().tolist() == [["1", 1], ["2", UNLABELLED]]
        assert problems.empty


@pytest.mark.parametrize("texts", [['"Wow" he said', "no"], ['"Wow', 'no"'], ['say "hi"', '"']])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_quotes_in_a_table_that_quotes_nothing_are_characters(tmp_path, texts, name):
    write_images(tmp_path / "pics")
    rows = [("id", "text", "image", "label")]
    rows += [(str(n), text, "pics/a_17.png", P) for n, text in enumerate(texts)]
    separator = "\t" if name == "a.tsv" else ","
    (tmp_path / name).write_text("\n".join(map(separator.join, rows)))
    assert used(tmp_path / name)[0]["text"].tolist() == texts


# MVSA


@pytest.mark.parametrize(
    ("pairs", "label"),
    [
        ([(P, P)], P),
        ([(N, N)], N),
        ([(P, N)], P),
        ([(N, P)], P),
        ([(O, N)], O),
        ([(N, O)], O),
        ([(P, O)], ""),
        ([(O, P)], ""),
        ([(P, P), (P, P), (O, O)], P),
        ([(P, O), (P, N), (N, N)], P),  # text positive, image neutral
        ([(N, O), (N, O), (P, P)], O),
        ([(P, O), (P, O), (N, N)], ""),  # contradictory
        ([(P, P), (N, P), (O, P)], ""),  # no majority on the text
        ([(P, P), (P, N), (P, O)], ""),  # none on the image
    ],
)
def test_the_labels_of_text_and_image_are_reduced_to_one(pairs, label):
    found, reason = post_label(pairs)
    assert found == label
    assert bool(reason) == (label == "")


@pytest.mark.parametrize("annotators", [1, 3])
def test_mvsa_is_recognised_and_contradictions_are_left_out_and_counted(tmp_path, annotators):
    write_posts(tmp_path, "data", "data")
    for name in ("train.txt", "test_without_label.txt"):
        (tmp_path / name).unlink()
    pairs = {"a_17": (P, N), "12_3": (N, N), "007": (O, P), "b.9-x": (O, O), "x1": (P, "happy")}
    lines = ["ID\ttext,image" + "\ttext,image" * (annotators - 1)]
    lines += ["\t".join([guid, *[",".join(pair)] * annotators]) for guid, pair in pairs.items()]
    (tmp_path / "labelResultAll.txt").write_text("\r\n".join([*lines, ""]))
    posts, problems = used(tmp_path, "drop")
    assert dict(zip(posts["guid"], labels(posts), strict=True)) == {
        "a_17": P,
        "12_3": N,
        "b.9-x": O,
    }
    rows = problems.set_index("guid")
    assert rows.loc["7", ["problem", "action", "kind"]].tolist() == [
        "labels disagree: text negative, image positive", "left out", "note"
    ]  # fmt: skip
    assert "unknown label 'happy'" in rows.loc["x1", "problem"]
    kind = "MVSA-Single" if annotators == 1 else "MVSA-Multiple"
    assert recognise(tmp_path, {}).description.startswith(kind)


def test_a_folder_without_lists_names_the_table_in_it(tmp_path):
    path = table(tmp_path, "posts.csv")
    with pytest.raises(DatasetError, match=f"train.txt: no such file.*set dataset: {path}"):
        recognise(tmp_path, COLUMNS)


# What a change of a table makes stale


@pytest.mark.slow
def test_a_label_in_a_table_indexes_nothing_and_another_column_does_nothing(tmp_path):
    project = copy_project(tmp_path)
    write_images(project / "posts/pics")
    rows = [[f"p_{n}", f"the words of post {n}, {n * 7} in all", f"pics/p_{n}.png", LABELS[n % 3]]
            for n in range(18)]  # fmt: skip
    for number, row in enumerate(rows):
        (project / "posts" / row[2]).write_bytes(png(number))
    path = project / "posts/posts.csv"

    def write(rows, more="x"):
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).assign(more=more)
        frame.to_csv(path, index=False)

    targets = ["results/data/folds.tsv", "--config", "dataset=posts/posts.csv"]
    write(rows)
    done = snakemake(project, *targets)
    assert done.returncode == 0, done.stderr[-2000:]
    first = next(line for line in done.stderr.splitlines() if line.startswith("Posts: "))
    assert first == "Posts: CSV table: posts.csv, 18 rows, columns id, text, image, label"

    def stale(rows, **more):
        write(rows, **more)
        return set(jobs(snakemake(project, "-n", *targets)))

    after_lists = {"list_posts", "build_posts", "assign_folds"}
    assert stale(rows, more="y") == set()
    assert stale([[*rows[0][:3], "positive"], *rows[1:]]) == after_lists
    indexed = {*after_lists, "check_data", "group_duplicates"}
    assert stale([[rows[0][0], "other", *rows[0][2:]], *rows[1:]]) == {"index_texts", *indexed}
    swapped = [[*rows[0][:2], rows[1][2], rows[0][3]], [*rows[1][:2], rows[0][2], rows[1][3]]]
    assert stale([*swapped, *rows[2:]]) == {"index_images", *indexed}
