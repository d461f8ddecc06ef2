"""Bad input through the command line: one message that names the file, early, no traceback.

docs/bad_input.md is the table of these cases.
"""

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import job
from conftest import ROOT
from mmsent.config.profile import load_profile
from mmsent.data.index import IMAGE_COLUMNS
from mmsent.encoders.checkpoints import OPTIONS
from mmsent.labels import LABELS
from mmsent.tables import as_cell

PARTS = ("Snakefile", "rules", "scripts", "config", "profiles", "envs")
POSTS = 18


def image(seed, kind="JPEG", size=(16, 16), **options):
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
        (folder / f"data/{guid}.jpg").write_bytes(image(guid))
    (folder / "train.txt").write_text("\n".join(["guid,tag", *rows, ""]))
    yield folder
    for name in ("posts", "results", ".snakemake"):
        shutil.rmtree(project / name, ignore_errors=True)


def refusal(project, *arguments, **config):
    """The output of Snakemake in a run that has to fail."""
    settings = [f"{key}={value}" for key, value in {"dataset": "posts", **config}.items()]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments, "--cores", "1", "--config", *settings],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "Traceback" not in output, output
    assert not (project / "results/embeddings").exists()
    return output


#: Files of posts; the problem of each, or nothing if it can be used.
BAD_FILES = {
    "1.jpg": (None, "image file is missing"),
    "2.jpg": (b"", "image the file is empty"),
    "3.jpg": (image(3, size=(64, 64))[:-800], "image cannot be decoded: "),
    "4.jpg": (b"<!DOCTYPE html><html></html>", "image not in a known format"),
    "5.jpg": (giant, "image more than 100,000,000 pixels"),
    "6.jpg": (image(6, "GIF", save_all=True, append_images=[Image.new("RGB", (16, 16))]), ""),
    "7.jpg": (image(7, size=(1, 1)), ""),
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
    "../../etc/passwd,positive": "'../../etc/passwd' is no name of letters, digits, _, . and -",
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
    output = refusal(project, "results/data/posts.parquet")
    wanted = [message for _, message in BAD_FILES.values() if message] + list(BAD_ROWS.values())
    wanted.append("test_without_label.txt: guid 15: guid 15 is in train.txt as well")
    assert f"{len(wanted)} problems in the data set:" in output
    for message in wanted:
        assert output.count(message) == 1, message
    for name, (_, message) in BAD_FILES.items():
        assert (f"data/{name}: guid {Path(name).stem}: {message}" in output) == bool(message), name
    assert "Fix the files, or set on_bad_post: drop" in output


def test_a_class_that_is_too_small_is_refused_before_anything_is_encoded(project, posts):
    rows = (posts / "train.txt").read_text().splitlines()
    kept = [row for row in rows if not row.endswith("neutral")]
    (posts / "train.txt").write_text("\n".join([*kept, "1,neutral", ""]))
    output = refusal(project, "results/data/folds.tsv")
    assert re.search("5 folds need 5 distinct posts of each class .*: neutral has 1;", output)
    assert "set folds: outer lower, or bring more posts" in output


def test_encoding_waits_for_posts_that_can_be_used(in_root):
    assert "after=paths.CHECKED," in (in_root / "rules/encode.smk").read_text()


@pytest.mark.parametrize(
    ("missing", "config", "message"),
    [
        ("train.txt", {}, "posts/train.txt: no such file; it lists the labelled posts"),
        ("data", {}, "posts/data: no such folder; the posts' files belong there"),
        ("", {"dataset": "nowhere"}, "--config: dataset: no such folder or file: nowhere (name a"),
        ("", {"fold": 3}, "--config: fold: unknown key, got 3 (did you mean 'folds'?)"),
        ("", {"seed": "abc"}, "--config: seed: Input should be a valid integer, got 'abc'"),
        ("", {"versions": "[v4_balanced_clp]"},
         "config/experiments/v4_balanced_clp.yaml: no such file (did you mean 'v4_balanced_clip"),
    ],
)  # fmt: skip
def test_wrong_settings_and_missing_files_end_the_run_before_any_job(
    project, posts, missing, config, message
):
    if missing:
        (posts / missing).rename(posts / "renamed")
    assert message in refusal(project, "-n", **config)
    assert not (project / "results").exists()


def ended(name, **arguments):
    """The message with which a job ends; any other error would be a traceback."""
    with pytest.raises(SystemExit) as caught:
        job.run([name, json.dumps(arguments)])
    # Python prints a text and exits with status 1.
    assert isinstance(caught.value.code, str)
    return caught.value.code


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "/nowhere/weights.pth"}, "/nowhere/weights.pth: no such file or folder"),
        ({"sha256": "a" * 64}, "the profile names aaaa"),
        ({"architecture": "resnet18"}, "296 tensors, image.architecture has 122; set it to"),
        ({"architecture": "resnetx18"}, "image.architecture: cannot be loaded: Unknown model"),
        ({"architecture": "tf_efficientnet_lite1"}, "tensors, image.architecture has"),
    ],
)
def test_weights_that_do_not_fit_end_the_job(in_root, tmp_path, changes, message):
    encoders = load_profile(in_root / "config/profiles/offline.yaml").encoders
    (tmp_path / "index.tsv").write_text("\t".join(IMAGE_COLUMNS) + "\n")
    view = {"policy": None, "number": 0, "seed": 0}
    output = ended(
        "encode", index=f"{tmp_path}/index.tsv", modality="image", views={"evaluation": view},
        encoder={"image": encoders.image.model_dump() | changes}, images=str(tmp_path),
        stored=[f"{tmp_path}/stored"], embeddings=[f"{tmp_path}/out"],
        record=f"{tmp_path}/record.json", keys=["0"],
    )  # fmt: skip
    assert message in output
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["train.txt", "data/5.jpg", "data/5.txt"])
def test_a_file_that_may_not_be_read_ends_the_run_before_any_job(project, posts, name):
    (posts / name).chmod(0)
    assert f"posts/{name}: may not be read (files like it: 1)" in refusal(project, "-n")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+cmd", "-so sad", "@you", "\t=1", "\r=1"])
