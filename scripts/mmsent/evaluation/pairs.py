"""Which experiments of a table are compared with which, and what that makes bold."""

import itertools
from collections.abc import Iterable
from typing import Any

import pandas as pd

from mmsent.evaluation.intervals import table_confusions
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import COMPARED, WORSE, Pair, compared_together, enough_resamples
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
    """All tests of the experiments of a table, their p values corrected together.

    Parameters
    ----------
    tables, modalities
        Pooled predictions, and text, image or both, by name in the order of the table.
    kind
        ``consecutive``: each experiment against the one before it; ``grid``: every pair. Each is
        also tested against the best of the others, which decides the statistically tied best: so
        that no other test contradicts it.
    spreads
        Of repeated experiments, from :func:`mmsent.evaluation.seeds.seed_spread`.

    Returns
    -------
    dict
        ``families`` of tests (:func:`compared_together`), ``posts``, ``groups``, ``level``,
        ``resamples``, and ``seeds``: by metric the standard deviation ``sd`` that intervals allow
        for, and its degrees of freedom.
    """
    names = list(tables)
    pairs = grid_families(modalities) if kind == "grid" else {"consecutive": consecutive(names)}
    pairs["best_other"] = against_best(names, tables)
    resamples = enough_resamples(resamples, pairs, level)
    deviations = seed_deviations(list(spreads))
    families = compared_together(pairs, tables, resamples, level, seed, deviations)
    first = tables[names[0]]
    return {
        "families": families,
        "posts": len(first),
        "groups": int(first["group"].nunique()),
        "level": level,
        "resamples": resamples,
        "seeds": {m: {"sd": sd, "freedom": n} for m, (sd, n) in deviations.items()},
    }


def consecutive(names: list[str]) -> list[Pair]:
    """Each experiment against the one before it."""
    return [(name, before) for before, name in itertools.pairwise(names)]


def against_best(names: list[str], tables: dict[str, pd.DataFrame]) -> list[Pair]:
    """Each experiment against the one, among the others, whose weighted F1 is highest.

    The best is chosen on the posts that it is then tested on, so it looks a little better than it
    is; of the best experiment itself the opponent is the second best.
    """
    scores = {name: _score(tables[name]) for name in names}
    pairs = []
    for name in names:
        others = [other for other in names if other != name]
        if others:
            pairs.append((name, max(others, key=scores.__getitem__)))
    return pairs


def grid_families(modalities: dict[str, str]) -> dict[str, list[Pair]]:
    """Every pair of an ablation, by what it asks.

    Parameters
    ----------
    modalities
        ``text``, ``image`` or ``both`` by name of the experiment, in the order of the table.

    Returns
    -------
    dict
        ``over_text`` and ``over_image``: each other experiment against the first of that modality
        alone; ``fusions``: each experiment of both modalities against each one before it. A family
        without pairs is left out.
    """
    families: dict[str, list[Pair]] = {}
    for modality, single in single_rows(modalities).items():
        families[f"over_{modality}"] = [(name, single) for name in modalities if name != single]
    fused = [name for name, modality in modalities.items() if modality == "both"]
    families["fusions"] = [(name, other) for other, name in itertools.combinations(fused, 2)]
    return {family: pairs for family, pairs in families.items() if pairs}


def single_rows(modalities: dict[str, str]) -> dict[str, str]:
    """The first experiment of each modality alone: ``text`` or ``image`` to its name."""
    names = list(modalities)
    kinds = list(modalities.values())
    return {kind: names[kinds.index(kind)] for kind in ("text", "image") if kind in kinds}


def not_worse_than_best(rows: list[dict[str, Any]]) -> list[str]:
    """The experiments that tables print bold: all but those that are worse than the best one.

    The highest number is no winner while others cannot be told from it.

    Parameters
    ----------
    rows
        Of :func:`compared`, over the pairs of :func:`against_best`.
    """
    return [row["first"] for row in rows if row["verdict"] != WORSE]


def _score(table: pd.DataFrame) -> float:
    return float(metrics_from_confusion(table_confusions(table).sum(0))[COMPARED[0]])
