"""The source files of a job: what a rule depends on beside its data."""

import functools
import os
import re
from pathlib import Path

from mmsent.files import canonical_json, sha256_bytes, sha256_file

#: The folder with the Snakefile, relative to the working folder: ``.`` where that is the same.
ROOT = Path(os.path.relpath(Path(__file__).parents[2]))

SCRIPTS = ROOT / "scripts"

#: ``from mmsent.x import a, b``, with or without parentheses, or ``import mmsent.x``.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ ]+(mmsent[\w.]*)[ ]+import[ ]+(\([^)]*\)|.+)|import[ ]+(mmsent[\w.]*))", re.M
)


@functools.cache
def imported_modules(path: Path) -> frozenset[Path]:
    """The project's modules that a file imports, directly, anywhere in it.

    They are found by a pattern: to parse every module takes a fifth of the time of a dry run.
    """
    files: set[Path] = set()
    for module, names, plain in _IMPORT.findall(path.read_text(encoding="utf-8")):
        if plain:
            files |= _module_files(plain)
        else:
            files |= _module_files(module)
            for name in re.findall(r"\w+", names):
                files |= _module_files(f"{module}.{name}")
    return frozenset(files)


@functools.cache
def _module_files(name: str) -> set[Path]:
    """The file of a module and the ``__init__`` files of the packages above it."""
    parts = name.split(".")
    files = {SCRIPTS.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)}
    files.add(SCRIPTS.joinpath(*parts).with_suffix(".py"))
    return {file for file in files if file.is_file()}


@functools.cache
def sources(job: str) -> list[str]:
    """The file of a job, what runs it, and every module of the project that they import.

    The list is a rule's input: Snakemake compares the content, so editing a module re-runs exactly
    the rules whose job imports it.
    """
    first = [SCRIPTS / "jobs" / f"{job}.py", SCRIPTS / "job.py"]
    seen: set[Path] = set(first)
    todo = list(first)
    while todo:
        for module in imported_modules(todo.pop()) - seen:
            seen.add(module)
            todo.append(module)
    return [*map(str, first), *sorted(str(path) for path in seen - set(first))]


@functools.cache
def code_hash(job: str) -> str:
    """SHA-256 of a job and every module of the project that it imports, wherever they lie."""
    hashes = {str(Path(p).relative_to(ROOT)): sha256_file(p) for p in sources(job)}
    return sha256_bytes(canonical_json(hashes).encode())


def templates(*names: str) -> list[str]:
    """Paths of templates that a script fills in: what it depends on beside its modules.

    A name without a suffix is a document's. One with a ``*``, as ``chapters/*``, is a pattern.
    """
    folder = SCRIPTS / "mmsent" / "report" / "templates"
    paths: list[Path] = []
    for name in names:
        file = name if "." in name else f"{name}.md.j2"
        paths += sorted(folder.glob(file)) if "*" in name else [folder / file]
    return [str(path) for path in paths]


def all_sources() -> list[str]:
    """Every source file of the workflow: Snakefile, rules, scripts, library, templates."""
    files = [path for folder in (ROOT / "rules", SCRIPTS) for path in folder.rglob("*")]
    suffixes = {".smk", ".py", ".j2", ".css", ".js"}
    files = [ROOT / "Snakefile", *(path for path in files if path.suffix in suffixes)]
    return sorted(map(str, files))
