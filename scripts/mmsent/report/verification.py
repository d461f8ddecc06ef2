"""Whether an archive is whole, and whether its numbers follow from its predictions."""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import compared_together
from mmsent.evaluation.paper import paper_metrics
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.seeds import seed_deviations, seed_scores, seed_spread
from mmsent.files import sha256_bytes
from mmsent.labels import VALIDATION
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

    def names(self, start: str, end: str) -> list[str]:
        """Members whose name starts and ends so, sorted."""
        return sorted(n for n in self._members if n.startswith(start) and n.endswith(end))

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

    def runs(self, folder: str) -> list[pd.DataFrame]:
        """The predictions of an experiment, fold by fold."""
        names = self.names(f"{folder}/", "/predictions.parquet")
        own = [name for name in names if name.count("/") == folder.count("/") + 2]
        return [self.table(name) for name in sorted(own, key=lambda n: int(n.split("/")[-2]))]


def compared(archive: Archive) -> tuple[int, list[str]]:
    """Derive the stored numbers again from the predictions.

    Those of each experiment under both protocols, in its own file and in its table, of the paired
    tests, and of repeated runs.

    Returns
    -------
    count, disagreements
        How many numbers were compared, and each that differs, with where it stands.

    Raises
    ------
    ValueError
        If a file of a row that the settings name is missing, or holds something else.
    """
    found: list[str] = []
    count = 0
    for name, written, derived in _derived(archive):
        for place, one, other in _leaves(written, derived, name):
            count += 1
            if not _agree(one, other):
                found.append(f"{place}: written {one}, derived {other}")
    return count, found


def _derived(archive: Archive) -> Iterator[tuple[str, Any, Any]]:
    """Name of a member, what is written in it, and the same derived from the predictions."""
    folds = archive.table("results/data/folds.tsv")
    settings = archive.json("results/provenance.json")["settings"]
    bootstrap = settings["intervals"] | {"seed": settings["seed"]}
    ablation = [f"ablation/{name}" for name in settings["ablation"]]
    metrics = {}
    for experiment in dict.fromkeys([*settings["versions"], *ablation]):
        runs = archive.runs(f"results/runs/{experiment}")
        metrics[experiment] = experiment_metrics(runs, folds, **bootstrap)
        name = f"results/metrics/{experiment}.json"
        yield name, archive.json(name), metrics[experiment]
    for table, rows in (("versions", settings["versions"]), ("ablation", ablation)):
        name = f"results/{table}.csv"
        if rows:
            scores = {
                row: with_ends(metrics[row]["test"], metrics[row]["interval"]) for row in rows
            }
            yield name, archive.table(name).set_index("experiment").to_dict("index"), scores
    yield from _derived_paper(archive, bootstrap)
    spreads = {}
    for experiment in settings["seeds"]["experiments"]:
        files = archive.names(f"results/seeds/{experiment}/", ".parquet")
        repeated = seed_scores([archive.table(file) for file in files], folds)
        spreads[experiment] = seed_spread(repeated)
        name = f"results/seeds/{experiment}.json"
        yield name, archive.json(name), spreads[experiment]
    for name in archive.names("results/paired_tests/", ".json"):
        tests = _derived_tests(archive, name, folds, spreads, settings["seed"])
        yield name, archive.json(name), {"families": tests}


def _derived_paper(archive: Archive, bootstrap: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    start = "results/paper/metrics/"
    for name in archive.names(start, ".json"):
        experiment = name.removeprefix(start).removesuffix(".json")
        (run,) = archive.runs(f"results/paper/runs/{experiment}")
        shown = set(run.loc[run["subset"] == VALIDATION, "guid"])
        splits = map(archive.table, archive.names("results/paper/split/", ".tsv"))
        fitting = [s for s in splits if set(s.loc[s["split_0"] == VALIDATION, "guid"]) == shown]
        if not fitting:
            raise ValueError(f"{name}: the archive has no split with the posts of its predictions")
        yield name, archive.json(name), paper_metrics(run, fitting[0], **bootstrap)


def _derived_tests(
    archive: Archive, name: str, folds: pd.DataFrame, spreads: dict[str, Any], seed: int
) -> dict[str, list[dict[str, Any]]]:
    written = archive.json(name)
    pairs = {family: [(row["first"], row["second"]) for row in rows]
             for family, rows in written["families"].items()}  # fmt: skip
    names = {one for rows in pairs.values() for pair in rows for one in pair}
    tables = {one: pooled(archive.runs(f"results/runs/{one}"), folds) for one in names}
    deviations = seed_deviations([own for one, own in spreads.items() if one in names])
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
