"""The demo data set: laid out like the real one, as untidy, and the same on every run."""

import io
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from PIL import Image

from mmsent.data.text import decode_text, is_empty_after_cleaning, normalised_words
from mmsent.demo.pictures import save_picture
from mmsent.demo.plan import CLASS_SHARES, FEWEST_LABELLED, file_names, plan_posts
from mmsent.demo.words import compose_text, encode_text
from mmsent.demo.write import write_demo
from mmsent.files import sha256_file

SCRIPTS = Path(__file__).parents[1] / "scripts"
SIZES = (60, 10)
SMALLEST = (45, 6)
FULL = (480, 60)
SEED = 7


def hashes(folder: Path) -> dict[str, str]:
    """Hash of every file below ``folder`` by relative path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def rows(path: Path) -> list[tuple[str, str]]:
    """Guid and tag of each row of a label file, below its header."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    assert header == "guid,tag"
    return [(guid, tag) for guid, tag in (line.split(",") for line in lines)]


def is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo")
    write_demo(path, *SIZES, SEED)
    return path


@pytest.fixture(scope="module")
def full():
    return plan_posts(*FULL, SEED)


def test_same_seed_same_bytes(folder, tmp_path):
    write_demo(tmp_path, *SIZES, SEED)
    assert hashes(tmp_path) == hashes(folder)


def test_posts_of_another_size_or_seed_do_not_stay_behind(folder, tmp_path):
    write_demo(tmp_path, *SIZES, SEED + 1)
    write_demo(tmp_path, *SIZES, SEED)
    assert len(hashes(tmp_path)) > len(hashes(folder))
    write_demo(tmp_path, *SIZES, SEED, alone=True)
    assert hashes(tmp_path) == hashes(folder)


def test_another_seed_gives_other_posts():
    one, two = plan_posts(*SIZES, SEED), plan_posts(*SIZES, SEED + 1)
    assert {post.guid for post in one} != {post.guid for post in two}
    assert not {encode_text(post) for post in one} & {encode_text(post) for post in two}
    assert save_picture(one[0]) != save_picture(two[0])


def test_file_names_are_the_files_written(folder):
    names = file_names(*SIZES, SEED)
    assert names == sorted(names)
    assert set(names) == set(hashes(folder))
    assert len(names) == 2 * sum(SIZES) + 2


