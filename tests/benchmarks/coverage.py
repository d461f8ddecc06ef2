"""Coverage of the intervals, error rate and power of the verdicts, on simulated data sets.

Each data set has posts in near-duplicate groups, with class frequencies, confusion matrix and
correlations as measured on the real posts: models agree on which posts are hard, and a model treats
near-duplicates nearly alike. The true value of a metric follows from class frequencies and
confusion matrix. Posts are drawn anew, models are not: the seed of a training is no part of it.
"""

import argparse
import gc
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr
from tabulate import tabulate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from mmsent.evaluation.intervals import group_bootstrap, table_confusions, weighted_f1
from mmsent.evaluation.metrics import metrics_from_confusion
from mmsent.evaluation.paired import BETTER, COMPARED, SAME, Pair, corrected, uncorrected
from mmsent.evaluation.pairs import against_best, grid_families

#: Fractions of negative, neutral and positive, and of true by predicted class.
CLASSES = np.array([0.29, 0.11, 0.60])
CONFUSION = np.array([[0.66, 0.05, 0.29], [0.28, 0.30, 0.42], [0.17, 0.04, 0.79]])

#: Fractions of groups by their size: as in the real posts, and with many near-duplicates.
SIZES = {
    "real": [0.957, 0.038, 0.002, 0.001, 0.001, 0.001],
    "many": [0.70, 0.15, 0.06, 0.04, 0.03, 0.02],
}

#: Fraction of posts whose label is drawn without regard to their group.
CONFLICT = 0.25

#: Fractions of the variance of how hard a post is for a model: of its group and of the post for all
#: models, of its group and of the post for this model. Correctness then correlates with 0.6 between
#: models and 0.8 between near-duplicates.
VARIANCES = np.array([0.75, 0.05, 0.18, 0.02])

#: Levels of the intervals, and of the tests 1 - LEVEL.
LEVEL = 0.95

#: Tables of the report: versions, each tested against the one before, and the ablation.
KINDS = ("versions", "ablation")

MODALITIES = dict(zip("abcdef", ["text", "image", *["both"] * 4], strict=True))


def metrics(confusion: np.ndarray) -> dict[str, float]:
    """True metrics of a model with this confusion matrix."""
    return {k: float(v) for k, v in metrics_from_confusion(CLASSES[:, None] * confusion).items()}


def better(points: float) -> np.ndarray:
    """A confusion matrix whose weighted F1 is higher by so many points."""

    def mixed(part: float) -> np.ndarray:
        return (1 - part) * CONFUSION + part * np.eye(3)

    target = metrics(CONFUSION)["weighted_f1"] + points / 100
    return mixed(brentq(lambda part: metrics(mixed(part))["weighted_f1"] - target, 0, 1))


def data_set(
    generator: np.random.Generator, posts: int, sizes: list[float], models: list[np.ndarray]
) -> dict[str, pd.DataFrame]:
    """Pooled predictions of a data set by each model, given by its confusion matrix."""
    drawn = generator.choice(len(sizes), posts, p=sizes) + 1
    group = np.repeat(np.arange(posts), drawn)[:posts]
    label = generator.choice(3, posts, p=CLASSES)[group]
    conflict = generator.random(posts) < CONFLICT
    label[conflict] = generator.choice(3, conflict.sum(), p=CLASSES)
    of_group, of_post, of_model_group, of_model_post = np.sqrt(VARIANCES)
    shared = of_group * generator.standard_normal(posts)[group]
    shared += of_post * generator.standard_normal(posts)
    table = pd.DataFrame({"guid": np.arange(posts), "label": label, "group": group})
    # The true class first: all models are correct on the same easy posts.
    order = np.array([[0, 1, 2], [1, 0, 2], [2, 0, 1]])[label]
    tables = {}
    for name, confusion in zip(MODALITIES, models, strict=True):
        hard = shared + of_model_group * generator.standard_normal(posts)[group]
        hard += of_model_post * generator.standard_normal(posts)
        steps = np.cumsum(np.take_along_axis(confusion[label], order, 1), axis=1)[:, :2]
        chosen = (ndtr(hard)[:, None] > steps).sum(1)
        tables[name] = table.assign(predicted=order[np.arange(posts), chosen])
    return tables


def pairs_of(kind: str, tables: dict[str, pd.DataFrame]) -> list[Pair]:
    """The pairs that are tested together in a table of the report."""
    if kind == "versions":
        pairs = [(name, before) for before, name in itertools.pairwise(tables)]
    else:
        pairs = [pair for family in grid_families(MODALITIES).values() for pair in family]
    return pairs + against_best(list(tables), tables)


