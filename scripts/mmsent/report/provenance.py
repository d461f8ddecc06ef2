"""Where a report comes from: code, data, settings, software, hardware."""

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mmsent.files import sha256_bytes, sha256_file
from mmsent.sources import ROOT

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
        Label files and the two indexes, which contain the hash of every file of the data set.
    sources
        Source files of the workflow. Their common hash says which code ran, whatever git says.
    """
    gpus = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    # Without the lock, git refreshes no index: the code's folder may belong to someone else.
    git = ("git", "--no-optional-locks", "-C", str(ROOT))
    # Code that was unpacked in a repository of other things is not that repository's commit.
    tracked = _output(*git, "ls-files", "Snakefile")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "data_sha256": combined_sha256(data),
        "settings": settings,
        "settings_sha256": combined_sha256(setting_files),
        "code_sha256": combined_sha256(sources),
        "files": {member_name(path): sha256_file(path) for path in [*setting_files, *sources]},
        # None without git or a checkout: the hash of the sources identifies the code.
        "commit": _output(*git, "rev-parse", "HEAD") if tracked else None,
        "uncommitted_changes": bool(tracked and _output(*git, "status", "--porcelain", "-uno")),
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "gpus": gpus.splitlines() if gpus else [],
    }


def member_name(path: Path) -> str:
    """The name of a file in an archive: from the Snakefile's folder, or from the working folder."""
    inside = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    elsewhere = inside.is_absolute() or ".." in inside.parts
    return f"outside/{path.name}" if elsewhere else inside.as_posix()


def combined_sha256(files: list[Path]) -> str:
    """One hash of several files; neither their order nor the folder of the project matters."""
    hashes = sorted(f"{path.name} {sha256_file(path)}" for path in files)
    return sha256_bytes("\n".join(hashes).encode())


def _output(*command: str) -> str | None:
    """What a program prints; nothing if it is not installed or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None  # an environment of light jobs does not contain every package


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    text = cpus.read_text(encoding="utf-8") if cpus.is_file() else ""
    names = re.findall(r"^model name\s*: (.*)$", text, re.M)
    return names[0] if names else platform.processor()