def test_planning_imports_the_standard_library_alone():
    code = (
        "import sys; from mmsent.demo.plan import file_names; file_names(480, 60, 7);"
        "print([name for name in ('numpy', 'pandas', 'PIL') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_label_files(folder):
    train, test = rows(folder / "train.txt"), rows(folder / "test_without_label.txt")
    assert (len(train), len(test)) == SIZES
    assert {tag for _, tag in test} == {"null"}
    assert {tag for _, tag in train} == set(CLASS_SHARES)
    guids = [int(float(guid)) for guid, _ in train + test]
    assert len(set(guids)) == len(guids)
    assert guids != sorted(guids)
    for guid in guids:
        assert (folder / f"data/{guid}.jpg").is_file()
        assert (folder / f"data/{guid}.txt").is_file()


def test_some_guids_are_written_as_floats(folder):
    odd = [guid for guid, _ in rows(folder / "train.txt") if "." in guid]
    assert odd
    for guid in odd:
        assert re.fullmatch(r"\d+\.0", guid)
        assert (folder / f"data/{guid.removesuffix('.0')}.jpg").is_file()


def test_class_shares_are_those_of_the_real_data(full):
    counts = Counter(post.label for post in full)
    assert counts == {"positive": 287, "negative": 143, "neutral": 50, None: 60}


def test_shares_of_quirks(full):
    contents = [encode_text(post) for post in full]
    share = {
        "not UTF-8": sum(not is_utf8(content) for content in contents),
        "retweet": sum(compose_text(post).startswith("RT ") for post in full),
        "float guid": sum(post.float_guid for post in full),
        "grouped": sum(post.group is not None for post in full),
        "empty": sum(is_empty_after_cleaning(decode_text(content)[0]) for content in contents),
    }
    of_all = {name: round(count / len(full), 2) for name, count in share.items()}
    assert of_all == {
        "not UTF-8": 0.24, "retweet": 0.40, "float guid": 0.03, "grouped": 0.08, "empty": 0.03
    }  # fmt: skip


def test_every_text_decodes_to_what_was_written(full):
    for post in full:
        text, encoding, notes = decode_text(encode_text(post))
        assert encoding == post.encoding
        assert ("mojibake or control characters repaired" in notes) == post.mojibake
        if not post.mojibake:
            assert text == compose_text(post).strip()
    assert any("â€™" in encode_text(post).decode("utf-8") for post in full if post.mojibake)


def test_unshared_texts_are_no_accidental_duplicates(full):
    sources = defaultdict(set)
    for post in full:
        words = normalised_words(decode_text(encode_text(post))[0])
        if len(words) > 3:
            sources[" ".join(words)].add(post.text.source)
    assert all(len(shared) == 1 for shared in sources.values())


def test_every_image_decodes(folder):
    found = Counter()
    for path in folder.glob("data/*.jpg"):
        with Image.open(path) as image:
            image.load()
            found[image.format, image.mode] += 1
            assert 48 <= min(image.size) <= 400
            assert image.convert("L").getextrema()[0] < image.convert("L").getextrema()[1]
    odd = {
        ("PNG", "RGB"), ("PNG", "RGBA"), ("GIF", "P"), ("JPEG", "CMYK"), ("JPEG", "L")
    }  # fmt: skip
    assert set(found) == {*odd, ("JPEG", "RGB")}
    assert all(found[kind] == 1 for kind in odd)


def test_near_duplicates(full):
    groups = defaultdict(list)
    for post in full:
        if post.group is not None:
            groups[post.group].append(post)
    labels = {
        number: {post.label for post in posts if post.label} for number, posts in groups.items()
    }
    conflicting = sum(len(found) > 1 for found in labels.values())
    assert {len(posts) for posts in groups.values()} == {2, 3, 4}
    assert round(conflicting / len(groups), 2) == 0.25
    twins = [posts for posts in groups.values() if any(post.label is None for post in posts)]
    assert len(twins) == 3
    assert all(any(post.label for post in posts) for posts in twins)


def test_duplicates_share_what_they_should_but_no_bytes(full):
    shared = Counter()
    for one in full:
        for two in full:
            if one.guid >= two.guid or one.group is None or one.group != two.group:
                continue
            if one.text == two.text:
                texts = [decode_text(encode_text(post))[0] for post in (one, two)]
                assert normalised_words(texts[0]) == normalised_words(texts[1])
                shared["text"] += 1
            if one.picture == two.picture:
                first, second = save_picture(one), save_picture(two)
                assert first != second
                assert _difference(first, second) < 12
                shared["picture"] += 1
            assert one.text == two.text or one.picture == two.picture
    assert shared["text"]
    assert shared["picture"]


def _difference(first: bytes, second: bytes) -> float:
    """Mean difference of two pictures in grey levels, both at 32 x 32 pixels."""
    small = [
        Image.open(io.BytesIO(content)).convert("L").resize((32, 32), Image.Resampling.BOX)
        for content in (first, second)
    ]
    pairs = zip(small[0].tobytes(), small[1].tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / 32**2


@pytest.mark.parametrize("seed", range(20))
def test_small_sizes_have_every_quirk(seed):
    posts = plan_posts(*SMALLEST, seed)
    labels = Counter(post.label for post in posts[: SMALLEST[0]])
    assert set(labels) == set(CLASS_SHARES)
    assert min(labels.values()) >= 5
    assert all(post.label is None for post in posts[SMALLEST[0] :])
    formats = Counter(post.picture_format for post in posts)
    assert {"png", "rgba png", "palette gif", "cmyk jpeg", "grey jpeg"} < set(formats)
    assert any(not is_utf8(encode_text(post)) for post in posts)
    assert any(post.float_guid for post in posts[: SMALLEST[0]])
    assert any(post.empty for post in posts)
    assert any(post.mojibake for post in posts)
    by_group = defaultdict(set)
    for post in posts[: SMALLEST[0]]:
        by_group[post.group].add(post.label)
    by_group.pop(None)
    assert any(len(found) > 1 for found in by_group.values())
    assert any(post.group is not None for post in posts[SMALLEST[0] :])


@pytest.mark.parametrize("labelled", [FEWEST_LABELLED, 31, 37, 2600])
@pytest.mark.parametrize("unlabelled", [0, 1, 2])
def test_any_size_can_be_planned(labelled, unlabelled):
    posts = plan_posts(labelled, unlabelled, 1)
    assert len({post.guid for post in posts}) == labelled + unlabelled


def test_silence_tells_nothing(full):
    """An uninformative text or picture is as frequent in each class, up to label noise."""
    for content in ("text", "picture"):
        shares = []
        for name in CLASS_SHARES:
            of_class = [getattr(post, content) for post in full if post.label == name]
            shares.append(sum(part.tells == "any" for part in of_class) / len(of_class))
        assert max(shares) - min(shares) < 0.1


@pytest.mark.parametrize(("labelled", "unlabelled"), [(FEWEST_LABELLED - 1, 5), (60, -1)])
def test_sizes_that_cannot_be_are_refused(labelled, unlabelled):
    with pytest.raises(ValueError, match="posts"):
        file_names(labelled, unlabelled, SEED)
    with pytest.raises(ValueError, match="posts"):
        plan_posts(labelled, unlabelled, SEED)


def test_command_line(tmp_path):
    command = [sys.executable, str(SCRIPTS / "demo.py"), "--labelled", "30", "--unlabelled", "2"]
    subprocess.run([*command, "--seed", "3", "--out", str(tmp_path / "demo")], check=True)
    assert set(hashes(tmp_path / "demo")) == set(file_names(30, 2, 3))
    refused = subprocess.run(
        [*command, "--labelled", "3", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "3 labelled posts; the demo needs 30 or more" in refused.stderr
