"""The README's table of what a change makes stale, row by row, by the jobs of a dry run.

The whole default report is pretended to be made: each output is an empty file, and Snakemake's own
``--touch`` records for it the settings and inputs of its job. That a finished run, with files that
hold something, behaves the same is held by test_workflow.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from conftest import ROOT
from job import JOBS
from mmsent.demo.write import write_demo
from mmsent.files import write_json
from mmsent.plan.plan import Plan
from project import copy_project, jobs, snakemake

pytestmark = pytest.mark.slow

OPTIONS = ("--config", "dataset=posts")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A copy of the project with posts, and with an empty file for each output of the report."""
    folder = copy_project(tmp_path_factory.mktemp("made"))
    write_demo(folder / "posts", 36, 4, 3)
    summary = snakemake(folder, "--summary", *OPTIONS)
    assert summary.returncode == 0, summary.stderr[-2000:]
    outputs = [line.split("\t")[0] for line in summary.stdout.splitlines()[1:]]
    # What is wanted of the jobs' costs stands in no summary, but in the reasons of a dry run.
    missing = snakemake(folder, "-n", *OPTIONS)
    outputs += re.findall(r"results/benchmarks/[\w/.]+\.jsonl", missing.stdout + missing.stderr)
    for path in (folder / name for name in outputs):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.touch()
        else:
            path.mkdir()
    with contextlib.chdir(folder):
        config = yaml.safe_load(Path("config/config.yaml").read_text())
        for job in Plan(config | {"dataset": "posts"}, []).encodings:
            write_json(Path(job.record), job.keys)
    # What follows a run reads the tables, which are empty here: it ends in an error.
    assert "100%) done" in snakemake(folder, "--touch", "--forceall", *OPTIONS).stderr
    assert jobs(snakemake(folder, "-n", *OPTIONS)) == {}
    return folder


def edited(path, before, after):
    def change(folder):
        text = (folder / path).read_text()
        assert before in text
        (folder / path).write_text(text.replace(before, after, 1))

    return change


def longer(path):
    def change(folder):
        with (folder / path).open("ab") as file:
            file.write(b"\n# more\n")

    return change


def other_label(folder):
    path = folder / "posts/train.txt"
    lines = path.read_text().splitlines()
    guid, tag = lines[1].split(",")
    lines[1] = f"{guid},{'negative' if tag != 'negative' else 'positive'}"
    path.write_text("\n".join([*lines, ""]))


def label_of_an_older_list(folder):
    """As an archive or ``cp -p`` puts it there, its size the same."""
    path = folder / "posts/train.txt"
    old = path.read_text()
    path.write_text(old.replace("negative", "positive", 1))
    assert path.stat().st_size == len(old)
    os.utime(path, (0, 0))


def first_post(folder):
    return (folder / "posts/train.txt").read_text().splitlines()[1].split(",")[0]


def changed_post(suffix):
    return lambda folder: longer(f"posts/data/{first_post(folder)}{suffix}")(folder)


def added(folder):
    guid = first_post(folder)
    for suffix in (".jpg", ".txt"):
        shutil.copy(folder / f"posts/data/{guid}{suffix}", folder / f"posts/data/999999{suffix}")
    with (folder / "posts/train.txt").open("a") as file:
        file.write("999999,neutral\n")


def removed(folder):
    path = folder / "posts/train.txt"
    guid = first_post(folder)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *lines[2:], ""]))
    for suffix in (".jpg", ".txt"):
        (folder / f"posts/data/{guid}{suffix}").unlink()


def touched(folder):
    for path in (folder / "posts/train.txt", folder / "scripts/mmsent/training/loop.py"):
        path.touch()


def new_version(folder):
    file = folder / EXPERIMENTS / "v7.yaml"
    file.write_text("base: v6_adaptive.yaml\ntitle: Seven\nhead: {hidden: [64], dropout: [0.5]}\n")
    edited("config/config.yaml", "  - v6_adaptive\n", "  - v6_adaptive\n  - v7\n")(folder)


