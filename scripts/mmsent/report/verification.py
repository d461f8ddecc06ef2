"""Whether an archive is whole, and whether its numbers follow from its predictions."""

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from mmsent import paths
from mmsent.config.validation import read_yaml
from mmsent.errors import InputError
from mmsent.evaluation.experiment import experiment_metrics, paper_metrics
from mmsent.evaluation.held_out import held_out_results
from mmsent.evaluation.paired import compared_together
from mmsent.evaluation.pairs import baseline_tests, pairs_of
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.seeds import by_fold, seed_deviations, seed_scores, seed_spread
from mmsent.evaluation.selection import selection_optimism
from mmsent.files import read_json, sha256_bytes
from mmsent.labels import LABELS
from mmsent.report.archive import SUMS
from mmsent.report.scores import with_ends
from mmsent.tables import read_table

#: Another machine may add up in another order.
_TOLERANCE = 1e-9


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
    with opened(path) as folder:
        members = sum(file.is_file() for file in folder.rglob("*")) - 1
        try:
            count, wrong = compared(folder)
        except FileNotFoundError as error:
            missing = Path(error.filename).relative_to(folder)
            raise InputError(
                f"the archive lacks {missing}, that other numbers follow from"
            ) from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError(f"{path}: not made as the archive of a report: {error!r}") from error
    if wrong:
        raise InputError("\n".join([f"{len(wrong)} of {count} numbers differ:", *wrong[:20]]))
    return members, count


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """A folder with the members of an archive while the block runs, checked against their hashes.

    Raises
    ------
    InputError
        If it is no archive of a report, is damaged, or a member was changed, added or removed.
    """
    with TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
                archive.extractall(folder)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # last: encrypted
            raise InputError(f"{path}: damaged, or no archive: {error}") from error
        if SUMS not in members:
            raise InputError(f"{path}: no archive of a report, it has no {SUMS}")
        lines = members.pop(SUMS).decode().splitlines()
        sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        have = {name: sha256_bytes(content) for name, content in members.items()}
        wrong = sorted(n for n in have.keys() | sums.keys() if have.get(n) != sums.get(n))
        if wrong:
            raise InputError(
                f"{path}: {len(wrong)} members are not those that were archived: {wrong[:5]}"
            )
        yield Path(folder)


def compared(folder: Path) -> tuple[int, list[str]]:
    """Derive the stored numbers again from the predictions.

    Those of each experiment under both protocols, in its metrics and in its table, of the paired
    tests, and of repeated runs.

    Returns
    -------
    count, disagreements
        How many numbers were compared, and each that differs, with where it is.
    """
    differing: list[str] = []
    count = 0
    for name, derived in _derived(folder):
        if name.endswith(".csv"):
            written = pd.read_csv(folder / name, index_col="experiment").to_dict("index")
        else:
            written = read_json(folder / name)
        for place, stored, expected in _leaves(written, derived, name):
            count += 1
            if not _agree(stored, expected):
                differing.append(f"{place}: written {stored}, derived {expected}")
    return count, differing


