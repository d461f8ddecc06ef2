"""Which experiments of a table are compared with which."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.evaluation.intervals import table_confusions, weighted_f1
from mmsent.evaluation.paired import (
    WORSE,
    Deviations,
    Pair,
    compared,
    compared_together,
    enough_resamples,
)
from mmsent.evaluation.seeds import seed_deviations


def paired_tests(
    tables: dict[str, pd.DataFrame],
    modalities: dict[str, str],
    kind: str,
    spreads: Iterable[dict[str, Any]],
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Test the experiments of a table, their p values corrected together.

    Parameters
    ----------
    tables, modalities
        Pooled predictions, and text, image or both, by name in the order of the table.
    kind
        ``consecutive``: each experiment against the one before it; ``grid``: every pair. Each is
        also tested against the best of the others, which decides what is tied with the best.
    spreads
        Of repeated experiments, from :func:`mmsent.evaluation.seeds.seed_spread`.

    Returns
    -------
    dict
        ``families`` of tests (:func:`compared_together`), ``posts``, ``groups``, ``level``,
        ``resamples``, and ``seeds``: by metric the seed standard deviation ``sd``, and its degrees
        of ``freedom``.
    """
    names = list(tables)
    steps = [(name, before) for before, name in itertools.pairwise(names)]
    pairs = grid_families(modalities) if kind == "grid" else {"consecutive": steps}
    pairs["best_other"] = against_best(names, tables)
    deviations = seed_deviations(list(spreads))
    return tested_families(pairs, tables, deviations, resamples, level, seed)


def tested_families(
    pairs: dict[str, list[Pair]],
    tables: dict[str, pd.DataFrame],
    deviations: Deviations,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Test families of pairs with enough resamples; returns what :func:`paired_tests` does."""
    resamples = enough_resamples(resamples, pairs, level)
    families = compared_together(pairs, tables, resamples, level, seed, deviations)
    return {"families": families} | _described(tables, resamples, level, deviations)


def _described(
    tables: dict[str, pd.DataFrame], resamples: int, level: float, deviations: Deviations
) -> dict[str, Any]:
    first = next(iter(tables.values()))
    return {
        "posts": len(first),
        "groups": int(first["group"].nunique()),
        "level": level,
        "resamples": resamples,
        "seeds": {m: {"sd": sd, "freedom": n} for m, (sd, n) in deviations.items()},
    }


def baseline_tests(
    tables: dict[str, pd.DataFrame],
    families: dict[str, list[Pair]],
    exact: Iterable[str],
    spreads: Iterable[dict[str, Any]],
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Test families of pairs, the p values of each family corrected by themselves.

    Parameters
    ----------
    tables
        Pooled predictions by name.
    exact, spreads
        Experiments without a seed; see :func:`paired_tests`.

    Returns
    -------
    dict
        As of :func:`paired_tests`.
    """
    enough = max(
        (enough_resamples(resamples, {name: pairs}, level) for name, pairs in families.items()),
        default=resamples,
    )
    deviations = seed_deviations(list(spreads))
    rows = {
        family: compared(pairs, tables, enough, level, seed, deviations, set(exact))
        for family, pairs in families.items()
    }
    return {"families": rows} | _described(tables, enough, level, deviations)


def probe_families(
    modalities: Mapping[str, str], probes: Mapping[str, str], average: Mapping[str, list[str]]
) -> dict[str, list[Pair]]:
    """Pair experiments with baselines, by the question that each pair answers.

    ``over_probe``: each experiment against the linear probe of its modalities; ``average``: the
    average of experiments against each of them. A family without pairs is left out.

    Parameters
    ----------
    modalities, probes
        Text, image or both by experiment, and the probe of each.
    average
        By the name of an average, the experiments that it is of.
    """
    families = {
        "over_probe": [(name, probes[m]) for name, m in modalities.items() if m in probes],
        "average": [(name, member) for name, members in average.items() for member in members],
    }
    return {family: pairs for family, pairs in families.items() if pairs}


def against_best(names: list[str], tables: dict[str, pd.DataFrame]) -> list[Pair]:
    """Pair each experiment with the one, among the others, whose weighted F1 is highest.

    The best is chosen on the posts that it is then tested on, so its score is slightly optimistic.
    """
    scores = {name: weighted_f1(table_confusions(tables[name])) for name in names}
    best, *others = sorted(names, key=scores.__getitem__, reverse=True)
    return [(name, others[0] if name == best else best) for name in names] if others else []


def tied_with_best(best_other: Sequence[Mapping[str, Any]], names: Iterable[str]) -> list[str]:
    """Return the experiments that are not worse than the best other, by their paired tests."""
    worse = {row["first"] for row in best_other if row["verdict"] == WORSE}
    return [name for name in names if name not in worse]


def pairs_of(families: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[Pair]]:
    """Return the pairs that were tested, by family."""
    return {
        family: [(row["first"], row["second"]) for row in rows] for family, rows in families.items()
    }


def grid_families(modalities: dict[str, str]) -> dict[str, list[Pair]]:
    """Pair the experiments of an ablation, by the question that each pair answers.

    ``over_text`` and ``over_image``: each other experiment against the first of that modality only;
    ``fusions``: each experiment of both modalities against each one before it. A family without
    pairs is left out.
    """
    families: dict[str, list[Pair]] = {}
    for modality, single in single_rows(modalities).items():
        families[f"over_{modality}"] = [(name, single) for name in modalities if name != single]
    fused = [name for name, modality in modalities.items() if modality == "both"]
    families["fusions"] = [(name, other) for other, name in itertools.combinations(fused, 2)]
    return {family: pairs for family, pairs in families.items() if pairs}


def single_rows(modalities: dict[str, str]) -> dict[str, str]:
    """Return the name of the first experiment of ``text`` and of ``image`` only."""
    names = {modality: name for name, modality in reversed(modalities.items())}
    return {kind: names[kind] for kind in ("text", "image") if kind in names}
