"""The encoding job and its store: each row is computed once, and to the same bits every time."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from conftest import ROOT
from mmsent.config.augmentation import Augmentation, TextAugmentation, load_augmentations
from mmsent.config.profile import load_profile
from mmsent.data.images import read_image
from mmsent.encoders import encode, image_rows
from mmsent.encoders.embeddings import BLANK, read_header
from mmsent.encoders.encode import encode_views
from mmsent.encoders.towers import ImageTower, PixelTower
from mmsent.files import sha256_file
from mmsent.tables import write_table

ENCODERS = load_profile(ROOT / "config/profiles/offline.yaml").encoders
TEXT_POLICY = load_augmentations(ROOT / "config/text_augmentations.yaml", TextAugmentation)
IMAGE_POLICY = load_augmentations(ROOT / "config/augmentations.yaml", Augmentation)
WORDS = ["so", "happy", "today", "rain", "terrible", "week", "without", "good", "incredible"]

PLAIN = {"policy": None, "number": 0, "seed": 0}
POOLED = PLAIN | {"cleaning": "none", "max_tokens": 0, "below": 0}
LIGHT = {"policy": TEXT_POLICY["light"].model_dump(), "number": 1, "seed": 42}
TEXT_VIEWS = {
    "pooled": POOLED,
    "below": POOLED | {"max_tokens": 32, "below": 3},
    "light": POOLED | LIGHT | {"cleaning": "symbols"},
}
HEAVY = {"policy": IMAGE_POLICY["heavy"].model_dump(), "number": 1, "seed": 42}
IMAGE_VIEWS = {"evaluation": PLAIN, "heavy": HEAVY}


def texts(count, changed=()):
    """Posts of very different lengths; those in ``changed`` have another text."""
    draw = np.random.default_rng(5)
    contents = [list(draw.choice(WORDS, int(draw.integers(1, 70)))) for _ in range(count)]
    return pd.DataFrame(
        {"guid": [str(number) for number in range(count)],
         "text": [" ".join(["other"] * (number in changed) + words)
                  for number, words in enumerate(contents)]}
    )  # fmt: skip


def images(folder, count, changed=()):
    folder.mkdir(exist_ok=True)
    draw = np.random.default_rng(6)
    table = []
    for number in range(count):
        content = draw.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        path = folder / f"{number}.png"
        Image.fromarray(255 - content if number in changed else content).save(path)
        table.append((str(number), path.name, sha256_file(path), 80))
    return pd.DataFrame(table, columns=["guid", "file", "sha256", "width"])


def job(folder, index, encoder, modality, views, threads=1, images=None):
    """Run an encoding job with the store in a folder; returns the number of encoded rows."""
    spec = encoder if isinstance(encoder, dict) else ENCODERS.specification(encoder)
    stored, out = ({name: folder / kind / name for name in views} for kind in ("store", "out"))
    return encode_views(index, spec, modality, views, stored, out, images or folder, 0, threads)


@pytest.fixture
def decoded(monkeypatch):
    """Names of the images that are decoded, in their order."""
    names = []
    counted = lambda path: names.append(path.stem) or read_image(path)  # noqa: E731
    monkeypatch.setattr(image_rows, "read_image", counted)
    return names


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "out").iterdir()}


def test_stored_texts_and_new_ones_give_the_bytes_of_a_job_from_nothing(in_root, tmp_path):
    job(tmp_path / "a", texts(30, changed=(3, 20)), "text", "text", TEXT_VIEWS)
    after = texts(34).drop([7, 8])
    encoded = job(tmp_path / "a", after, "text", "text", TEXT_VIEWS)
    assert encoded == dict.fromkeys(TEXT_VIEWS, 6)  # two changed and four new ones
    job(tmp_path / "b", after, "text", "text", TEXT_VIEWS, threads=2)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    shuffled = after.sample(frac=1, random_state=1)
    job(tmp_path / "c", shuffled, "text", "text", TEXT_VIEWS)
    assert job(tmp_path / "a", shuffled, "text", "text", TEXT_VIEWS) == dict.fromkeys(TEXT_VIEWS, 0)
    assert contents(tmp_path / "a") == contents(tmp_path / "c")
    # By itself in a job, with one view: the same rows. The longest text is gone, its padding too.
    for name, view in TEXT_VIEWS.items():
        job(tmp_path / name, after[after["guid"] == "3"], "text", "text", {name: view})
        whole, alone = (
            load_file(tmp_path / "b/out" / name),
            load_file(tmp_path / name / "out" / name),
        )
        for key, array in alone.items():
            row = whole[key][3][: array.shape[1]] if key == "states" else whole[key][3]
            assert np.array_equal(array[0], row), (name, key)
    header = read_header(tmp_path / "a/out/pooled")
    assert header.parameters == 22_713_216
    assert header.guids == [*shuffled["guid"], BLANK]


def test_stored_images_and_new_ones_give_the_bytes_of_a_job_from_nothing(
    in_root, tmp_path, decoded
):
    before, after = images(tmp_path / "1", 20, changed=(3,)), images(tmp_path / "2", 22).drop([7])
    job(tmp_path / "a", before, "clip", "image", IMAGE_VIEWS, images=tmp_path / "1")
    assert decoded == before["guid"].tolist(), "each image is decoded once for all views"
    decoded.clear()
    encoded = job(tmp_path / "a", after, "clip", "image", IMAGE_VIEWS, images=tmp_path / "2")
    assert encoded == dict.fromkeys(IMAGE_VIEWS, 3)
    assert decoded == ["3", "20", "21"]
    job(tmp_path / "b", after, "clip", "image", IMAGE_VIEWS, images=tmp_path / "2", threads=2)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_new_view_and_a_new_post_are_computed_together_and_nothing_else(
    in_root, tmp_path, decoded
):
    table = images(tmp_path, 20)
    job(tmp_path, table.drop([4]), "pixels", "image", {"evaluation": PLAIN})
    decoded.clear()
    encoded = job(tmp_path, table, "pixels", "image", IMAGE_VIEWS)
    assert encoded == {"evaluation": 1, "heavy": 21}
    assert sorted(decoded) == sorted(table["guid"])
    job(tmp_path / "b", table, "pixels", "image", IMAGE_VIEWS, images=tmp_path)
    assert contents(tmp_path) == contents(tmp_path / "b")


def image_states(tower, table, folder, gpus):
    """States of each view of the images of a table and of a blank one, decoded by two processes."""
    missing = dict.fromkeys(IMAGE_VIEWS, range(len(table) + 1))
    encoded = image_rows.image_rows(tower, table, folder, IMAGE_VIEWS, missing, gpus, 2)
    return {name: np.concatenate([arrays["state"] for _, arrays in parts])
            for name, parts in encoded.items()}  # fmt: skip


def test_images_that_are_decoded_for_a_gpu_are_encoded_alike(tmp_path, monkeypatch):
    """With the CPU in the place of the GPU; tests/test_cuda.py has a GPU."""
    monkeypatch.setattr(image_rows, "device_for", lambda gpus: torch.device("cpu"))
    table = images(tmp_path, 70)  # more than a batch
    tower = ImageTower(torch.nn.Flatten(), 8, 1.0, [0.5] * 3, [0.5] * 3)
    monkeypatch.setattr(ImageTower, "encode", lambda _, images: images.flatten(1).float() / 255)
    for_cpu, for_gpu = (image_states(tower, table, tmp_path, gpus) for gpus in (0, 1))
    for name, states in for_gpu.items():
        assert states.shape == (71, 192)
        assert np.array_equal(states, for_cpu[name])


def test_a_text_without_padding_does_not_depend_on_its_company(in_root, tmp_path):
    """Some networks leave out a mask of nothing but ones, and add up in another order."""
    full = pd.DataFrame(
        {"guid": map(str, range(16)), "text": [f"word{n} " * 90 for n in range(16)]}
    )
    view = {"short": POOLED | {"max_tokens": 32}}
    for folder, table in (("all", full), ("one", full[4:5])):
        job(tmp_path / folder, table, "text", "text", view)
    together, alone = (load_file(tmp_path / name / "out/short") for name in ("all", "one"))
    assert np.array_equal(together["mean"][4], alone["mean"][0])


@pytest.fixture
def pixels(in_root, tmp_path):
    """Run the fast job of the pixels of three images, with changes; returns the encoded rows."""
    table = images(tmp_path, 3)

    def run(folder=tmp_path, encoder=None, view=None, index=table):
        spec = {"pixels": ENCODERS.pixels.model_dump() | {"size": 16} | (encoder or {})}
        views = {"view": HEAVY | (view or {})}
        return job(folder, index, spec, "image", views, images=tmp_path)["view"]

    run.table = table
    return run


@pytest.mark.parametrize(
    "change",
    [{"encoder": {"size": 20}}, {"encoder": {"mean": [0.1] * 3}}, {"view": {"number": 2}},
     {"view": {"seed": 43}}, {"view": {"policy": None}}],
)  # fmt: skip
def test_another_setting_recomputes_every_row(pixels, change):
    assert (pixels(), pixels(), pixels(**change), pixels()) == (4, 0, 4, 4)


def test_other_code_and_packages_recompute_every_row(pixels, monkeypatch):
    pixels()
    monkeypatch.setattr(encode, "version", lambda name: "0")
    assert pixels() == 4
    monkeypatch.setattr(encode, "code_hash", lambda job: "other")
    assert (pixels(), pixels()) == (4, 0)


def test_a_post_with_another_guid_is_another_post(pixels):
    pixels()
    swapped = pixels.table.assign(guid=["1", "0", "2"])
    assert pixels(index=swapped) == 2
    assert pixels(index=swapped[2:]) == 0


def test_unreadable_images_get_no_row_and_a_blank_one_follows_the_others(pixels, tmp_path):
    broken = pixels.table.assign(width=[80, 0, 80])
    assert pixels(index=broken, view={"policy": None}, encoder={"size": 60}) == 3
    assert read_header(tmp_path / "out/view").guids == ["0", "2", BLANK]
    assert read_header(tmp_path / "out/view").parameters == 0
    stored = load_file(tmp_path / "out/view")["pixels"]
    for row, name in enumerate(("0.png", "2.png")):  # of 80 by 60 pixels
        middle = np.asarray(Image.open(tmp_path / name))[:, 10:70]
        assert np.array_equal(stored[row], middle.transpose(2, 0, 1))
    assert (stored[-1] == 128).all()


DAMAGES = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "empty": lambda path: path.write_bytes(b""),
    "junk": lambda path: path.write_bytes(b"junk" * 99),
    "another file": lambda path: save_file({"pixels": np.zeros((4, 1))}, path),
    "another header": lambda path: save_file(load_file(path), path, metadata={"mmsent": "{}"}),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_or_foreign_file_in_the_store_is_replaced(pixels, tmp_path, damage):
    pixels()
    before = contents(tmp_path)
    (tmp_path / "out/view").unlink()
    damage(tmp_path / "store/view")
    assert pixels() == 4
    assert contents(tmp_path) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_the_stored_file_and_no_other(
    pixels, tmp_path, monkeypatch, error
):
    pixels(index=pixels.table[:2])
    before = contents(tmp_path)

    def half(arrays, path, metadata):
        path.write_bytes(b"half")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("mmsent.encoders.embeddings.save_file", half)
        with pytest.raises(error):
            pixels()
    assert contents(tmp_path) == before
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["view"]
    assert pixels() == 1


def test_states_that_are_not_finite_are_refused_and_not_stored(pixels, tmp_path, monkeypatch):
    monkeypatch.setattr(PixelTower, "encode", lambda _, images: torch.full((len(images), 1), 1e6))
    with pytest.raises(ValueError, match="pixels contains values that are not finite"):
        pixels()
    assert not (tmp_path / "store").exists()


def test_the_file_is_a_link_to_the_stored_one_or_else_a_copy(pixels, tmp_path, monkeypatch):
    out, store = tmp_path / "out/view", tmp_path / "store/view"
    pixels()
    os.utime(store, (1, 1))
    pixels()
    assert out.samefile(store), "it takes space once"
    assert out.stat().st_mtime > 1, "with an old date, Snakemake would run the job again"

    def refused(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    pixels()
    assert out.read_bytes() == store.read_bytes()
    assert not out.samefile(store)
    assert [path.name for path in out.parent.iterdir()] == ["view"]


def test_a_job_that_finds_every_post_stored_imports_no_torch(in_root, tmp_path):
    awkward = ["plain", 'a "quoted" word', "two\nlines", "a\ttab", "", "null", "0.50", "\x0b"]
    table = pd.DataFrame({"guid": map(str, range(8)), "text": awkward, "problem": ""})
    write_table(tmp_path / "index.tsv", table)
    job(tmp_path, table, "text", "text", {"pooled": POOLED})
    arguments = {
        "index": str(tmp_path / "index.tsv"), "encoder": ENCODERS.specification("text"),
        "modality": "text", "views": {"pooled": POOLED}, "images": "none",
        "stored": [str(tmp_path / "store/pooled")], "embeddings": [str(tmp_path / "again")],
        "record": str(tmp_path / "record.json"), "keys": ["0"],
    }  # fmt: skip
    code = (
        "import runpy, sys\n"
        "runpy.run_path('scripts/job.py', run_name='__main__')\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "encode", json.dumps(arguments)], capture_output=True,
        text=True, check=True, env=os.environ | {"PYTHONPATH": "scripts"},
    )  # fmt: skip
    assert done.stdout == "False\n"
    assert (tmp_path / "again").read_bytes() == (tmp_path / "out/pooled").read_bytes()
