"""The profile for Slurm; with a real Slurm of one node where that is installed."""

import os
import shutil
import subprocess

import pytest
import yaml

from conftest import ROOT
from project import copy_project, snakemake
from test_architecture import RULES, inherited

PROFILE = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())


def test_the_profile_names_rules_that_there_are(in_root):
    known = set(snakemake(ROOT, "--list").stdout.split())
    for key in ("set-resources", "groups"):
        assert PROFILE[key].keys() <= known, key
    assert set(PROFILE["groups"].values()) == PROFILE["group-components"].keys()


def test_no_rule_of_a_group_asks_for_a_gpu():
    asked = {name: inherited(name, "resources").split()[0] for name in RULES}
    with_gpu = {name for name, gpu in asked.items() if gpu != "gpu=0,"}
    assert {"preflight", "train", "search", "fine_tune_vlm", "predict_zero_shot"} <= with_gpu
    assert not with_gpu & PROFILE["groups"].keys()
    assert not any("gpu" in asked for asked in PROFILE["set-resources"].values())


def test_the_profile_keeps_what_makes_a_result_stale():
    default = yaml.safe_load((ROOT / "profiles/default/profile.yaml").read_text())
    for key in ("rerun-triggers", "rerun-incomplete", "nolock", "max-checksum-file-size"):
        assert PROFILE[key] == default[key], key


@pytest.mark.slow
def test_jobs_go_through_slurm_and_small_ones_together(tmp_path, monkeypatch):
    missing = [name for name in ("slurmctld", "slurmd", "munged") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        pytest.skip(f"no Slurm to try: {', '.join(missing) or 'needs root'} (tests/slurm/up.sh)")
    (tmp_path / "project").mkdir()
    folder = copy_project(tmp_path / "project")
    monkeypatch.setenv("SLURM_FOLDER", str(tmp_path / "slurm"))
    # A GPU in name: whoever gets it finds that it is none.
    monkeypatch.setenv("SLURM_GPUS", "1")
    subprocess.run([ROOT / "tests/slurm/up.sh"], check=True, capture_output=True)
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm/slurm.conf"))
    try:
        # Asked often, so that the test does not wait between the questions.
        often = ("--seconds-between-status-checks", "2",
                 "--slurm-init-seconds-before-status-checks", "2",
                 "--latency-wait", "5")  # fmt: skip
        options = ("--workflow-profile", "profiles/slurm", "--cores", "2", *often)
        few = ("--config", "demo={labelled: 240, unlabelled: 10, seed: 7}")
        done = snakemake(folder, "results/data/checked.json", *options, *few, "device=cpu")
        assert done.returncode == 0, done.stderr[-3000:]
        # The generated posts, then both indexes and the check in one job of their own.
        assert states() == [("COMPLETED", "2", "N/A")] * 2
        encoder = ("results/preflight.json", *options, "--retries", "0")
        done = snakemake(folder, *encoder, *few, "device=cuda")
        assert done.returncode == 1
        assert "the GPU 0 cannot be used here" in done.stdout + done.stderr
        assert states()[-1:] == [("FAILED", "1", "gres:gpu:1")]
    finally:
        subprocess.run([ROOT / "tests/slurm/down.sh"], check=True)


def states():
    """State, processors and GPUs of each job of Slurm, in the order in which they were sent."""
    queue = subprocess.run(["squeue", "--states=all", "--noheader", "--sort=i",
                            "--Format=State:12,NumCPUs:5,tres-per-job:14"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    return [tuple(line.split()) for line in queue.stdout.splitlines()]
