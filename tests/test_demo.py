"""The demo data set: laid out like the real one, as untidy, and the same on every run."""

import subprocess
import sys
from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from conftest import ROOT
from jobs.generate_demo import generate_demo
from mmsent.data.dataset import recognise
from mmsent.data.decoding import decode_text
from mmsent.data.duplicates import near_duplicate_groups
from mmsent.data.index import index_images, index_texts
from mmsent.data.text import is_empty_after_cleaning, normalised_words
from mmsent.demo.pictures import draw_picture
from mmsent.demo.plan import CLASS_FRACTIONS, file_names, plan_posts
from mmsent.demo.texts import compose_text, encode_text
from mmsent.demo.write import write_demo
from mmsent.files import sha256_file

SIZES = (50, 6)
SMALLEST = (45, 6)
FULL = (480, 60)
SEED = 7


def hashes(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def groups_of(posts):
    groups = defaultdict(list)
    for post in posts:
        groups[post.group].append(post)
    groups.pop(None)
    return groups.values()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo")
    write_demo(path, *SIZES, SEED)
    return path


@pytest.fixture(scope="module")
def full():
    return plan_posts(*FULL, SEED)


def test_the_seed_decides_every_byte(folder, tmp_path):
    write_demo(tmp_path, *SIZES, SEED, threads=2)
    assert hashes(tmp_path) == hashes(folder)
    one, two = plan_posts(*SIZES, SEED), plan_posts(*SIZES, SEED + 1)
    assert {post.guid for post in one} != {post.guid for post in two}
    assert not {compose_text(post) for post in one} & {compose_text(post) for post in two}


def test_file_names_are_the_files_written(folder):
    names = file_names(*SIZES, SEED)
    assert names == sorted(names)
    assert set(names) == set(hashes(folder))


def test_file_names_need_only_the_standard_library():
    code = "import sys, mmsent.demo.plan; print({'numpy', 'pandas', 'PIL'} & {*sys.modules})"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_label_files(folder):
    names = ("train.txt", "test_without_label.txt")
    train, test = (pd.read_csv(folder / name, dtype=str, na_filter=False) for name in names)
    assert list(train.columns) == list(test.columns) == ["guid", "tag"]
    assert (len(train), len(test)) == SIZES
    assert set(test["tag"]) == {"null"}
    assert set(train["tag"]) == set(CLASS_FRACTIONS)
    guids = pd.concat([train["guid"], test["guid"]])
    assert guids.astype(float).is_unique
    assert not guids.astype(float).is_monotonic_increasing
    assert guids.str.fullmatch(r"\d+(\.0)?").all()
    assert train["guid"].str.endswith(".0").any()


def test_classes_and_irregularities_have_the_fractions_of_the_real_data(full):
    labels = Counter(post.label for post in full)
    assert labels == {"positive": 287, "negative": 143, "neutral": 50, None: 60}
    texts = [compose_text(post) for post in full]
    groups = groups_of(full)
    counts = {
        "gb18030": sum(post.encoding == "gb18030" for post in full),
        "retweet": sum(text.startswith("RT ") for text in texts),
        "float guid": sum(post.float_guid for post in full),
        "empty": sum(map(is_empty_after_cleaning, texts)),
        "grouped": sum(map(len, groups)),
    }
    assert {name: round(count / len(full), 2) for name, count in counts.items()} == {
        "gb18030": 0.24, "retweet": 0.40, "float guid": 0.03, "empty": 0.03, "grouped": 0.08
    }  # fmt: skip
    assert {len(posts) for posts in groups} == {2, 3, 4}
    conflicting = [len({post.label for post in posts} - {None}) > 1 for posts in groups]
    assert sum(conflicting) / len(groups) == 0.25
    assert sum(any(post.label is None for post in posts) for posts in groups) == 3


def test_every_text_decodes_to_what_was_written(full):
    for post in full:
        text, encoding, notes = decode_text(encode_text(post))
        assert encoding == post.encoding
        assert ("mojibake or control characters repaired" in notes) == post.mojibake
        if not post.mojibake:
            assert text == compose_text(post).strip()
    assert any("â€™" in encode_text(post).decode("utf-8") for post in full if post.mojibake)


def test_only_shared_texts_are_duplicates(full):
    contents = defaultdict(set)
    for post in full:
        words = normalised_words(decode_text(encode_text(post))[0])
        assert post.empty or len(words) > 3
        contents[" ".join(words)].add(post.text)
    contents.pop("")
    assert all(len(shared) == 1 for shared in contents.values())


def test_only_planned_groups_are_near_duplicates(folder):
    posts = recognise(folder, {})
    text_index = index_texts(posts.contents())
    image_index = index_images(posts.root, posts.files["image"])
    found = near_duplicate_groups(text_index, image_index, phash_distance=4, minimum_words=4)
    several = found[found["size"] > 1].groupby("group")["guid"].agg(frozenset)
    planned = groups_of(plan_posts(*SIZES, SEED))
    assert set(several) == {frozenset(str(post.guid) for post in posts) for posts in planned}
    for posts in planned:
        files = [folder / f"data/{post.guid}.jpg" for post in posts]
        assert len({file.read_bytes() for file in files}) == len(files)


def test_every_picture_decodes_and_each_odd_format_occurs_once(folder):
    found = Counter()
    for path in folder.glob("data/*.jpg"):
        with Image.open(path) as image:
            found[image.format, image.mode] += 1
            assert 48 <= min(image.size) <= 400
            assert np.ptp(np.asarray(image.convert("L"))) > 30
    assert found.pop(("JPEG", "RGB")) == sum(SIZES) - 5
    assert found == dict.fromkeys(
        [("PNG", "RGB"), ("PNG", "RGBA"), ("GIF", "P"), ("JPEG", "CMYK"), ("JPEG", "L")], 1
    )


def test_uninformative_contents_say_nothing_about_the_class(full):
    for kind in ("text", "picture"):
        fractions = []
        for name in CLASS_FRACTIONS:
            contents = [getattr(post, kind) for post in full if post.label == name]
            fractions.append(sum(content.mood == "any" for content in contents) / len(contents))
        assert max(fractions) - min(fractions) < 0.1
    silent = [post for post in full if post.text.mood == post.picture.mood == "any"]
    assert 0 < len(silent) / len(full) < 0.1


@pytest.mark.parametrize("kind", ["text", "picture"])
def test_a_simple_classifier_learns_a_part_of_the_labels_from_each_modality(full, kind):
    posts = full[: FULL[0] if kind == "text" else 100]
    if kind == "text":
        features = TfidfVectorizer().fit_transform(map(compose_text, posts))
    else:
        thumbnails = [draw_picture(post.picture).resize((4, 4)) for post in posts]
        features = np.array([np.asarray(image).ravel() / 255 for image in thumbnails])
    labels = [post.label for post in posts]
    accuracy = cross_val_score(LogisticRegression(max_iter=500), features, labels, cv=5).mean()
    assert labels.count("positive") / len(labels) + 0.05 < accuracy < 0.95


@pytest.mark.parametrize("seed", range(10))
def test_small_sizes_have_every_irregularity(seed):
    posts = plan_posts(*SMALLEST, seed)
    labelled, unlabelled = posts[: SMALLEST[0]], posts[SMALLEST[0] :]
    assert min(Counter(post.label for post in labelled).values()) >= 5
    assert all(post.label is None for post in unlabelled)
    assert len({post.picture_format for post in posts}) == 6
    assert any(post.float_guid for post in labelled)
    assert any(post.group is not None for post in unlabelled)
    assert len({(post.encoding, post.empty, post.mojibake) for post in posts}) == 4
    assert any(len({post.label for post in group}) > 1 for group in groups_of(labelled))


@pytest.mark.parametrize("labelled", [30, 31, 37, 2600])
@pytest.mark.parametrize("unlabelled", [0, 1, 2])
def test_any_size_can_be_planned(labelled, unlabelled):
    posts = plan_posts(labelled, unlabelled, 1)
    assert len({post.guid for post in posts}) == labelled + unlabelled
    assert len(groups_of(posts)) >= 3


def test_posts_of_another_seed_are_removed(tmp_path):
    for seed in (2, 3):
        generate_demo(tmp_path, 30, 2, seed)
    assert set(hashes(tmp_path)) == set(file_names(30, 2, 3))
