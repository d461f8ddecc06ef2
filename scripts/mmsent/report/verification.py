"""Whether an archive is whole, and whether its numbers follow from its predictions."""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent import paths
from mmsent.errors import InputError
from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import compared_together
from mmsent.evaluation.paper import paper_metrics
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.seeds import by_fold, seed_deviations, seed_scores, seed_spread
from mmsent.files import sha256_bytes
from mmsent.report.archive import SUMS
from mmsent.report.scores import with_ends

#: Another machine may add up in another order.
_TOLERANCE = 1e-9


class Archive:
    """The members of an archive, all of them read and checked against their hashes."""

    def __init__(self, path: Path) -> None:
        """Read an archive.

        Raises
        ------
        ValueError
            If it is no archive of a report, is damaged, or a member was changed, added or removed.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {name: archive.read(name) for name in archive.namelist()}
        except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # the last: encrypted
            raise ValueError(f"{path}: damaged, or no archive: {error}") from error
        if SUMS not in self._members:
            raise ValueError(f"{path}: no archive of a report, it has no {SUMS}")
        lines = self._members[SUMS].decode().splitlines()
        sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        have = {n: sha256_bytes(c) for n, c in self._members.items() if n != SUMS}
        wrong = sorted(n for n in have.keys() | sums.keys() if have.get(n) != sums.get(n))
        if wrong:
            raise ValueError(
                f"{path}: {len(wrong)} members are not those that were archived: {wrong[:5]}"
            )

    def __len__(self) -> int:
        """Number of members beside the hashes."""
        return len(self._members) - 1

    def json(self, name: str) -> Any:
        """A member that is JSON."""
        return json.loads(self._content(name))

    def table(self, name: str) -> pd.DataFrame:
        """A member that is a table; guids are text."""
        content = io.BytesIO(self._content(name))
        if name.endswith(".parquet"):
            return pd.read_parquet(content)
        separator = "," if name.endswith(".csv") else "\t"
        return pd.read_csv(content, sep=separator, dtype={"guid": str, "group": str})

    def _content(self, name: str) -> bytes:
        if name not in self._members:
            raise ValueError(f"the archive lacks {name}, which its other numbers speak of")
        return self._members[name]

    def runs(self, experiment: str, folds: Iterable[int], seed: str = "") -> list[pd.DataFrame]:
        """The predictions of an experiment, fold by fold."""
        names = [paths.run(experiment, fold, paths.PREDICTIONS, seed=seed) for fold in folds]
        return [self.table(name) for name in names]


def verified(path: Path) -> tuple[int, int]:
    """Read an archive and derive its numbers again from its predictions.

    Returns
    -------
    members, numbers
        How many members it has, and how many numbers were derived.

    Raises
    ------
    InputError
        If it is damaged, was changed, or a number does not follow from the predictions.
    """
    try:
        archive = Archive(path)
        count, wrong = compared(archive)
    except (OSError, ValueError) as error:
        raise InputError(str(error)) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not made as the archive of a report is: {error!r}") from error
    if wrong:
        raise InputError("\n".join([f"{len(wrong)} of {count} numbers differ:", *wrong[:20]]))
    return len(archive), count


def compared(archive: Archive) -> tuple[int, list[str]]:
    """Derive the stored numbers again from the predictions.

    Those of each experiment under both protocols, in its metrics and in its table, of the paired
    tests, and of repeated runs.

    Returns
    -------
    count, disagreements
        How many numbers were compared, and each that differs, with where it is.

    Raises
    ------
    ValueError
        If a file of a row that the settings name is missing, or contains something else.
    """
    differing: list[str] = []
    count = 0
    for name, written, derived in _derived(archive):
        for place, one, other in _leaves(written, derived, name):
            count += 1
            if not _agree(one, other):
                differing.append(f"{place}: written {one}, derived {other}")
    return count, differing


def _derived(archive: Archive) -> Iterator[tuple[str, Any, Any]]:
    """Name of a member, what is written in it, and the same derived from the predictions."""
    split = archive.table(paths.FOLDS)
    settings = archive.json(paths.PROVENANCE)["settings"]
    folds = range(settings["folds"]["outer"])
    bootstrap = settings["intervals"] | {"seed": settings["seed"]}
    spreads = {}
    for experiment in settings["seeds"]["experiments"]:
        numbers = range(settings["seeds"]["number"])
        runs = {n: archive.runs(experiment, folds, paths.seed_folder(n)) for n in numbers}
        spreads[experiment] = seed_spread(seed_scores(by_fold(runs), split))
        name = paths.seeds(experiment, "json")
        yield name, archive.json(name), spreads[experiment]
    ablation = [f"ablation/{name}" for name in settings["ablation"]]
    for table, experiments in (("versions", settings["versions"]), ("ablation", ablation)):
        if not experiments:
            continue
        runs_of = {name: archive.runs(name, folds) for name in experiments}
        metrics = {n: experiment_metrics(runs, split, **bootstrap) for n, runs in runs_of.items()}
        name = paths.metrics(table)
        yield name, archive.json(name), metrics
        scores = {n: with_ends(own["test"], own["interval"]) for n, own in metrics.items()}
        name = paths.scores(table)
        yield name, archive.table(name).set_index("experiment").to_dict("index"), scores
        name = paths.paired_tests(table)
        tables = {experiment: pooled(runs, split) for experiment, runs in runs_of.items()}
        tests = _derived_tests(archive.json(name), tables, spreads, settings["seed"])
        yield name, archive.json(name), {"families": tests}
    if settings["protocol"] == "both":
        yield from _derived_paper(archive, bootstrap)


def _derived_paper(archive: Archive, bootstrap: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    written = archive.json(paths.PAPER_METRICS)
    derived = {}
    for experiment, stored in written.items():
        run = archive.table(paths.run(experiment, 0, paths.PREDICTIONS, paths.PAPER))
        split = archive.table(paths.split(stored["share"]))
        derived[experiment] = paper_metrics(run, split, **bootstrap)
    yield paths.PAPER_METRICS, written, derived


def _derived_tests(
    written: dict[str, Any],
    tables: dict[str, pd.DataFrame],
    spreads: dict[str, Any],
    seed: int,
) -> dict[str, list[dict[str, Any]]]:
    pairs = {family: [(row["first"], row["second"]) for row in rows]
             for family, rows in written["families"].items()}  # fmt: skip
    deviations = seed_deviations([own for name, own in spreads.items() if name in tables])
    return compared_together(
        pairs, tables, written["resamples"], written["level"], seed, deviations=deviations
    )


def _leaves(written: Any, derived: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of values at the same place; what was not derived is left out."""
    if isinstance(derived, dict):
        for key, value in derived.items():
            yield from _leaves(written.get(key), value, f"{place} {key}")
    elif isinstance(derived, (list, tuple)):
        yield f"{place} length", len(written), len(derived)
        for number, (one, other) in enumerate(zip(written, derived, strict=False)):
            yield from _leaves(one, other, f"{place} {number}")
    else:
        yield place, written, derived


def _agree(written: Any, derived: Any) -> bool:
    if isinstance(derived, float) and isinstance(written, (int, float)):
        return math.isclose(written, derived, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return bool(written == derived)
