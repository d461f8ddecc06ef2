"""Bad input through the command line: one message that names the file, early, no traceback.

docs/bad_input.md is the table of what is tried here.
"""

import ast
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from conftest import ROOT
from mmsent.data.images import UnreadableImageError, read_picture
from mmsent.data.index import IMAGE_COLUMNS, TEXT_COLUMNS
from mmsent.data.layout import DatasetError
from mmsent.data.readers import count_listed, read_listing
from mmsent.encoders.checkpoints import OPTIONS
from mmsent.labels import LABELS
from mmsent.tables import as_cell, read_table

PARTS = ("Snakefile", "rules", "scripts", "config", "profiles", "envs")
POSTS = 18


def picture(seed, kind="JPEG", size=(16, 16), **options):
    stream = io.BytesIO()
    values = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(values).save(stream, kind, **options)
    return stream.getvalue()


def giant():
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The workflow without any data; tests bring a data set each."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


@pytest.fixture
def posts(project):
    """A good data set, 18 posts, in the project; it and all results go after the test."""
    folder = project / "posts"
    (folder / "data").mkdir(parents=True)
    rows = []
    for guid in range(1, POSTS + 1):
        rows.append(f"{guid},{LABELS[guid % 3]}")
        (folder / f"data/{guid}.txt").write_text(f"the words of post {guid}, {guid * 7} in all")
        (folder / f"data/{guid}.jpg").write_bytes(picture(guid))
    (folder / "train.txt").write_text("\n".join(["guid,tag", *rows, ""]))
    yield folder
    for name in ("posts", "results", ".snakemake"):
        shutil.rmtree(project / name, ignore_errors=True)


def refusal(project, *arguments, **config):
    """What Snakemake says at the end of a run that has to fail."""
    given = [f"{key}={value}" for key, value in {"dataset": "posts", **config}.items()]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "--cores", "1", "--config", *given],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said, said
    assert not (project / "results/embeddings").exists()
    return said


#: File of post 1 and on; what is said of it, or nothing where it can be used.
BAD_FILES = {
    "1.jpg": (None, "image file is missing"),
    "2.jpg": (b"", "image the file is empty"),
    "3.jpg": (picture(3, size=(64, 64))[:-800], "image cannot be decoded: "),
    "4.jpg": (b"<!DOCTYPE html><html></html>", "image not a picture in a known format"),
    "5.jpg": (giant, "image more than 100,000,000 pixels"),
    "6.jpg": (picture(6, "GIF", save_all=True, append_images=[Image.new("RGB", (16, 16))]), ""),
    "7.jpg": (picture(7, size=(1, 1)), ""),
    "8.txt": (None, "text file is missing"),
    "9.txt": (b"", "text file is empty"),
    "10.txt": (bytes(range(256)), "text contains NUL bytes"),
    "11.txt": (b"so happy @you http://t.co/x " * 40_000, ""),
    "12.txt": ("\u202eمرحبا بالعالم\u202c".encode(), ""),
    "13.txt": ("😀😍👍🏽".encode(), ""),
}
BAD_ROWS = {
    "20,happy": "train.txt: guid 20: line 20: unknown label 'happy'",
    "14,positive": "train.txt: guid 14: line 21: guid 14 is listed already in line 15",
    "../../etc/passwd,positive": "'../../etc/passwd' is no whole number",
}


def test_all_bad_posts_are_listed_in_one_message_before_anything_is_encoded(project, posts):
    for name, (content, _) in BAD_FILES.items():
        path = posts / "data" / name
        path.unlink()
        if content is not None:
            path.write_bytes(content() if callable(content) else content)
    with (posts / "train.txt").open("a") as stream:
        stream.write("".join(f"{row}\n" for row in BAD_ROWS))
    (posts / "test_without_label.txt").write_text("guid,tag\n15,null\n")
    said = refusal(project, "results/data/posts.parquet")
    wanted = [message for _, message in BAD_FILES.values() if message] + list(BAD_ROWS.values())
    wanted.append("test_without_label.txt: guid 15: guid 15 is in train.txt as well")
    assert f"{len(wanted)} problems in the data set:" in said
    for message in wanted:
        assert said.count(message) == 1, message
    for name, (_, message) in BAD_FILES.items():
        assert (f"data/{name}: guid {Path(name).stem}: {message}" in said) == bool(message), name
    assert "Mend the files, or set on_bad_post: drop" in said


