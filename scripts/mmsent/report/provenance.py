"""Where a report comes from: code, data, settings, software, hardware."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mmsent.files import sha256_bytes, sha256_file

PACKAGES = (
    "snakemake", "torch", "torchvision", "transformers", "open_clip_torch", "timm", "pandas",
    "numpy", "scipy", "scikit-learn", "statsmodels", "matplotlib", "jinja2", "pillow", "ftfy",
    "imagehash",
)  # fmt: skip


def provenance(
    data: list[Path], settings: dict[str, Any], setting_files: list[Path], sources: list[Path]
) -> dict[str, Any]:
    """Everything that a reader needs to make the report again.

    Parameters
    ----------
    data
        Label files and the two indexes, which hold the hash of every file of the data set.
    settings
        The settings of the run.
    setting_files
        Files of settings: encoders, augmentations, experiments.
    sources
        Source files of the workflow. Their common hash says which code ran, whatever git says.
    """
    return {
        "data_sha256": combined_sha256(data),
        "settings": settings,
        "settings_sha256": combined_sha256(setting_files),
        "code_sha256": combined_sha256(sources),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
        ),
        "gpus": _gpus(),
    }  # fmt: skip


def combined_sha256(files: list[Path]) -> str:
    """One hash of several files; neither their order nor the folder of the project matters."""
    hashes = sorted(f"{path.name} {sha256_file(path)}" for path in files)
    return sha256_bytes("\n".join(hashes).encode())


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None  # not a git checkout, or no git: the hash of the sources stands in
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None  # an environment for light work need not hold everything


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _gpus() -> list[str]:
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split("\n")[:-1]
