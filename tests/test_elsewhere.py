"""Runs in a folder of their own, away from the Snakefile: called there, as a module, deployed."""

import os
import subprocess
import sys

import pandas as pd
import pytest

from conftest import ROOT
from mmsent.sources import code_hash
from project import copy_project, jobs, snakemake

FOLDS = "results/data/folds.tsv"

#: As snakedeploy writes it, but for the name of the rules.
DEPLOYED = """
configfile: "config/config.yaml"

module mmsent:
    snakefile: github("owner/mmsent", path="Snakefile", tag="v1")
    config: config
    {prefix}

use rule * from mmsent as mmsent_*
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """The code as a repository, in a folder whose name a shell splits."""
    folder = tmp_path_factory.mktemp("the code") / "owner/mmsent"
    folder.mkdir(parents=True)
    copy_project(folder)
    git = ["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"], ["tag", "v1"]):
        subprocess.run([*git, *words], check=True)
    return folder


@pytest.fixture
def work(tmp_path):
    """A folder with three settings, one of them an experiment that is built on a shipped one."""
    experiments = tmp_path / "config/experiments"
    experiments.mkdir(parents=True)
    (experiments / "mine.yaml").write_text("base: v6_adaptive.yaml\ntitle: Mine\nsearch: null\n")
    settings = "demo: {labelled: 60, unlabelled: 5}\nfolds: {outer: 3}\nversions: [mine]\n"
    (tmp_path / "config/config.yaml").write_text(settings)
    return tmp_path


def files(folder):
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if "__pycache__" not in str(path) and path.is_file()
    }


@pytest.mark.slow
def test_results_go_to_the_working_folder_and_nothing_beside_the_snakefile(code, work):
    before = files(code)
    snakefile = ("-s", str(code / "Snakefile"))
    done = snakemake(work, FOLDS, *snakefile, "--cores", "2")
    assert done.returncode == 0, done.stderr[-2000:]
    folds = pd.read_csv(work / FOLDS, sep="\t")
    assert (folds["fold"].nunique(), len(folds)) == (3, 60)
    assert {path.name for path in work.iterdir()} == {"config", "results", ".snakemake"}
    assert files(code) == before
    # From a third folder, all is as it was left, and an experiment of either folder trains.
    elsewhere = (*snakefile, "--directory", str(work))
    target = "results/runs/ablation/text_only/0/predictions.parquet"
    done = snakemake(code / "rules", "-n", "results/versions.md", target, *elsewhere)
    assert jobs(done)["train_all_folds"] == 2
    assert "assign_folds" not in jobs(done)


@pytest.mark.slow
def test_what_snakedeploy_writes_runs_with_all_of_the_code_and_the_defaults(
    code, work, tmp_path_factory, monkeypatch
):
    hosted = tmp_path_factory.mktemp("hosted")
    config = f'[url "{code.parents[1]}/"]\n\tinsteadOf = https://github.com/\n'
    (hosted / "gitconfig").write_text(config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(hosted / "gitconfig"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(hosted))
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    (work / "workflow").mkdir()
    (work / "workflow/Snakefile").write_text(DEPLOYED.format(prefix=""))
    planned = jobs(snakemake(work, "-n"))
    assert planned["mmsent_train_all_folds"] == 1 + 6
    assert planned.keys() >= {"mmsent_encode_clip_image", "mmsent_write_html"}
    (work / "workflow/Snakefile").write_text(DEPLOYED.format(prefix='prefix: "mmsent"'))
    refused = snakemake(work, "-n")
    assert refused.returncode == 1
    assert "prefix: files are always below results/" in refused.stdout + refused.stderr


def test_the_same_code_has_the_same_hash_wherever_it_is_run_from(tmp_path, in_root):
    program = "from mmsent.sources import code_hash; print(code_hash('encode'))"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=folder, env=environment,
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for folder in (tmp_path, ROOT / "scripts")
    }  # fmt: skip
    assert hashes == {code_hash("encode")}