def test_the_folder_that_is_named_is_the_data_set_even_if_it_is_called_data(project, posts):
    shutil.copytree(posts, posts / "nested/data")
    other = (posts / "train.txt").read_text().replace("neutral", "positive")
    (posts / "nested/train.txt").write_text(other)
    arguments = [
        "results/data/posts.parquet",
        "--cores",
        "2",
        "--config",
        "dataset=posts/nested/data",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = read_table(project / "results/data/posts.parquet")
    assert dict(zip(table["guid"], table["label"], strict=True)) == {
        str(guid): guid % 3 for guid in range(1, POSTS + 1)
    }


def test_a_class_that_is_too_small_is_told_before_anything_is_encoded(project, posts):
    rows = (posts / "train.txt").read_text().splitlines()
    kept = [row for row in rows if not row.endswith("neutral")]
    (posts / "train.txt").write_text("\n".join([*kept, "1,neutral", ""]))
    said = refusal(project, "results/data/folds.tsv")
    assert "5 folds need 5 distinct posts of each class: neutral has 1" in said
    assert "set folds: outer lower, or bring more posts" in said


def test_encoding_waits_for_posts_folds_and_weights(in_root):
    rules = (in_root / "rules/encode.smk").read_text()
    for rule in ("encode_text", "encode_image"):
        wanted = rules.split(f"rule {rule}:")[1].split("output:")[0]
        assert '"results/encoders/{encoder}.json"' in wanted
        assert '"results/store/changes.json"' in wanted
    wanted = rules.split("rule encode_changes:")[1].split("output:")[0]
    assert '"results/data/checked.json"' in wanted


def test_no_job_waits_for_another_by_ancient_alone(in_root):
    """Snakemake would not notice what else makes a job stale whose ancient input is made anew."""
    rules = "".join(path.read_text() for path in (in_root / "rules").glob("*.smk"))
    assert re.findall(r"ancient\((.*)\),?\n", rules) == ["PLAN.label_lists()"]


def removed(name):
    def change(project, posts):
        path = posts / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def edited(text):
    """The experiment text_only with other settings."""

    def change(project, posts):
        path = project / "config/experiments/ablation/text_only.yaml"
        path.write_text(f"base: backbone.yaml\ntitle: Text only\nmodality: text\n{text}\n")

    return change


TEXT_ONLY = "config/experiments/ablation/text_only.yaml"


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        (removed("train.txt"), {}, "posts/train.txt: no such file; it lists the labelled posts"),
        (removed("data"), {}, "posts/data: no such folder; the posts' files belong there"),
        (None, {"dataset": "nowhere"}, "--config: dataset: no such folder: nowhere (name a folder"),
        (None, {"fold": 3}, "--config: fold: unknown key, got 3 (did you mean 'folds'?)"),
        (None, {"seed": "abc"}, "--config: seed: Input should be a valid integer, got 'abc'"),
        (None, {"versions": "[v4_balanced_clp]"},
         "config/experiments/v4_balanced_clp.yaml: no such file (did you mean 'v4_balanced_clip"),
        (edited("text: {encoder: clipp}"), {},
         f"{TEXT_ONLY}: text.encoder: no such text encoder, got 'clipp' (did you mean 'clip'?)"),
        (edited("head: {hidden: wide}"), {},
         f"{TEXT_ONLY}: head.hidden: Input should be a valid list, got 'wide'"),
    ],
)  # fmt: skip
def test_what_is_seen_before_any_job_ends_the_run_at_once(project, posts, change, config, message):
    before = (project / TEXT_ONLY).read_text()
    if change:
        change(project, posts)
    try:
        said = refusal(project, "-n", **config)
    finally:
        (project / TEXT_ONLY).write_text(before)
    assert message in said
    assert not (project / "results").exists()


def ended(monkeypatch, script, *arguments):
    """With what message a script ends; any other error than that is a traceback."""
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / f"scripts/{script}.py"), run_name="__main__")
    # Python prints a text and exits with status 1.
    assert isinstance(caught.value.code, str)
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"3,positive\n", "line 1 must be the header 'guid,tag', got '3,positive'"),
        (b"guid;tag\n3;positive\n", "must be the header 'guid,tag'"),
        (b"guid,tag\n", "no usable post in the file; list some"),
        (b"guid,tag\n3,happy\n", "line 2: unknown label 'happy'"),
        ("guid,tag\n3,positive\n".encode("utf-16"), "contains NUL bytes"),
        (None, "cannot be read: Is a directory"),
    ],
)
def test_a_list_that_cannot_be_used_ends_check_posts(tmp_path, monkeypatch, content, message):
    path = tmp_path / "train.txt"
    path.mkdir() if content is None else path.write_bytes(content)
    for name, columns in (("texts", TEXT_COLUMNS), ("images", IMAGE_COLUMNS)):
        (tmp_path / f"{name}.tsv").write_text("\t".join(columns) + "\n")
    said = ended(
        monkeypatch, "check_posts", "--dataset", tmp_path, "--texts", tmp_path / "texts.tsv",
        "--images", tmp_path / "images.tsv", "--on-bad-post", "error",
        "--posts", tmp_path / "p.parquet", "--problems", tmp_path / "p.tsv",
    )  # fmt: skip
    assert said.startswith(f"{path}: ")
    assert message in said
    assert not (tmp_path / "p.tsv").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "/nowhere/weights.pth"}, "/nowhere/weights.pth: nothing there; mend source"),
        ({"sha256": "a" * 64}, "the models file names aaaa"),
        ({"architecture": "resnet18"}, "296 tensors, the architecture has 122; name the one of"),
        ({"architecture": "resnetx18"}, "image.architecture: Unknown model (resnetx18)"),
        ({"architecture": "tf_efficientnet_lite1"}, "tensors, the architecture has"),
    ],
)
def test_weights_that_do_not_fit_end_check_encoder(tmp_path, monkeypatch, changes, message):
    models = yaml.safe_load((ROOT / "config/models/offline.yaml").read_text())
    encoder = json.dumps({"image": models["image"] | changes})
    out = tmp_path / "image.json"
    assert message in ended(monkeypatch, "check_encoder", "--encoder", encoder, "--out", out)
    assert not out.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["train.txt", "data/5.jpg", "data/5.txt"])
