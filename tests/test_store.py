"""Embeddings of an earlier run: used again where they are the same, and only there."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from conftest import ROOT
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.encoders import load_models
from mmsent.encoders.changes import FEW, store_changes
from mmsent.encoders.embeddings import BLANK, Header, in_half, read_header, write_embeddings
from mmsent.encoders.passes import Pass, image_pass, text_pass
from mmsent.encoders.posts import posts_in, posts_of
from mmsent.encoders.reading import TextReading
from mmsent.encoders.store import Reuse, embed, store_pass
from mmsent.files import canonical_json, sha256_bytes, sha256_file
from mmsent.tables import write_table

MODELS = load_models(ROOT / "config/models/offline.yaml")
WORDS = [
    "so",
    "happy",
    "today",
    "rain",
    "terrible",
    "week",
    "without",
    "good",
    "news",
    "incredible",
]
TEXT_POLICY = load_augmentations(ROOT / "config/text_augmentations.yaml", TextAugmentation)
IMAGE_POLICY = load_augmentations(ROOT / "config/augmentations.yaml", Augmentation)


def texts(count, changed=()):
    """Posts of very different lengths; those named in ``changed`` say something else."""
    draw = np.random.default_rng(5)
    rows = []
    for number in range(count):
        words = draw.choice(WORDS, int(draw.integers(1, 70)))
        text = " ".join(["other", *words] if number in changed else words)
        rows.append((str(number), text, sha256_bytes(text.encode())))
    return pd.DataFrame(rows, columns=["guid", "text", "sha256"])


def pictures(folder, count, changed=()):
    folder.mkdir(exist_ok=True)
    draw = np.random.default_rng(6)
    rows = []
    for number in range(count):
        content = draw.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        name = f"{number}.png"
        Image.fromarray(255 - content if number in changed else content).save(folder / name)
        rows.append((str(number), name, sha256_file(folder / name), ""))
    return pd.DataFrame(rows, columns=["guid", "file", "sha256", "problem"])


def counted(wanted):
    """A pass that counts how many rows it encodes."""
    rows = []

    def encode(missing):
        rows.extend(missing)
        return wanted.encode(missing)

    return Pass(wanted.settings, wanted.guids, wanted.content, encode), rows


READINGS = {
    "pooled": ("clip", TextReading()),
    "tokens below layers": ("text", TextReading("none", 32, 3)),
    "augmented": ("text", TextReading("symbols", 0, 0, TEXT_POLICY["light"].model_dump(), 1, 42)),
}


@pytest.mark.parametrize(("encoder", "reading"), READINGS.values(), ids=READINGS)
def test_texts_encoded_one_by_one_are_the_bytes_of_texts_encoded_at_once(
    encoder, reading, in_root, tmp_path
):
    spec = MODELS.specification(encoder)
    before, after = texts(50, changed=(3, 40)), texts(54).drop([7, 8])
    store = tmp_path / "store"
    embed(tmp_path / "old", text_pass(posts_of(before), spec, reading), store)
    wanted, encoded = counted(text_pass(posts_of(after), spec, reading))
    assert embed(tmp_path / "new", wanted, store) == Reuse(47, 6)
    assert [wanted.guids[row] for row in encoded] == ["3", "40", "50", "51", "52", "53"]
    embed(tmp_path / "anew", text_pass(posts_of(after), spec, reading))
    assert (tmp_path / "new").read_bytes() == (tmp_path / "anew").read_bytes()
    shuffled = after.sample(frac=1, random_state=1)
    embed(tmp_path / "shuffled", text_pass(posts_of(shuffled), spec, reading), store)
    embed(tmp_path / "shuffled anew", text_pass(posts_of(shuffled), spec, reading))
    assert (tmp_path / "shuffled").read_bytes() == (tmp_path / "shuffled anew").read_bytes()


@pytest.mark.parametrize("policy", [None, IMAGE_POLICY["heavy"].model_dump()], ids=str)
def test_pictures_encoded_one_by_one_are_the_bytes_of_pictures_encoded_at_once(
    policy, in_root, tmp_path
):
    def wanted_of(index, folder):
        return image_pass(posts_of(index), folder, MODELS.specification("clip"), policy, 1, 42)

    store = tmp_path / "store"
    before = pictures(tmp_path / "before", 20, changed=(3,))
    embed(tmp_path / "old", wanted_of(before, tmp_path / "before"), store)
    after = pictures(tmp_path / "after", 22).drop([7])
    wanted, encoded = counted(wanted_of(after, tmp_path / "after"))
    assert embed(tmp_path / "new", wanted, store) == Reuse(19, 3)
    assert [wanted.guids[row] for row in encoded] == ["3", "20", "21"]
    embed(tmp_path / "anew", wanted_of(after, tmp_path / "after"))
    assert (tmp_path / "new").read_bytes() == (tmp_path / "anew").read_bytes()


def test_texts_without_any_padding_do_not_depend_on_their_company(in_root, tmp_path):
    """A mask of nothing but ones is left out by some networks, which then add up otherwise."""
    full = pd.DataFrame({"guid": [str(n) for n in range(16)], "text": ["word " * 90] * 16,
                         "sha256": [sha256_bytes(bytes([n])) for n in range(16)]})  # fmt: skip
    reading = TextReading(max_tokens=32)
    together, _ = text_pass(posts_of(full), MODELS.specification("text"), reading).encode(range(16))
    alone, _ = text_pass(posts_of(full), MODELS.specification("text"), reading).encode([4])
    assert (together["mean"] == alone["mean"][0]).all()


def simple(guids, content=None, settings=None):
    def encode(rows):
        return {"state": np.array([[float(row)] for row in rows])}, 3

    content = content or ["x"] * len(guids)
    return Pass(settings or {"a": 1}, [*guids, BLANK], [*content, ""], encode)


def test_other_settings_use_nothing_that_is_stored(tmp_path):
    store = tmp_path / "store"
    assert store_pass(store, simple(["1", "2"])) == Reuse(0, 3)
    assert store_pass(store, simple(["1", "2"])) == Reuse(3, 0)
    assert store_pass(store, simple(["1", "2"], settings={"a": 2})) == Reuse(0, 3)
    assert read_header(store).settings == {"a": 2}


def test_code_packages_and_encoder_are_among_the_settings(in_root, monkeypatch):
    def settings(**more):
        index = texts(1)
        return text_pass(
            posts_of(index), MODELS.specification("text") | more, TextReading()
        ).settings

    first = settings()
    assert settings() == first
    assert settings(other=1) != first
    monkeypatch.setattr("mmsent.encoders.passes.version", lambda name: "0")
    assert settings()["versions"] != first["versions"]
    monkeypatch.setattr("mmsent.encoders.passes.code_hash", lambda script: "other")
    assert settings()["code"] == "other"


def test_a_post_that_moved_to_another_guid_is_another_post(tmp_path):
    store_pass(tmp_path / "store", simple(["1", "2"], ["x", "y"]))
    assert store_pass(tmp_path / "store", simple(["1", "2"], ["y", "x"])) == Reuse(1, 2)
    assert store_pass(tmp_path / "store", simple(["2"], ["x"])) == Reuse(2, 0)


def test_a_view_that_lacks_many_posts_is_left_as_it_is(tmp_path):
    store = tmp_path / "store"
    guids = [str(number) for number in range(19)]
    assert store_pass(store, simple(guids), FEW) == Reuse(0, 0, 20)
    assert not store.exists()
    store_pass(store, simple(guids))
    content = ["y", "y", "y", *["x"] * 16]
    before = store.read_bytes()
    assert store_pass(store, simple(guids, content), FEW) == Reuse(17, 0, 3)
    assert store.read_bytes() == before
    content[2] = "x"
    assert store_pass(store, simple(guids, content), FEW) == Reuse(18, 2)


def test_the_file_and_its_copy_in_the_store_take_space_once(tmp_path):
    out, store = tmp_path / "out", tmp_path / "store"
    embed(out, simple(["1"]), store)
    os.utime(store, (1, 1))
    embed(out, simple(["1"]), store)
    assert out.samefile(store)
    assert out.stat().st_mtime > 1, "an old date would have the file made again"
    out.unlink()
    assert read_header(store).guids == ["1", BLANK]


def test_where_links_are_impossible_the_file_is_copied(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    embed(tmp_path / "out", simple(["1"]), tmp_path / "store")
    assert (tmp_path / "out").read_bytes() == (tmp_path / "store").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "store"]


def test_changes_are_encoded_for_all_stored_views_of_known_encoders(in_root, tmp_path):
    before, after = texts(20), texts(20, changed=(4,))
    shown = [pictures(tmp_path / name, 20, changed) for name, changed in (("b", ()), ("a", (5,)))]
    policy = IMAGE_POLICY["flip"].model_dump()
    store, pixels = tmp_path / "store", MODELS.specification("pixels")

    def made(index, images, folder):
        wanted = {}
        for name, (encoder, reading) in READINGS.items():
            spec = MODELS.specification(encoder)
            wanted[f"a/text.{name}.safetensors"] = text_pass(posts_of(index), spec, reading)
        for number, drawn in enumerate((None, policy)):
            one = image_pass(posts_of(images), folder, pixels, drawn, number, 3)
            wanted[f"pixels/image.{number}.safetensors"] = one
        return wanted

    for name, wanted in made(before, shown[0], tmp_path / "b").items():
        embed(tmp_path / "out", wanted, store / name)
    encoders = [MODELS.specification("text"), pixels]
    posts = {"text": posts_of(after), "image": posts_of(shown[1])}
    done = store_changes(store, encoders, posts, tmp_path / "a", 0)
    known = {name for name in made(before, shown[0], tmp_path / "b") if "pooled" not in name}
    assert done == dict.fromkeys(known, Reuse(20, 1)), "the clip of the pooled view is unknown now"
    for name, wanted in made(after, shown[1], tmp_path / "a").items():
        counting, encoded = counted(wanted)
        embed(tmp_path / "out", counting, store / name)
        assert len(encoded) == (name not in known), name


def test_a_stored_file_keeps_the_size_of_its_encoder(tmp_path):
    header = Header({"a": 1}, ["1", BLANK], ["x", ""], 77)
    write_embeddings(tmp_path / "store", in_half({"state": np.zeros((2, 1))}), header)
    store_pass(tmp_path / "store", simple(["1", "2"]))
    assert read_header(tmp_path / "store").parameters == 77


def test_states_that_are_not_finite_are_refused_and_nothing_is_stored(tmp_path):
    wanted = simple(["1", "2"])
    states = {"state": np.full((3, 1), np.nan, np.float16)}
    broken = Pass(wanted.settings, wanted.guids, wanted.content, lambda _: (states, 3))
    with pytest.raises(ValueError, match="state holds values that are not finite"):
        store_pass(tmp_path / "store", broken)
    assert not list(tmp_path.iterdir())


AWKWARD = ["plain", 'a "quoted" word', '"', "two\nlines", "a\ttab", "", "null", "0.50",
           "x" * 200_000, "\u2028 and \u0085", "\x0b"]  # fmt: skip


@pytest.mark.parametrize("columns", [{"text": AWKWARD}, {"note": AWKWARD}], ids=["text", "image"])
def test_posts_of_a_file_are_those_of_its_table(columns, tmp_path):
    count = len(AWKWARD)
    unreadable = ["", "it cannot be read"] * (count // 2) + [""]
    given = {"guid": map(str, range(count)), "sha256": [f"{n:064}" for n in range(count)]}
    table = pd.DataFrame(given | columns | {"problem": unreadable})
    write_table(tmp_path / "index.tsv", table)
    inside, memory = posts_in(tmp_path / "index.tsv"), posts_of(table)
    assert (inside.guids, inside.hashes) == (memory.guids, memory.hashes)
    assert len(inside.guids) == (count if "text" in columns else count // 2 + 1)
    pd.testing.assert_frame_equal(inside.table(), memory.table())


def test_a_job_that_finds_every_post_stored_imports_neither_torch_nor_pandas(in_root, tmp_path):
    table = texts(3)
    write_table(tmp_path / "index.tsv", table.assign(problem=""))
    spec, store = MODELS.specification("text"), tmp_path / "store"
    embed(tmp_path / "out", text_pass(posts_of(table), spec, TextReading()), store)
    code = (
        "import runpy, sys; sys.argv[0] = 'encode_text'\n"
        "runpy.run_path('scripts/encode_text.py', run_name='__main__')\n"
        "print(*sorted({'torch', 'pandas'} & sys.modules.keys()), file=sys.stderr)"
    )
    given = ["--index", tmp_path / "index.tsv", "--encoder", canonical_json(spec), "--seed", "0",
             "--store", store, "--out", tmp_path / "again"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, *given], capture_output=True,
        text=True, check=True, env=os.environ | {"PYTHONPATH": "scripts"},
    )  # fmt: skip
    assert done.stderr == "\n"
    assert (tmp_path / "again").read_bytes() == (tmp_path / "out").read_bytes()