def rewritten(path):
    """Another order of the keys, blank lines, a comment, another title and description."""

    def change(folder):
        content = yaml.safe_load((folder / path).read_text())
        for key in {"title", "section", "changes"} & content.keys():
            content[key] = "Other words"
        lines = yaml.safe_dump(in_another_order(content), sort_keys=False).splitlines()
        (folder / path).write_text("\n\n".join(["# A comment.", *lines, ""]))

    return change


def in_another_order(content):
    if not isinstance(content, dict):
        return content
    return {key: in_another_order(content[key]) for key in reversed(content)}


EXPERIMENTS = "config/experiments"

#: Each change by its row in the README's table.
CHANGES = {
    "a file touched, its content the same": touched,
    "the text of a post": changed_post(".txt"),
    "the image of a post": changed_post(".jpg"),
    "a post added": added,
    "a post removed": removed,
    "a label": other_label,
    "a label, in a list of an older date": label_of_an_older_list,
    "the name of a label in `config/config.yaml`": edited(
        "config/config.yaml", "neutral, positive]", "neutral, Positive]"
    ),
    "the order of the labels": edited(
        "config/config.yaml", "negative, neutral, positive]", "neutral, negative, positive]"
    ),
    "`rare_class`": edited("config/config.yaml", "rare_class: neutral", "rare_class: negative"),
    "a comment in `config/config.yaml`": longer("config/config.yaml"),
    "comments, title, description, order of keys in `v4_balanced_clip.yaml`": rewritten(
        f"{EXPERIMENTS}/v4_balanced_clip.yaml"
    ),
    "the same in `ablation/backbone.yaml`": rewritten(f"{EXPERIMENTS}/ablation/backbone.yaml"),
    "comments and order of keys in `config/profiles/offline.yaml`": rewritten(
        "config/profiles/offline.yaml"
    ),
    "a setting of `ablation/text_only.yaml`": edited(
        f"{EXPERIMENTS}/ablation/text_only.yaml",
        "modality: text",
        "modality: text\nschedule: {epochs: 9}",
    ),
    "a setting of `v2_enhanced.yaml`": edited(
        f"{EXPERIMENTS}/v2_enhanced.yaml", "patience: ", "patience: 1"
    ),
    "an override of `v4_balanced_clip` in the profile": edited(
        "config/profiles/offline.yaml",
        "vectors: {standardise: true, dropout: 0.3}\n    projection",
        "vectors: {standardise: true, dropout: 0.2}\n    projection",
    ),
    "one view more of the images in `v6_adaptive.yaml`": edited(
        f"{EXPERIMENTS}/v6_adaptive.yaml", "two_level\n  views: 2", "two_level\n  views: 3"
    ),
    "a version added, with `base: v6_adaptive.yaml`": new_version,
    "the number of resamples": edited("config/config.yaml", "resamples: 2000", "resamples: 1000"),
    "the size of the pixels in the profile": edited(
        "config/profiles/offline.yaml", "size: 96", "size: 64"
    ),
    "a module of the training": longer("scripts/mmsent/training/loop.py"),
    "a module of the encoders": longer("scripts/mmsent/encoders/encode.py"),
    "a module of a figure": longer("scripts/mmsent/figures/confusion.py"),
    "a template of a chapter": longer("scripts/mmsent/report/templates/chapters/data.md.j2"),
    "a colour of the page": longer("scripts/mmsent/report/templates/page.css"),
}

#: Rows of changes after which nothing may be trained.
NO_TRAINING = [change for change in CHANGES if "comment" in change or "the same in" in change]


def table():
    """Rows of the README's table: jobs and text of what is made again, by what was changed."""
    part = (ROOT / "README.md").read_text().split("| What changed | Jobs | Made again |")[1]
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (.+?) \|$", part.split("\n\n")[0], re.M)
    return {change: (int(count), text) for change, count, text in rows}


def test_the_table_has_a_row_for_each_change():
    assert list(table()) == list(CHANGES)


def copied(made, tmp_path):
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-a", made, folder], check=True)
    return folder


