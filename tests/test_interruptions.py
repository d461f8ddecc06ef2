"""Runs of the real Snakefile that are killed: the next plain one goes on to the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsent.files import sha256_file
from test_workflow import copy_project, snakemake

pytestmark = pytest.mark.slow

TARGET = "results/metrics/ablation/text_only.json"
SMALL = """\
demo: {labelled: 36, unlabelled: 0, seed: 3}
folds: {outer: 2, inner: 3}
intervals: {resamples: 100}
seeds: {experiments: [], number: 2}
vlm: []
versions: [v4_balanced_clip]
ablation: [text_only]
adjustments: config/adjustments/few_epochs.yaml
"""
FEW_EPOCHS = """\
ablation/text_only: {schedule: {epochs: 2}}
v4_balanced_clip: {schedule: {epochs: 2}}
"""


@pytest.fixture
def projects(tmp_path):
    """Two copies of the project: one that is left in peace, and one that is not."""
    folders = []
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        folder = copy_project(tmp_path / name)
        (folder / "config/small.yaml").write_text(SMALL)
        (folder / "config/adjustments/few_epochs.yaml").write_text(FEW_EPOCHS)
        folders.append(folder)
    return folders


def contents(folder: Path) -> dict[str, str]:
    """The hash of each result, but of logs and of what jobs cost."""
    results = folder / "results"
    files = {str(path.relative_to(results)): path for path in results.rglob("*") if path.is_file()}
    return {
        name: sha256_file(path)
        for name, path in files.items()
        if not name.startswith(("logs/", "benchmarks/"))
    }


def interrupted(folder: Path, after: float, sign: signal.Signals, jobs_too: bool) -> int:
    """Start a run, and after so many seconds send a signal to it, perhaps to its jobs as well."""
    command = [sys.executable, "-m", "snakemake", TARGET, "--configfile", "config/small.yaml"]
    with subprocess.Popen(
        command, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL
    ) as run:  # fmt: skip
        time.sleep(after)
        if run.poll() is None:
            (os.killpg if jobs_too else os.kill)(run.pid, sign)
        return run.wait()


def test_killed_runs_are_gone_on_with_to_the_same_bytes(projects):
    whole, killed = projects
    plain = (TARGET, "--configfile", "config/small.yaml")
    start = time.monotonic()
    done = snakemake(whole, *plain)
    assert done.returncode == 0, done.stderr[-2000:]
    seconds = time.monotonic() - start
    generator = random.Random(8)
    signs = [(signal.SIGKILL, True), (signal.SIGKILL, False), (signal.SIGTERM, False),
             (signal.SIGINT, True)]  # fmt: skip
    ends = [
        interrupted(killed, generator.uniform(0.2, 0.6) * seconds, sign, jobs_too)
        for sign, jobs_too in signs
    ]
    assert any(code != 0 for code in ends), "no run was interrupted"
    done = snakemake(killed, *plain)
    assert done.returncode == 0, done.stderr[-2000:]
    assert contents(killed) == contents(whole)
    again = snakemake(killed, *plain)
    assert "Nothing to be done" in again.stdout + again.stderr
