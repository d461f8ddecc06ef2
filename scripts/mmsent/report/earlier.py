"""Files of a run that is compared with another, in a folder of results or in an archive."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmsent import paths
from mmsent.config.validation import ConfigError
from mmsent.errors import InputError
from mmsent.files import read_json

#: Missing files that an error lists.
_LISTED = 5


def compared_files(
    folds: Mapping[str, Iterable[int]], tables: Iterable[str], results: Path = Path(paths.RESULTS)
) -> dict[str, Any]:
    """Paths of the files of :class:`mmsent.report.run_changes.Run` in a folder of results.

    Parameters
    ----------
    folds
        The folds that each experiment ran.
    """

    def place(path: str) -> str:
        return str(results / Path(path).relative_to(paths.RESULTS))

    runs = {
        argument: {n: [place(paths.run(n, fold, file)) for fold in folds[n]] for n in folds}
        for argument, file in (("predictions", paths.PREDICTIONS), ("configs", paths.CONFIG))
    }
    return {
        "provenance": place(paths.PROVENANCE),
        "folds": place(paths.FOLDS),
        "data": [place(paths.TEXT_INDEX), place(paths.IMAGE_INDEX)],
        "tests": {table: place(paths.paired_tests(table)) for table in tables},
        **runs,
    }


def earlier_files(results: Path, name: str) -> dict[str, Any]:
    """Paths of the files of an earlier run, whose own settings name its experiments.

    Parameters
    ----------
    name
        What errors call it.

    Raises
    ------
    InputError
        If files are missing, with their names.
    """
    record = results / Path(paths.PROVENANCE).name
    if not record.is_file():
        below = record.parent / paths.RESULTS
        hint = f"; name {name}/{below.name}" if (below / record.name).is_file() else ""
        raise InputError(f"{name}: no results of a run: it lacks {record.name}{hint}")
    settings = read_json(record)["settings"]
    try:
        tables = {
            "versions": settings["versions"],
            "ablation": [f"ablation/{row}" for row in settings["ablation"]],
        }
        vlms, outer = settings["vlm"], settings["folds"]["outer"]
    except KeyError as error:
        raise InputError(f"{name}: of another version: its settings lack {error}") from error
    folds = {row: list(range(outer)) for rows in tables.values() for row in rows}
    for row in vlms:
        runs = (results / "runs" / row).glob(f"[0-9]*/{paths.PREDICTIONS}")
        folds[row] = sorted(int(path.parent.name) for path in runs) or [0]
    files = compared_files(folds, [table for table, rows in tables.items() if rows], results)
    if not all(Path(path).is_file() for path in files["data"]):
        hashes = results.parent / paths.ARCHIVED_HASHES
        files["data"] = [str(hashes)] if hashes.is_file() else []
    _check_complete(files, results, name)
    return files


def _check_complete(files: dict[str, Any], results: Path, name: str) -> None:
    runs = [*files["predictions"].values(), *files["configs"].values()]
    single = [files["provenance"], files["folds"], *files["data"], *files["tests"].values()]
    listed = [*single, *(path for run in runs for path in run)]
    missing = [str(Path(p).relative_to(results)) for p in listed if not Path(p).is_file()]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise InputError(
            f"{name}: not complete, or of another version: it lacks "
            f"{', '.join(missing[:_LISTED])}{more}"
        )


def against_files(against: str | None) -> Any:
    """Paths of the files of the run that ``against`` names: an archive itself, or files by name.

    Raises
    ------
    ConfigError
        If there is no such run, or it is the one that is being made.
    """
    if against is None:
        return None
    path = Path(against)
    if not path.exists():
        raise ConfigError(
            f"against: no such file or folder: {against} (name the archive.zip of an earlier run, "
            "or a copy of its results folder)"
        )
    if path.resolve().is_relative_to(Path(paths.RESULTS).resolve()):
        raise ConfigError(
            f"against: {against} is written by this run: copy it elsewhere before the posts or "
            "settings change"
        )
    if path.is_file():
        return against
    try:
        return earlier_files(path, against)
    except InputError as error:
        raise ConfigError(f"against: {error}") from error