def tested(
    kinds: Iterable[str], tables: dict[str, pd.DataFrame], resamples: int, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """The tests of tables of the report, those of each table corrected together."""
    pairs = {kind: pairs_of(kind, tables) for kind in kinds}
    every = list(dict.fromkeys(pair for members in pairs.values() for pair in members))
    rows = dict(zip(every, uncorrected(every, tables, resamples, LEVEL, seed), strict=True))
    return {
        kind: corrected(deepcopy([rows[pair] for pair in members]), LEVEL)
        for kind, members in pairs.items()
    }


def outcomes(args: argparse.Namespace, sizes: list[float]) -> dict[tuple[str, ...], list[float]]:
    """What happened in each data set, by name: 0 or 1, or a number."""
    true = metrics(CONFUSION)
    equal = [CONFUSION] * len(MODALITIES)
    seen: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for number in range(args.data_sets):
        tables = data_set(np.random.default_rng([args.seed, number]), args.posts, sizes, equal)
        counts = table_confusions(tables["a"])
        for name, (low, high) in group_bootstrap(counts, args.resamples, LEVEL, number).items():
            seen["coverage", name].append(low <= true[name] <= high)
            seen["width", name].append((high - low) / 2)
        for kind, rows in tested(KINDS, tables, args.resamples, number).items():
            for name in COMPARED:
                seen[kind, name].append(any(row[name]["verdict"] != SAME for row in rows))
            # The last ones are against the best, which is chosen on the posts that it is tested on.
            chosen = len(rows) - len(tables)
            seen[kind, "planned pairs"].append(any(r["verdict"] != SAME for r in rows[:chosen]))
            seen[kind, "tied set"].append(any(row["verdict"] != SAME for row in rows[chosen:]))
            alone = [row["weighted_f1"]["p"] for row in rows]
            seen[kind, "not corrected"].append(min(alone) <= 1 - LEVEL)
            seen[kind, "McNemar"].append(min(r["mcnemar"]["p_holm"] for r in rows) <= 1 - LEVEL)
            difference = rows[0]["weighted_f1"]
            seen[kind, "covered"].append(difference["low"] <= 0 <= difference["high"])
        scores = [weighted_f1(table_confusions(table)) for table in tables.values()]
        seen["above", ""].append(100 * (max(scores) - true["weighted_f1"]))
        for points in args.points:
            generator = np.random.default_rng([args.seed, number])
            tables = data_set(generator, args.posts, sizes, [*equal[1:], better(points)])
            rows = tested(["versions"], tables, args.resamples, number)["versions"]
            step = rows[len(tables) - 2]
            seen["power", f"{points:g}"].append(step["verdict"] == BETTER)
            test = step["weighted_f1"]
            seen["alone", f"{points:g}"].append(test["p"] <= 1 - LEVEL and test["low"] > 0)
    return seen


def percent(happened: list[float]) -> str:
    """A percentage and its standard error."""
    rate = np.mean(happened)
    return f"{100 * rate:.1f} ± {100 * np.sqrt(rate * (1 - rate) / len(happened)):.1f}"


def main() -> None:
    """Print three tables for each kind of groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=1000)
    parser.add_argument("--posts", type=int, default=500)
    parser.add_argument("--groups", nargs="*", choices=SIZES, default=["real"])
    parser.add_argument("--points", nargs="*", type=float, default=[2, 4])
    # Enough for the corrected p value of 15 pairs; the report takes 2,000 for each pair.
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    gc.freeze()  # statsmodels collects garbage at each correction
    true = metrics(CONFUSION)
    tests = (*COMPARED, "planned pairs", "tied set", "McNemar", "not corrected", "covered")
    for groups in args.groups:
        seen = outcomes(args, SIZES[groups])
        print(f"\n{args.data_sets} data sets of {args.posts} posts, groups: {groups}")
        print(f"the best of six equal models is {np.mean(seen['above', '']):.2f} points too high")
        coverage = [
            [name, f"{true[name]:.3f}", percent(seen["coverage", name]),
             f"{np.mean(seen['width', name]):.3f}"]
            for name in (*COMPARED, "f1_negative", "f1_neutral", "f1_positive")
        ]  # fmt: skip
        errors = [[kind, *(percent(seen[kind, name]) for name in tests)] for kind in KINDS]
        power = [
            [f"{points:g}", *(percent(seen[kind, f"{points:g}"]) for kind in ("power", "alone"))]
            for points in args.points
        ]
        for rows, names in (
            (coverage, ["interval of", "true value", "coverage, %", "mean half-width"]),
            (errors, ["any difference found, equal models, %", *tests]),
            (power, ["better by, points", "found, corrected in its table, %", "single test, %"]),
        ):
            print(f"\n{tabulate(rows, names, 'github', disable_numparse=True)}", flush=True)


if __name__ == "__main__":
    main()
