"""Runs of the real Snakefile that are killed: the next plain one goes on to the same bytes."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsent.files import sha256_file
from project import copy_project, snakemake

pytestmark = pytest.mark.slow

TARGET = "results/metrics/ablation.json"
PLAIN = (TARGET, "--configfile", "config/small.yaml")
SMALL = """\
demo: {labelled: 36, unlabelled: 0, seed: 3}
folds: {outer: 2, inner: 3}
intervals: {resamples: 100}
seeds: {experiments: [], number: 2}
vlm: []
versions: [v4_balanced_clip]
ablation: [text_only]
profile: few_epochs
"""
FEW_EPOCHS = """\
base: offline.yaml
experiments:
  ablation/text_only: {schedule: {epochs: 2}}
  v4_balanced_clip: {schedule: {epochs: 2}}
"""


def small_project(folder: Path) -> Path:
    copy_project(folder)
    (folder / "config/small.yaml").write_text(SMALL)
    (folder / "config/profiles/few_epochs.yaml").write_text(FEW_EPOCHS)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[dict[str, str], int]:
    """The results of a run that is left in peace, and the number of its jobs."""
    folder = small_project(tmp_path_factory.mktemp("whole"))
    done = snakemake(folder, *PLAIN)
    assert done.returncode == 0, done.stderr[-2000:]
    return contents(folder), finished_jobs(folder)


def contents(folder: Path) -> dict[str, str]:
    """The hash of each result, but of logs, of what jobs cost, and of what was there before."""
    results = folder / "results"
    files = {str(path.relative_to(results)): path for path in results.rglob("*") if path.is_file()}
    return {
        name: sha256_file(path)
        for name, path in files.items()
        if not name.startswith(("logs/", "benchmarks/"))
    }


def finished_jobs(folder: Path) -> int:
    return len(list((folder / "results/benchmarks").rglob("*.jsonl")))


def interrupted(folder: Path, jobs: int, sign: signal.Signals, jobs_too: bool) -> int:
    """Start a run; once ``jobs`` more of its jobs have finished, send a signal to it.

    It is sent within half a second, perhaps to the running jobs as well.
    """
    until = finished_jobs(folder) + jobs
    command = [sys.executable, "-m", "snakemake", *PLAIN]
    with subprocess.Popen(
        command, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL
    ) as run:  # fmt: skip
        while run.poll() is None and finished_jobs(folder) < until:
            time.sleep(0.05)
        time.sleep(random.random() / 2)
        if run.poll() is None:
            (os.killpg if jobs_too else os.kill)(run.pid, sign)
        return run.wait()


def test_a_full_disk_loses_nothing(whole, tmp_path):
    filled = small_project(tmp_path)
    for limit in (60_000, 150_000):
        command = [sys.executable, "-m", "snakemake", *PLAIN]
        # No file may become longer: to whoever writes it, the same as a disk that is full.
        full = subprocess.run(
            command, cwd=filled, capture_output=True, text=True, check=False,
            preexec_fn=lambda size=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        )  # fmt: skip
        assert full.returncode == 1
        assert "File too large" in full.stdout + full.stderr
    done = snakemake(filled, *PLAIN)
    assert done.returncode == 0, done.stderr[-2000:]
    assert contents(filled) == whole[0]
    assert not [path for path in (filled / "results").rglob(".*") if path.is_file()]


def test_killed_runs_are_gone_on_with_to_the_same_bytes(whole, tmp_path):
    killed = small_project(tmp_path)
    results, jobs = whole
    signs = [(signal.SIGKILL, True), (signal.SIGKILL, False), (signal.SIGTERM, False),
             (signal.SIGINT, True)]  # fmt: skip
    ends = [interrupted(killed, jobs // 5, sign, jobs_too) for sign, jobs_too in signs]
    # After the last of them, one or two jobs are left, which a run that is told to end completes.
    assert all(code != 0 for code in ends[:-1]), "no run was interrupted"
    done = snakemake(killed, *PLAIN)
    assert done.returncode == 0, done.stderr[-2000:]
    assert contents(killed) == results
    again = snakemake(killed, *PLAIN)
    assert "Nothing to be done" in again.stdout + again.stderr