def test_a_file_that_may_not_be_read_is_told_at_once(project, posts, name):
    (posts / name).chmod(0)
    assert f"posts/{name}: may not be read (files like it: 1)" in refusal(project, "-n")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-so sad", "@you"])
def test_no_spreadsheet_runs_a_post_as_a_formula(text):
    assert as_cell(text) == f"'{text}"
    assert as_cell(f"so {text}") == f"so {text}"


few = settings(max_examples=100, deadline=None, derandomize=True)
LINES = st.lists(
    st.sampled_from([b"guid,tag", b"guid\ttag", b"1,positive", b"2,", b"3,null", b"../x,neutral",
                     b'"4","negative"', b'"', b"\xff", b"\x00", b"\xef\xbb\xbf", b",", b"\x85",
                     b"\xe2\x80\xa8", b"1\x1c,positive"]) | st.binary(max_size=8),
    max_size=6,
).map(b"\n".join)  # fmt: skip


@few
@given(LINES | st.binary(max_size=40), st.booleans())
@example(b"guid,tag\r1,positive\r\r\n2,neutral", True)
@example(b'guid,tag\n"1\n,positive', True)
def test_any_bytes_are_a_list_or_a_documented_error(tmp_path_factory, content, labelled):
    path = Path(tmp_path_factory.getbasetemp() / "any.txt")
    path.write_bytes(content)
    try:
        one = read_listing(path, labelled)
    except DatasetError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
        return
    assert all(re.fullmatch(r"0|[1-9][0-9]*", guid) for guid in one.rows["guid"])
    assert len(one.rows) + len(one.problems) == count_listed(path)


STARTS = [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 ",
          b"BM", b"II*\0", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"P6 2 2 255\n"]  # fmt: skip


@few
@given(st.sampled_from(STARTS), st.binary(max_size=60))
def test_any_bytes_are_a_picture_or_a_documented_error(tmp_path_factory, start, content):
    path = Path(tmp_path_factory.getbasetemp() / "any.jpg")
    path.write_bytes(start + content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert read_picture(path).rgb.mode == "RGB"
        except UnreadableImageError as error:
            assert str(error)  # noqa: PT017


PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
WEIGHTS = ("torch.load", "open_clip.create_model_from_pretrained")
CODE = ("yaml.load", "yaml.unsafe_load", "yaml.full_load", "eval", "exec")


def imports_pickle(node):
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] in PICKLES for alias in node.names)
    # The name of pickle's error alone is no use of pickle.
    own = isinstance(node, ast.ImportFrom) and node.module in PICKLES
    return own and {alias.name for alias in node.names} != {"UnpicklingError"}


def runs_code(call):
    """Whether a call could run code that the file which it loads holds."""
    name = ast.unparse(call.func)
    options = {option.arg: ast.unparse(option.value) for option in call.keywords}
    if {options.get("allow_pickle"), options.get("trust_remote_code")} & {"True"}:
        return True
    if name in CODE or name.endswith("read_pickle"):
        return True
    if name in WEIGHTS:
        return options.get("weights_only") != "True"
    # A class that is named is itself the code; one that the file chooses needs OPTIONS.
    chosen = name.endswith(".from_pretrained") and re.match(r"Auto|[a-z]", name)
    return bool(chosen) and "**OPTIONS" not in ast.unparse(call)


def unguarded(tree):
    """What in a module imports pickle, or loads a file that could run code."""
    for node in ast.walk(tree):
        if imports_pickle(node) or (isinstance(node, ast.Call) and runs_code(node)):
            yield ast.unparse(node)


HARMFUL = ["torch.load(p)", "torch.load(p, weights_only=False)", "import pickle",
           "from joblib import load", "pd.read_pickle(p)", "np.load(p, allow_pickle=True)",
           "yaml.load(t, Loader=yaml.Loader)", "AutoModel.from_pretrained(p)",
           "f(p, trust_remote_code=True)"]  # fmt: skip


@pytest.mark.parametrize("code", HARMFUL)
def test_the_search_for_unguarded_loading_finds_it(code):
    assert list(unguarded(ast.parse(code)))


def test_nothing_is_loaded_that_could_run_code():
    found = {
        f"{path.relative_to(ROOT)}: {call}"
        for path in (ROOT / "scripts").rglob("*.py")
        for call in unguarded(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found
    assert OPTIONS == {"local_files_only": True, "trust_remote_code": False}