def test_no_spreadsheet_runs_a_post_as_a_formula(text):
    assert as_cell(text) == f"'{text}"
    assert as_cell(f"so {text}") == f"so {text}"


@pytest.mark.parametrize("text", ["-1", "+0.5", "-2e-3", "so = sad", ""])
def test_numbers_and_plain_texts_stay_what_they_are(text):
    assert as_cell(text) == text


#: Imports and calls that could run code in the file that they load.
UNGUARDED = (
    r"^(import|from) (pickle|dill|cloudpickle|joblib|shelve|marshal)\b(?!.* UnpicklingError$)",
    r"^(eval|exec|yaml\.(load(?!.*Loader=_Loader)|unsafe_load|full_load)|\w+\.read_pickle)\(",
    r"(allow_pickle|trust_remote_code)=True",
    r"^(torch\.load|open_clip\.create_model_from_pretrained)\((?!.*weights_only=True)",
    # A class that is named is the code; one that the file chooses needs OPTIONS.
    r"^(Auto|[a-z])\w*\.from_pretrained\((?!.*\*\*OPTIONS)",
)


def unguarded(source):
    nodes = ast.walk(ast.parse(source))
    lines = [ast.unparse(n) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom | ast.Call)]
    return [line for line in lines if any(re.search(pattern, line) for pattern in UNGUARDED)]


HARMFUL = ["torch.load(p)", "torch.load(p, weights_only=False)", "import pickle",
           "from joblib import load", "pd.read_pickle(p)", "np.load(p, allow_pickle=True)",
           "yaml.load(t, Loader=yaml.Loader)", "AutoModel.from_pretrained(p)",
           "f(p, trust_remote_code=True)"]  # fmt: skip


@pytest.mark.parametrize("code", HARMFUL)
def test_the_search_for_unguarded_loading_finds_it(code):
    assert unguarded(code)


def test_nothing_is_loaded_that_could_run_code():
    sources = (ROOT / "scripts").rglob("*.py")
    assert not [line for path in sources for line in unguarded(path.read_text(encoding="utf-8"))]
    assert OPTIONS == {"local_files_only": True, "trust_remote_code": False}