def _derived(folder: Path) -> Iterator[tuple[str, Any]]:
    """Name of a member, and what it should contain, derived from the predictions."""
    settings = read_json(folder / paths.PROVENANCE)["settings"]
    LABELS.set(**{k: settings[k] for k in ("labels", "spellings", "rare_class") if k in settings})
    split, folds = read_table(folder / paths.FOLDS), range(settings["folds"]["outer"])
    bootstrap = settings["intervals"] | {"seed": settings["seed"]}

    def runs(name: str, seed: str = "") -> list[pd.DataFrame]:
        files = [paths.run(name, fold, paths.PREDICTIONS, seed=seed) for fold in folds]
        return [read_table(folder / file) for file in files]

    spreads = {}
    for name in settings["seeds"]["experiments"]:
        numbers = range(settings["seeds"]["number"])
        repeated = {number: runs(name, paths.seed_folder(number)) for number in numbers}
        spreads[name] = seed_spread(seed_scores(by_fold(repeated), split))
        yield paths.seeds(name, "json"), spreads[name]
    ablation = [f"ablation/{name}" for name in settings["ablation"]]
    for table, names in (("versions", settings["versions"]), ("ablation", ablation)):
        if not names:
            continue
        predictions = {name: runs(name) for name in names}
        yield from _measured(table, predictions, split, bootstrap)
        written = read_json(folder / paths.paired_tests(table))
        pairs = pairs_of(written["families"])
        pool = {name: pooled(tables, split) for name, tables in predictions.items()}
        deviations = seed_deviations([spread for name, spread in spreads.items() if name in pool])
        resamples, level = written["resamples"], written["level"]
        tests = compared_together(pairs, pool, resamples, level, settings["seed"], deviations)
        yield paths.paired_tests(table), {"families": tests}
        optimism = selection_optimism(pool, bootstrap["resamples"], settings["seed"])
        yield paths.selection(table), optimism
        if (folder / paths.TEST_LABELS).exists():
            fitted = {name: [read_json(folder / paths.run(name, fold, paths.METRICS))
                             for fold in folds] for name in names}  # fmt: skip
            rules = {name: read_yaml(folder / paths.run(name, 0, paths.CONFIG))["postprocessing"]
                     for name in names}  # fmt: skip
            labels = read_table(folder / paths.TEST_LABELS)
            results = held_out_results(
                labels, split, predictions, fitted, rules, written, **bootstrap
            )
            yield paths.held_out(table), results
    if settings["baselines"]:
        rows = [*settings["versions"], *ablation]
        of_rows = [spread for name, spread in spreads.items() if name in rows]
        yield from _of_baselines(folder, runs, split, of_rows, bootstrap)
    if settings["protocol"] == "both":
        for file in sorted(folder.glob(paths.metrics("*", paths.PAPER))):
            derived = {}
            for name, written in read_json(file).items():
                run = read_table(folder / paths.run(name, 0, paths.PREDICTIONS, paths.PAPER))
                split = read_table(folder / paths.split(written["share"]))
                derived[name] = paper_metrics(run, split, **bootstrap)
            yield paths.metrics(file.stem, paths.PAPER), derived


def _measured(
    table: str,
    predictions: dict[str, list[pd.DataFrame]],
    split: pd.DataFrame,
    bootstrap: dict[str, Any],
) -> Iterator[tuple[str, Any]]:
    """The metrics and the scores of a table."""
    metrics = {n: experiment_metrics(t, split, **bootstrap) for n, t in predictions.items()}
    yield paths.metrics(table), metrics
    yield (
        paths.scores(table),
        {name: with_ends(row["test"], row["interval"]) for name, row in metrics.items()},
    )


def _of_baselines(
    folder: Path,
    runs: Callable[[str], list[pd.DataFrame]],
    split: pd.DataFrame,
    spreads: list[dict[str, Any]],
    bootstrap: dict[str, Any],
) -> Iterator[tuple[str, Any]]:
    """The same of the baselines and the average; those left out have no metrics."""
    predictions = {name: runs(name) for name in read_json(folder / paths.metrics(paths.BASELINES))}
    yield from _measured(paths.BASELINES, predictions, split, bootstrap)
    pairs = pairs_of(read_json(folder / paths.paired_tests(paths.BASELINES))["families"])
    names = {name for family in pairs.values() for pair in family for name in pair}
    tables = {name: pooled(predictions.get(name) or runs(name), split) for name in names}
    exact = predictions.keys() - {paths.AVERAGE}
    tests = baseline_tests(tables, pairs, exact, spreads, **bootstrap)
    yield paths.paired_tests(paths.BASELINES), {"families": tests["families"]}


def _leaves(written: Any, derived: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of values at the same place; what was not derived is left out."""
    if isinstance(derived, dict):
        for key, value in derived.items():
            yield from _leaves(written.get(key), value, f"{place} {key}")
    elif isinstance(derived, (list, tuple)):
        yield f"{place} length", len(written), len(derived)
        for number, pair in enumerate(zip(written, derived, strict=False)):
            yield from _leaves(*pair, f"{place} {number}")
    else:
        yield place, written, derived


def _agree(written: Any, derived: Any) -> bool:
    if isinstance(derived, float) and isinstance(written, (int, float)):
        return math.isclose(written, derived, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return bool(written == derived)