@pytest.fixture
def stale(made, tmp_path, change):
    """Jobs of a dry run after the change, by rule."""
    folder = copied(made, tmp_path)
    CHANGES[change](folder)
    return jobs(snakemake(folder, "-n", *OPTIONS))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_stale_what_the_table_says(stale, change):
    count, text = table()[change]
    assert sum(stale.values()) == count, stale
    named = dict(re.findall(r"`(\w+)`(?: x (\d+))?", text))
    for rule, times in named.items():
        assert stale.get(rule) == int(times or 1), rule


@pytest.mark.parametrize("change", NO_TRAINING)
def test_comments_titles_and_the_order_of_keys_train_nothing(stale):
    documents = {"record_provenance", "sum_costs", "plot_versions", "preflight"}
    assert {rule for rule in stale if not rule.startswith("write_")} <= documents


def test_the_label_of_a_held_out_post_trains_nothing(made, tmp_path):
    folder = copied(made, tmp_path)
    path = folder / "posts/test_without_label.txt"
    path.write_text(path.read_text().replace("null", "neutral"))
    # What reads the posts table is as it was without the labels; evaluation and documents follow.
    before = jobs(snakemake(folder, "-n", *OPTIONS))
    assert {rule: before.pop(rule) for rule in ("read_test_labels", "evaluate_test")} == {
        "read_test_labels": 1, "evaluate_test": 2,
    }  # fmt: skip
    evaluation = {"predict_unlabelled", "measure_fixes", "record_provenance"}
    documents = {"describe_data", "plot_versions", "sum_costs"}
    assert {rule for rule in before if not rule.startswith("write_")} <= evaluation | documents
    for name in ("data/test_labels.tsv", "test/versions.json", "test/versions.csv",
                 "test/ablation.json", "test/ablation.csv"):  # fmt: skip
        (folder / "results" / name).parent.mkdir(exist_ok=True)
        (folder / "results" / name).touch()
    assert "100%) done" in snakemake(folder, "--touch", "--forceall", *OPTIONS).stderr
    path.write_text(path.read_text().replace("neutral", "positive"))
    after = jobs(snakemake(folder, "-n", *OPTIONS))
    assert after == before | {"read_test_labels": 1, "evaluate_test": 2}
    # Another post in the list is another matter.
    added_to = path.read_text().splitlines()
    path.write_text("\n".join([*added_to[:-1], ""]))
    assert {"list_posts", "train", "evaluate_test"} <= jobs(
        snakemake(folder, "-n", *OPTIONS)
    ).keys()


def test_an_earlier_run_to_compare_with_makes_nothing_stale_but_documents(made, tmp_path):
    folder = copied(made, tmp_path)
    (folder / "old.zip").touch()
    stale = jobs(snakemake(folder, "-n", *OPTIONS, "against=old.zip"))
    assert stale == {"compare_runs": 1, "write_report": 1, "write_html": 1}


def test_names_with_spaces_are_one_word_of_each_command(made, tmp_path):
    folder = copied(made, tmp_path)
    named = {}
    for key, name in (("paper_results", "paper_results.csv"), ("deviations", "deviations.csv"),
                      ("profile", "profiles/offline.yaml")):  # fmt: skip
        named[key] = f"config/it's my {key}{name[name.rindex('.') :]}"
        shutil.copy(folder / "config" / name, folder / named[key])
    config = [f"{key}={path}" for key, path in named.items()]
    done = snakemake(folder, "-n", "-p", "--forceall", "results/archive.zip", *OPTIONS, *config)
    assert done.returncode == 0, done.stderr[-2000:]
    commands = [line for line in done.stdout.splitlines() if "python scripts/job.py" in line]
    assert len(commands) > 40
    for command in commands:
        words = shlex.split(command.split(" 2> ")[0])
        name, arguments = words[words.index("scripts/job.py") + 1 :][:2]
        assert name in JOBS
        json.loads(arguments)
    for path in named.values():
        assert any(path in part for c in commands for part in shlex.split(c.split(" 2> ")[0]))
