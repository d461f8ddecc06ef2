"""The real Snakefile, on a very small data set, in a copy of the project."""

import itertools
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from conftest import ROOT
from mmsent.encoders.embeddings import read_header
from mmsent.files import canonical_json
from mmsent.report.archive import SUMS, sums_of
from project import copy_project, jobs, snakemake
from rederive import disagreements

pytestmark = pytest.mark.slow

SMALL = """\
demo: {labelled: 60, unlabelled: 6, seed: 3}
folds: {outer: 2, inner: 4}
intervals: {resamples: 200}
profile: small
protocol: both
seeds: {experiments: [v4_balanced_clip], number: 2}
learning_curve: {experiments: [ablation/multimodal_late], fractions: [0.125, 0.5]}
"""
#: A row that a user adds: a file, and its name in the grid.
MINE_NAME = "mine-v7.1ä"
MINE = "base: backbone.yaml\ntitle: Smaller head\nhead: {hidden: [128], dropout: [0.3]}\n"
#: Few epochs, views and trials: what is tested is the workflow, not how good the models are.
OVERRIDES = """\
v1_baseline: {schedule: {epochs: 2}}
v2_enhanced:
  image: {augmentation: crop_flip_small, views: 1, network: {widths: [8, 16], blocks: 1}}
  schedule: {epochs: 2}
v3_clip: {image: {views: 1}, schedule: {epochs: 3}}
v4_balanced_clip: {schedule: {epochs: 3}}
ablation/backbone: {schedule: {epochs: 4}}
v5_multi_fusion: {text: {views: 1}, image: {views: 1}, schedule: {epochs: 3}, search: {trials: 2}}
v6_adaptive: {text: {views: 1}, image: {views: 1}, schedule: {epochs: 3}, search: null}
qwen2_vl_2b:
  text: {max_tokens: 16}
  pixels: {min: 784, max: 784}
  optimiser: {batch_size: 16}
  schedule: {epochs: 1, warmup_epochs: 0.1}
qwen2_vl_zero_shot: {text: {max_tokens: 16}, pixels: {min: 784, max: 784}, batch_size: 32}
"""
#: Vision-language models, on one fold each: one is trained, one is zero-shot.
TRAINED, ZERO_SHOT = "qwen2_vl_2b", "qwen2_vl_zero_shot"
VERSIONS = ["v1_baseline", "v2_enhanced", "v3_clip", "v4_balanced_clip", "v5_multi_fusion",
            "v6_adaptive"]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which the whole report has been made.

    Each rule ran in an environment that holds its file's pip section and nothing else.
    """
    folder = copy_project(tmp_path_factory.mktemp("project"))
    config = folder / "config/config.yaml"
    text = config.read_text()
    for line in SMALL.splitlines():
        key = line.split(":")[0]
        text = re.sub(rf"^{key}:.*\n(?:  .*\n)*", f"{line}\n", text, flags=re.M)
    assert all(line in text for line in SMALL.splitlines())
    # Two rows less, which train nothing that v6_adaptive does not train as well.
    text = re.sub("  - multimodal_(early|attention)\n", "", text)
    config.write_text(f"{text}  - {MINE_NAME}\n")
    (folder / f"config/experiments/ablation/{MINE_NAME}.yaml").write_text(MINE)
    profile = {"base": "offline.yaml", "experiments": yaml.safe_load(OVERRIDES)}
    (folder / "config/profiles/small.yaml").write_text(yaml.safe_dump(profile))
    table = snakemake(folder, "results/ablation.md", "--sdm", "conda")
    assert table.returncode == 0, table.stderr[-3000:]
    # Baselines are lines in its figure.
    for runs, needed in (("runs", ["ablation", "baselines"]), ("paper/runs", ["ablation"])):
        made = sorted(path.name for path in (folder / "results" / runs).iterdir())
        assert made == needed, "one table made more than it needs"
    done = snakemake(folder, "--cores", "8", "--resources", "gpu=1", "--sdm", "conda")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_each_environment_was_made_of_its_file_and_holds_no_other_packages(project):
    made = sorted((project / ".snakemake/conda").glob("*.yaml"))
    files = sorted((project / "envs").glob("*.yaml"))
    assert sorted(map(Path.read_bytes, made)) == sorted(map(Path.read_bytes, files))
    for path in made:
        packages = len(list(path.with_suffix("").glob("lib/*/site-packages/*.dist-info")))
        assert packages == path.read_text().count("      - ")
    # What is no part of an environment cannot have been imported by its rules.
    light = [path.with_suffix("") for path in made if "torch==" not in path.read_text()]
    assert len(light) == 2
    for folder in light:
        assert not list(folder.glob("lib/*/site-packages/torch"))


def test_the_report_is_there_and_nothing_is_left_to_do(project):
    assert "Nothing to be done" in snakemake(project).stderr
    report = (project / "results/report.md").read_text()
    links = re.findall(r"\]\((?!http)([^)]+)\)", report)
    assert len(links) >= 6
    for link in links:
        assert (project / "results" / link).stat().st_size > 0, link
    for absent in ("nan", "None", "Undefined"):
        assert not re.search(rf"\b{absent}\b", report), absent


def test_every_number_of_every_table_follows_from_the_predictions(project):
    compared, wrong = disagreements(project / "results")
    assert not wrong, "\n".join(wrong[:20])
    assert compared > 5000


def test_a_row_that_is_named_in_the_grid_appears_everywhere(project):
    results = project / "results"
    scores = pd.read_csv(results / "ablation.csv")
    assert scores["experiment"].iloc[-1] == f"ablation/{MINE_NAME}"
    text = (results / "ablation.md").read_text()
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert len(tables) >= 9
    assert all(re.search(r"\bmine\b", table) for table in tables)
    for figure in ("scores", "gains", "classes", "reliability"):
        numbers = json.loads((results / "figures/ablation.json").read_text())[figure]
        assert "mine" in json.dumps(numbers), figure
    assert f"| {MINE_NAME} " in (results / "report.md").read_text()
    assert f"ablation/{MINE_NAME}" in json.loads(
        (results / "paper/metrics/ablation.json").read_text()
    )


def test_the_paper_protocol_stands_in_its_own_columns_as_optimistic(project):
    for table in ("ablation", "versions", "comparison", "report"):
        text = (project / f"results/{table}.md").read_text()
        assert "Paper protocol F1 (optimistic)" in text, table
        assert "Optimism (paper - grouped F1)" in text, table
    for run in (project / "results/paper/runs").rglob("predictions.parquet"):
        assert set(pd.read_parquet(run)["subset"]) == {"validation", "unlabelled"}


def test_identical_runs_differ_in_their_seed_alone(project):
    for fold in range(2):
        folder = project / "results/runs/v4_balanced_clip"
        first, second = (
            pd.read_parquet(folder / f"seed{number}/{fold}/predictions.parquet")
            for number in range(2)
        )
        assert first[["guid", "subset", "label"]].equals(second[["guid", "subset", "label"]])
        assert not first["p_neutral"].equals(second["p_neutral"])
        run = pd.read_parquet(project / f"results/runs/v4_balanced_clip/{fold}/predictions.parquet")
        assert set(first.loc[first["subset"] == "test", "guid"]) == set(
            run.loc[run["subset"] == "test", "guid"]
        )


def test_no_group_crosses_the_splits_of_a_fold_in_what_was_predicted(project):
    folds = pd.read_csv(project / "results/data/folds.tsv", sep="\t", dtype=str)
    group = dict(zip(folds["guid"], folds["group"], strict=True))
    for run in (project / "results/runs").rglob("predictions.parquet"):
        table = pd.read_parquet(run)
        if table.empty:
            assert run.parts[-3] == "zero_shot_clip"  # left out
            continue
        groups = {
            subset: {group[guid] for guid in part["guid"]}
            for subset, part in table[table["subset"] != "unlabelled"].groupby("subset")
        }
        assert not groups["test"] & groups["validation"]
        for without in groups.keys() - {"test", "validation"}:
            assert groups[without] == groups["test"]


def test_runs_on_fewer_posts_are_tested_on_the_same_posts(project):
    names = ["ablation/multimodal_late", "baselines/probe_both"]
    for name, fold in itertools.product(names, range(2)):
        runs = project / "results/runs" / name
        trained = []
        for folder in ("fraction0.125/", "fraction0.5/", ""):
            run = runs / f"{folder}{fold}"
            table = pd.read_parquet(run / "predictions.parquet")
            trained.append(json.loads((run / "metrics.json").read_text())["train_posts"])
            whole = pd.read_parquet(runs / f"{fold}/predictions.parquet")
            assert table[["guid", "subset", "label"]].equals(whole[["guid", "subset", "label"]])
        assert trained[0] < trained[1] < trained[2]


def test_without_a_learning_curve_its_chapter_is_left_out(project):
    none = "learning_curve={fractions: []}"
    stale = jobs(snakemake(project, "-n", "--config", none))
    beside = {"sum_costs", "record_provenance"}
    assert stale.keys() <= {"write_report", "write_html"} | beside
    assert "write_report" in stale


def shown_runs(project):
    """Predictions of the experiments in tables: without those repeated or on fewer posts."""
    found = (project / "results/runs").rglob("predictions.parquet")
    others = ("seed", "fraction", "average", "baselines")
    return sorted(
        path for path in found if not any(part.startswith(others) for part in path.parts[-4:-2])
    )


def test_runs_keep_their_contract(project):
    for run in shown_runs(project):
        table = pd.read_parquet(run)
        columns = ["guid", "fold", "subset", "label", "p_negative", "p_neutral", "p_positive",
                   "predicted"]  # fmt: skip
        if run.parts[-3] in ("v6_adaptive", "multimodal_adaptive"):
            columns += ["weight_late", "weight_early", "weight_attention"]
        assert list(table.columns) == columns
        assert (table["subset"] == "unlabelled").sum() == 6
        names = sorted(path.name for path in run.parent.iterdir())
        trained = [] if run.parts[-3] == ZERO_SHOT else ["history.csv", "model.safetensors"]
        assert names == sorted(["config.yaml", "metrics.json", "predictions.parquet", *trained])


def test_vision_language_models_are_marked_beside_the_versions_on_their_posts(project):
    results = project / "results"
    scores = pd.read_csv(results / "vlm.csv")
    assert scores["experiment"].tolist() == [TRAINED, *VERSIONS, ZERO_SHOT, *VERSIONS]
    folds = pd.read_csv(results / "data/folds.tsv", sep="\t")
    assert (scores["posts"] == (folds["fold"] == 0).sum()).all()
    assert scores["difference"].isna().all()
    marked = scores["experiment"] == scores["beside"]
    assert scores["exercise"].tolist() == marked.tolist()
    # Two tables with both in each document, and in the report those of two documents.
    for document, marks in {"vlm": 4, "comparison": 4, "report": 8}.items():
        text = (results / f"{document}.md").read_text()
        assert text.count(": smoke test (random weights)") == marks, document
        assert (f"figures/curves/{TRAINED}.png" in text) == (document != "comparison")
    report = re.sub(" +", " ", (results / "report.md").read_text())
    assert f"| {TRAINED} | schedule.epochs | 5 | 1 |" in report
    # What a killed run goes on from is gone once its files are there.
    assert not list(results.rglob("states/**/*.pt"))


def test_without_vision_language_models_the_chapter_is_left_out(project):
    stale = jobs(snakemake(project, "-n", "--config", "vlm=[]"))
    # The curves are those of fewer experiments; no model is trained or tested again.
    beside = {"plot_versions", "write_comparison", "sum_costs", "preflight", "record_provenance"}
    assert "write_report" in stale
    assert stale.keys() <= {"write_report", "write_html"} | beside


def test_without_an_ablation_its_table_and_chapter_are_left_out(project):
    stale = jobs(snakemake(project, "-n", "--config", "ablation=[]"))
    assert "write_report" in stale
    trained = {rule for rule in stale if rule.startswith(("train", "encode", "search"))}
    # Baselines read the frozen states that most experiments read, and these may be others now.
    assert trained <= {"train_baselines", "train_baselines_on_fraction"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_submission_is_the_folds_mean_in_the_order_of_the_list(project, version):
    lines = (project / f"results/submission/{version}.txt").read_text().splitlines()
    assert lines[0] == "guid,tag"
    rows = (project / "results/demo/test_without_label.txt").read_text().splitlines()[1:]
    listed = [str(int(float(row.split(",")[0]))) for row in rows]
    assert [line.split(",")[0] for line in lines[1:]] == listed
    runs = (project / f"results/runs/{version}").glob("*/predictions.parquet")
    posts = pd.concat([pd.read_parquet(path) for path in runs])
    posts = posts[posts["subset"] == "unlabelled"]
    chances = posts.groupby("guid")[["p_negative", "p_neutral", "p_positive"]].mean()
    highest = chances.idxmax(axis=1).str.removeprefix("p_")
    numbers = json.loads((project / f"results/submission/{version}.json").read_text())
    different = sum(highest[line.split(",")[0]] != line.split(",")[1] for line in lines[1:])
    assert different == numbers["changed"]
    if version in ("v1_baseline", "v5_multi_fusion", "v6_adaptive"):  # no post-processing
        assert different == 0


def test_the_report_names_what_was_adjusted_and_tests_every_step(project):
    report = (project / "results/report.md").read_text()
    assert "| v2_enhanced | schedule.epochs | 12 | 2 |" in re.sub(" +", " ", report)
    for before, version in itertools.pairwise(VERSIONS):
        (line,) = re.findall(rf"^- \*\*{version}\*\* (.*)$", report, re.M)
        assert before in line
        assert re.search(r"p [=<] \d\.\d{3}", line)
    for version in VERSIONS:
        wrong = pd.read_csv(project / f"results/bad_cases/{version}.csv")
        assert wrong["guid"].is_unique
        assert f"{len(wrong)} posts are misclassified" in report


def test_stored_views_differ(project):
    headers = [read_header(path) for path in (project / "results/embeddings/clip").glob("image.*")]
    # The evaluation view, two of v4, and one each of the other versions' augmentations.
    assert len(headers) == 1 + 2 + 3
    assert len({canonical_json(header.settings) for header in headers}) == len(headers)
    texts = [read_header(path) for path in (project / "results/embeddings").rglob("text.*")]
    assert len({canonical_json(header.settings) for header in texts}) == len(texts)


def test_a_touched_post_starts_nothing_and_a_changed_label_encodes_nothing(project, tmp_path):
    post = next((project / "results/demo/data").glob("*.jpg"))
    labels = project / "results/demo/train.txt"
    before = labels.read_text()
    post.touch()
    assert jobs(snakemake(project, "-n")) == {}
    first = before.splitlines()[1]
    guid, tag = first.split(",")
    other = "negative" if tag != "negative" else "positive"
    labels.write_text(before.replace(first, f"{guid},{other}", 1))
    try:
        stale = jobs(snakemake(project, "-n"))
    finally:
        labels.write_text(before)
    made_again = " ".join(stale)
    assert not re.findall("encode_|index_|group_duplicates", made_again)
    runs = shown_runs(project)
    paper = list((project / "results/paper/runs").rglob("predictions.parquet"))
    # Six versions and five rows of the grid, on two folds and on the study's split.
    # Beside them the vision-language models, on a fold of their own and on that split.
    assert len(runs) + len(paper) == 11 * 3 + 4
    # A job for each fold where layers of an encoder are trained (v2), and for each split.
    assert stale["train_all_folds"] == 11 - 1
    assert stale["train"] == 2 + 11
    # On a fold and on the study's split; v5 alone has a search.
    assert stale["fine_tune_vlm"] == stale["predict_zero_shot"] == 2
    assert stale["search"] == stale["search_all_folds"] == stale["train_all_seeds"] == 1
    assert stale["train_fraction"] == stale["train_baselines_on_fraction"] == 2
    assert jobs(snakemake(project, "-n")) == {}


TABLES = {"write_table", "write_comparison"}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("scripts/mmsent/report/templates/table.md.j2", TABLES),
        ("scripts/mmsent/report/templates/page.css", set()),
        ("scripts/mmsent/evaluation/slices.py", {"evaluate", "find_label_issues"} | TABLES),
        ("scripts/mmsent/figures/data.py", {"describe_data"}),
        (
            "scripts/mmsent/vlm/zero_shot.py",
            {"predict_zero_shot", "evaluate_paper", "write_vlm", "write_comparison"},
        ),
    ],
)
def test_a_changed_source_makes_its_rules_stale(project, file, rules):
    path = project / file
    before = path.read_text()
    path.write_text(before + "\n# changed\n")
    try:
        stale = jobs(snakemake(project, "-n"))
    finally:
        path.write_text(before)
    beside = {"sum_costs", "write_report", "write_html", "record_provenance", "measure_fixes",
              "list_bad_cases", "plot_versions"}  # fmt: skip
    assert rules <= stale.keys() <= rules | beside


def test_an_archive_is_checked_elsewhere_and_a_better_number_in_it_is_found(project, tmp_path):
    done = snakemake(project, "results/archive.json")
    assert done.returncode == 0, done.stderr[-2000:]
    moved = tmp_path / "archive.zip"
    shutil.copy(project / "results/archive.zip", moved)
    job = [sys.executable, str(ROOT / "scripts/job.py")]
    verify = [*job, "verify_archive", "--archive", str(moved)]
    done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(re.search(r"(\d+) numbers derived again", done.stdout)[1]) > 2000
    with zipfile.ZipFile(moved) as old:
        members = {name: old.read(name) for name in old.namelist() if name != SUMS}
    name, table = "results/metrics/versions.json", "results/versions.csv"
    metrics = json.loads(members[name])
    score = metrics["v6_adaptive"]["test"]["weighted_f1"]
    metrics["v6_adaptive"]["test"]["weighted_f1"] += 0.001
    better = json.dumps(metrics).encode()
    assert repr(score).encode() in members[table]
    higher = members[table].replace(repr(score).encode(), repr(score + 0.001).encode())
    for change, said in (
        ({name: better}, f"{name} v6_adaptive test weighted_f1: written"),
        ({table: higher}, f"{table} v6_adaptive weighted_f1: written"),
        ({name: None}, f"the archive lacks {name}"),
    ):
        kept = {n: c for n, c in (members | change).items() if c is not None}
        with zipfile.ZipFile(moved, "w") as new:
            for member, content in (kept | {SUMS: sums_of(kept).encode()}).items():
                new.writestr(member, content)
        done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert said in done.stderr


def test_the_same_runs_in_another_place_are_the_same_bytes(project, tmp_path):
    folders = [f"results/runs/{run}/0" for run in ("ablation/text_only", TRAINED, ZERO_SHOT)]
    copy = tmp_path / "again"
    # Without the environments: there are many files in them, and one environment is enough here.
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("conda"))
    for folder in folders:
        shutil.rmtree(copy / folder)
    predictions = [f"{folder}/predictions.parquet" for folder in folders]
    done = snakemake(copy, *predictions, "--rerun-triggers", "mtime")
    assert done.returncode == 0, done.stderr[-2000:]
    files = [file for folder in folders for file in sorted((copy / folder).iterdir())]
    assert len(files) == 5 + 5 + 3
    for file in files:
        name = file.relative_to(copy)
        assert file.read_bytes() == (project / name).read_bytes(), name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "fold=3"], "--config: fold: unknown key, got 3 (did you mean 'folds'?)"),
        (["--config", "on_bad_post=eror"], "(did you mean 'error'?)"),
        (["--config", "dataset=no/such/folder"], "no such folder or file: no/such/folder"),
    ],
)
def test_wrong_settings_end_the_run_at_once_with_one_message(project, arguments, message):
    done = snakemake(project, "-n", *arguments)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_bad_posts_are_all_named_before_anything_trains(project, tmp_path):
    posts = tmp_path / "posts"
    shutil.copytree(project / "results/demo", posts)
    rows = (posts / "train.txt").read_text().splitlines()
    guids = [row.split(",")[0].removesuffix(".0") for row in rows[1:4]]
    (posts / f"data/{guids[0]}.jpg").write_bytes(b"<html>not found</html>")
    (posts / f"data/{guids[1]}.txt").unlink()
    (posts / f"data/{guids[2]}.jpg").write_bytes(b"")
    folder = tmp_path / "project"
    folder.mkdir()
    copy_project(folder)
    target = "results/runs/ablation/text_only/0/predictions.parquet"
    done = snakemake(folder, target, "--config", f"dataset={posts}")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "3 problems in the data set" in text
    for guid, what in zip(guids, ("known format", "text file is missing", "empty"), strict=True):
        assert re.search(rf"data/{guid}\.\w+: guid {guid}: .*{what}", text), guid
    assert not (folder / "results/runs").exists()
    assert not (folder / "results/embeddings").exists()
