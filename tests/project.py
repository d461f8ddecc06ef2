"""Copies of the project in which tests run the real Snakefile."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

PARTS = ("Snakefile", "rules", "scripts", "config", "profiles", "envs", "requirements.txt")


def copy_project(folder: Path) -> Path:
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)
    return folder


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", *arguments]
    # Without compiled files in the environments, each job would compile all that it imports.
    changed = {
        "PATH": f"{ROOT / 'tests/conda/bin'}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | changed
    )


def jobs(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Jobs of a dry run by rule."""
    assert done.returncode == 0, done.stderr
    if "Nothing to be done" in done.stdout + done.stderr:
        return {}
    text = (done.stdout + done.stderr).split("Job stats:")[1]
    counts = dict(re.findall(r"^(\w+) +(\d+)$", text.split("\n\n")[0], re.M))
    return {name: int(count) for name, count in counts.items() if name not in ("all", "total")}
