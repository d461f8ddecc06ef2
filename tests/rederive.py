"""Every number of the result tables, derived a second time from the predictions of a finished run.

Nothing here uses the code that made the tables (``mmsent.evaluation``, ``mmsent.report``), and
other routes are taken where there are any: scores are scikit-learn's; a resample of groups is a
weight of each post; a temperature is a root of the loss's slope; McNemar's test is a binomial one.

Beside the predictions it reads the folds, the posts' texts, settings, and of a run's metrics those
that do not follow from predictions (best epoch, trained parameters).
"""

import contextlib
import copy
import hashlib
import itertools
import json
import math
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import binomtest, t
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)
from statsmodels.stats.multitest import multipletests

from mmsent.config.main import Config
from mmsent.config.profile import load_profile, profile_path
from mmsent.data.text import EMPTY, clean_text
from mmsent.plan.resolve import resolve

COMPARED = ("weighted_f1", "macro_f1", "accuracy")
#: The order in which the luck of another seed is drawn.
LUCK = ("weighted_f1", "accuracy", "macro_f1")
SAME = "not distinguishable"


def disagreements(results: str | Path, config: str | Path | None = None) -> tuple[int, list[str]]:
    """Re-derive every number of a finished run's tables.

    Parameters
    ----------
    results
        The folder ``results/`` of the run.
    config
        The folder ``config/`` that it was made with; beside ``results`` if not given. Settings of
        the command line are not in it.

    Returns
    -------
    tuple[int, list[str]]
        How many numbers were compared, and a line for each that disagrees: file, row, column,
        what is written, what was derived.
    """
    run = FinishedRun(Path(results), Path(config or Path(results).parent / "config"))
    found = Comparison(run.results)
    check_predictions(run, found)
    if found.wrong:  # nothing follows from predictions that are not of these posts
        return found.compared, found.wrong
    if run.has_paper:
        check_paper(run, found)
    for table in run.tables:
        check_metrics(run, table, found)
        check_tests(run, table, found)
        check_scores(run, table, found)
        check_robustness(run, table, found)
        check_slices(run, table, found)
        check_selection(run, table, found)
        if (run.results / "data/test_labels.tsv").is_file():
            check_held_out(run, table, found)
    for name in run.repeated:
        check_seeds(run, name, found)
    check_label_noise(run, found)
    if run.reduced:
        check_learning_curve(run, found)
    if run.settings.baselines:
        check_baselines(run, found)
    if run.settings.vlm:
        check_vlm(run, found)
    return found.compared, found.wrong


# The finished run, and the comparison with it


#: Relative and absolute difference within which two numbers agree.
EXACT = 1e-9
#: The same of those that are written with six decimals, and of what is divided by them.
SIX, PER_CENT = 1.001e-6, 3e-4
#: Within which those of these names agree.
TOLERANCES = {
    f"{name}{end}": PER_CENT if end == "_percent" else SIX
    for name in ("over_text", "over_image", "difference")
    for end in ("", "_low", "_high", "_percent")
}


class FinishedRun:
    """Predictions and settings of a finished run, and the numbers derived from them so far."""

    def __init__(self, results: Path, config: Path):
        self.results, self.config = results, config.resolve()
        self.settings = Config(**yaml.safe_load((config / "config.yaml").read_text()))
        self.resamples = self.settings.intervals.resamples
        self.level = self.settings.intervals.level
        self.has_paper = self.settings.protocol == "both"
        ablation = [f"ablation/{name}" for name in self.settings.ablation]
        tables = {"versions": self.settings.versions, "ablation": ablation}
        self.tables = {table: names for table, names in tables.items() if names}
        self.names = [*self.settings.versions, *ablation]
        self.repeated = self.settings.seeds.experiments
        curve = self.settings.learning_curve
        probe = ["baselines/probe_both"] if "probe_both" in self.settings.baselines else []
        self.reduced = {
            name: {f"{fraction:g}": f"fraction{fraction:g}/" for fraction in curve.fractions}
            for name in [*probe, *curve.experiments]
            if curve.fractions
        }
        self.baselines = [f"baselines/{name}" for name in self.settings.baselines]
        several = self.baselines and len(self.settings.versions) > 1
        self.average = ["average_of_versions"] if several else []
        self.folds = self.table(results / "data/folds.tsv")
        self.groups = self.folds["group"].nunique()
        self.measured, self.paper, self.tests = {}, {}, {}
        self._pooled = {}

    @staticmethod
    def table(path):
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, sep="\t", dtype={"guid": str, "group": str})

    @cached_property
    def posts(self):
        return pd.read_parquet(self.results / "data/posts.parquet")

    @cached_property
    def experiments(self):
        names = dict.fromkeys([*self.names, *self.repeated, *self.settings.vlm])
        with contextlib.chdir(self.config.parent):
            overrides = load_profile(profile_path(self.settings.profile)).overrides
            return {name: resolve(name, overrides).settings for name in names}

    def single(self, table):
        """The first row of each modality alone."""
        first = {}
        for name in self.tables[table]:
            modality = self.experiments[name].modality
            if modality != "both":
                first.setdefault(modality, name)
        return first

    def run_files(self, name, protocol="", seed=""):
        folds = range(1 if protocol else self.settings.folds.outer)
        folder = self.results / f"{protocol}runs/{name}/{seed}"
        return [folder / f"{fold}/predictions.parquet" for fold in folds]

    @property
    def seeds(self):
        return [f"seed{number}/" for number in range(self.settings.seeds.number)]

    def predictions(self, name, protocol="", seed=""):
        return [self.table(path) for path in self.run_files(name, protocol, seed)]

    def share(self, name):
        """Fraction of the posts that the study's own split of an experiment validates on."""
        return f"{self.experiments[name].paper_validation:g}"

    def split(self, name):
        """The study's own split of an experiment's posts."""
        return self.table(self.results / f"paper/split/{self.share(name)}.tsv")

    def pooled(self, name, subset="test"):
        """The posts of a subset over all folds, by guid, with their groups."""
        if (name, subset) not in self._pooled:
            self._pooled[name, subset] = self.with_groups(self.predictions(name), subset)
        return self._pooled[name, subset]

    def with_groups(self, runs, subset="test"):
        table = pd.concat(runs, ignore_index=True)
        table = table[table["subset"] == subset].sort_values("guid", ignore_index=True)
        table["group"] = table["guid"].map(self.folds.set_index("guid")["group"])
        return table

    def sums(self, columns, group, resamples=None):
        """Sums of the posts' columns over resamples of groups, by the run's seed."""
        return resampled(columns, group, resamples or self.resamples, self.settings.seed)

    def drawn(self, table):
        """Every metric of classes over the run's resamples of the groups of a table's posts."""
        return drawn_scores(self.sums(class_columns(table), table["group"]))


class Comparison:
    """Counts the numbers that were compared, and keeps a line for each disagreement."""

    def __init__(self, folder):
        self.folder = folder
        self.compared = 0
        self.wrong = []

    def say(self, place, what):
        line = f"{place}: {what}"
        if line not in self.wrong:
            self.wrong.append(line)

    def number(self, place, written, derived, tolerance=EXACT):
        self.compared += isinstance(derived, int | float | np.number)
        if not agree(written, derived, tolerance):
            self.say(place, f"written {written!r}, derived {derived!r}")

    def tree(self, place, written, derived, tolerance=EXACT):
        """Compare what a JSON file holds with what it should, part by part."""
        if isinstance(derived, dict) and isinstance(written, dict):
            for key in sorted({*derived, *written}):
                if key not in written or key not in derived:
                    self.say(place, f"{key} is {'missing' if key in derived else 'not expected'}")
                    continue
                within = TOLERANCES.get(key, tolerance)
                self.tree(f"{place}, {key}", written[key], derived[key], within)
        elif isinstance(derived, list | tuple) and isinstance(written, list):
            if len(derived) != len(written):
                self.say(place, f"{len(written)} entries written, {len(derived)} derived")
            for number, (one, other) in enumerate(zip(written, derived, strict=False)):
                self.tree(f"{place}, {number}", one, other, tolerance)
        else:
            self.number(place, written, derived, tolerance)

    def json(self, file):
        """What a JSON file of the run contains; a missing one is a disagreement."""
        path = self.folder / file
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        self.say(file, "is missing")
        return {}

    def csv(self, file, derived, keys, tolerance=EXACT, others=()):
        """Compare a table with its rows, named by the cells of ``keys``.

        Columns ``others`` do not follow from predictions.
        """
        if not (self.folder / file).is_file():
            self.say(file, "is missing")
            return
        written = pd.read_csv(self.folder / file, dtype=str, keep_default_na=False)
        columns = dict.fromkeys(key for row in derived for key in row)
        odd = sorted(set(columns) ^ set(written.columns).difference(others))
        if derived and odd:
            self.say(file, f"columns that only one side has: {', '.join(odd)}")

        def named(rows):
            return {", ".join(str(row[key]) for key in keys): {c: row.get(c) for c in columns}
                    for row in rows}  # fmt: skip

        self.tree(file, named(written.to_dict("records")), named(derived), tolerance)


def agree(written, derived, tolerance):
    """Whether two values are the same; no value, as an empty cell or ``null``, is one too."""
    if derived is None or (isinstance(derived, float) and math.isnan(derived)):
        return written in ("", None)
    if isinstance(derived, bool | str):
        return str(written) == str(derived)
    try:
        return math.isclose(float(written), derived, rel_tol=tolerance, abs_tol=tolerance)
    except (TypeError, ValueError):
        return False


# Scores of predictions, their resamples and temperatures


CLASSES = ["negative", "neutral", "positive"]
CHANCES = ["p_negative", "p_neutral", "p_positive"]
BINS = 15

#: Share within which two temperatures are the same: one of them is where a search stopped.
FITTED = 1e-4


def main_scores(table):
    """Accuracy, weighted F1 and macro F1 of the rows of a predictions table."""
    label, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    return {
        "accuracy": float(accuracy_score(label, predicted)),
        "weighted_f1": float(f1_score(label, predicted, average="weighted", zero_division=0)),
        "macro_f1": float(f1_score(label, predicted, average="macro", zero_division=0)),
    }


def all_scores(table):
    """Every metric of the rows of a predictions table."""
    label, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    scores = main_scores(table) | {
        "mcc": float(matthews_corrcoef(label, predicted)),
        "log_loss": mean_log_loss(table),
        "ece": calibration_error(table),
    }
    found = precision_recall_fscore_support(label, predicted, labels=[0, 1, 2], zero_division=0)
    for kind, values in zip(("precision", "recall", "f1"), found, strict=False):
        scores |= {f"{kind}_{c}": float(v) for c, v in zip(CLASSES, values, strict=True)}
    return scores


def mean_log_loss(table):
    label, chances = table["label"].to_numpy(), table[CHANCES].to_numpy()
    return float(log_loss(label, chances, labels=[0, 1, 2]))


def calibration(table):
    """Bin, confidence and correctness of each post."""
    chances = table[CHANCES].to_numpy()
    bins = np.digitize(chances.max(1), np.linspace(0, 1, BINS + 1)[1:-1])
    correct = chances.argmax(1) == table["label"].to_numpy()
    return bins, chances.max(1), correct.astype(float)


def calibration_bins(table):
    """Guo et al. 2017, figure 1: number, posts, mean confidence and accuracy of each bin."""
    bins, confidence, correct = calibration(table)
    return [
        (
            int(b),
            int(np.count_nonzero(bins == b)),
            confidence[bins == b].mean(),
            correct[bins == b].mean(),
        )
        for b in sorted(set(bins))
    ]


def calibration_error(table):
    """Guo et al. 2017, equation 3."""
    bins = calibration_bins(table)
    return float(sum(posts * abs(right - sure) for _, posts, sure, right in bins) / len(table))


def post_weights(group, resamples, seed) -> Iterator[np.ndarray]:
    """How often each post stands in each resample of groups, ``(250, posts)`` at a time."""
    number, names = pd.factorize(np.asarray(group), sort=True)
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, 250):
        size = min(250, resamples - start)
        times = generator.multinomial(len(names), np.ones(len(names)) / len(names), size)
        yield times[:, number].astype(np.float64)


def resampled(columns, group, resamples, seed):
    """Sums of the posts' columns ``(posts, n)`` over each resample: ``(resamples, n)``."""
    drawn = [weights @ columns for weights in post_weights(group, resamples, seed)]
    return np.concatenate(drawn)


def class_columns(table):
    """Of each post and class: hit, there, predicted; ``(posts, 9)``."""
    true = np.eye(3)[table["label"].to_numpy()]
    predicted = np.eye(3)[table["predicted"].to_numpy()]
    return np.hstack([true * predicted, true, predicted])


def gap_columns(table):
    """Of each post the confidence less correctness, in the column of its bin; ``(posts, 15)``."""
    bins, confidence, correct = calibration(table)
    return np.eye(BINS)[bins] * (confidence - correct)[:, None]


def drawn_scores(sums):
    """Every metric of classes from sums of :func:`class_columns`, ``(resamples,)`` each."""
    hit, true, predicted = np.split(sums, 3, axis=1)
    total = true.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = np.nan_to_num(hit / predicted), np.nan_to_num(hit / true)
        f1 = 2 / (1 / precision + 1 / recall)
        above = total * hit.sum(1) - (true * predicted).sum(1)
        below = np.sqrt(total**2 - (true**2).sum(1)) * np.sqrt(total**2 - (predicted**2).sum(1))
        mcc = np.where(below > 0, above / below, 0)
    scores = {
        "accuracy": hit.sum(1) / total,
        "weighted_f1": (true / total[:, None] * f1).sum(1),
        "macro_f1": f1.sum(1) / (true + predicted > 0).sum(1),
        "mcc": mcc,
    }
    for kind, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        scores |= {f"{kind}_{name}": values[:, index] for index, name in enumerate(CLASSES)}
    return scores


def ends(drawn, level):
    """Ends of the percentile interval of resampled values."""
    return [float(end) for end in np.percentile(drawn, [50 * (1 - level), 50 * (1 + level)])]


def turned_ends(value, drawn, level):
    """Ends of the basic interval, the percentile one turned round the value, which it holds."""
    low, high = ends(drawn, level)
    return min(2 * value - high, value), max(2 * value - low, value)


def sharpened(chances, temperature):
    """Probabilities to the power of 1 / T, their sum 1 again: softmax of logits over T."""
    chances = np.clip(chances, np.finfo(float).eps, None)
    powers = (chances / chances.max(1, keepdims=True)) ** (1 / temperature)
    return powers / powers.sum(1, keepdims=True)


def settled_temperature(validation, given):
    """The given temperature if its loss is the lowest within 0.05 and 20, else the one that is.

    What follows from a temperature is derived from the given one: a search ends a little beside the
    lowest loss, and a post at the edge of a bin would fall to the other side.
    """
    label, chances = validation["label"].to_numpy(), validation[CHANCES].to_numpy()
    logits, posts = np.log(np.clip(chances, np.finfo(float).eps, None)), np.arange(len(label))

    def slope(inverse):
        # Of the mean loss, by 1 / T, in which it is convex.
        expected = (softmax(inverse * logits, axis=1) * logits).sum(1)
        return float((expected - logits[posts, label]).mean())

    lowest, highest = 1 / 20, 1 / 0.05
    if slope(lowest) >= 0:
        own = 1 / lowest
    elif slope(highest) <= 0:
        own = 1 / highest
    else:
        own = 1 / brentq(slope, lowest, highest, xtol=1e-12)
    if given is None:
        return own
    loss, other = (log_loss(label, sharpened(chances, t), labels=[0, 1, 2]) for t in (given, own))
    # Where the loss is flat, more than one temperature has the lowest.
    same = math.isclose(given, own, rel_tol=FITTED) or abs(loss - other) < 1e-12
    return given if same and 0.0499 < given < 20.01 else own


# The predictions themselves


def check_predictions(run, found):
    """Whether every run predicts the posts that its fold says, with their labels."""
    kinds = [(run.run_files(name), run.folds) for name in run.names]
    kinds += [(run.run_files(n, seed=seed), run.folds) for n in run.repeated for seed in run.seeds]
    for name, folders in run.reduced.items():
        kinds += [(run.run_files(name, seed=folder), run.folds) for folder in folders.values()]
    baselines = [name for name in run.baselines if len(run.predictions(name)[0])]
    kinds += [(run.run_files(name), run.folds) for name in [*baselines, *run.average]]
    if run.has_paper:
        names = [*run.names, *run.settings.vlm]
        kinds += [(run.run_files(name, "paper/"), run.split(name)) for name in names]
    for paths, folds in kinds:
        for fold, path in enumerate(paths):
            place = str(path.relative_to(run.results))
            if not path.is_file():
                found.say(place, "is missing")
            elif not predicts(run.table(path), folds, fold):
                found.say(place, "the posts, labels or folds are not those of the fold")


def predicts(table, folds, fold):
    """Whether a run has a row for each post of each split of its fold, with its label."""
    splits = folds[f"split_{fold}"]
    subsets = {*table["subset"], *splits} - {"train", "unlabelled"}
    return set(table["fold"]) == {fold} and all(
        sorted(zip(own["guid"], own["label"], strict=True))
        == sorted(zip(there["guid"], there["label"], strict=True))
        for own, there in (
            (table[table["subset"] == subset], folds[splits == subset.split("_")[0]])
            for subset in subsets
        )
    )


# results/metrics, results/paper/metrics, and the metrics of each run


def check_metrics(run, table, found):
    file = f"metrics/{table}.json"
    written = found.json(file)
    for name in run.tables[table]:
        temperatures = written.get(name, {}).get("calibration", {}).get("temperatures")
        run.measured[name] = measured(run, name, temperatures)
        for fold, predictions in enumerate(run.predictions(name)):
            place = f"runs/{name}/{fold}/metrics.json"
            own, trained = found.json(place), (run.folds[f"split_{fold}"] == "train").sum()
            best = all_scores(predictions[predictions["subset"] == "validation"])
            found.tree(f"{place}, validation", own.get("validation", {}), best)
            found.number(f"{place}, train_posts", own.get("train_posts"), int(trained))
    found.tree(file, written, {name: run.measured[name] for name in run.tables[table]})


def check_paper(run, found):
    for table, names in {**run.tables, "vlm": run.settings.vlm}.items():
        paper = {name: {"share": run.share(name)} | paper_measured(run, name) for name in names}
        found.tree(f"paper/metrics/{table}.json", found.json(f"paper/metrics/{table}.json"), paper)
        run.paper |= paper


def measured(run, name, temperatures):
    """What the metrics file of an experiment should hold; ``temperatures`` as it has them."""
    runs, table = run.predictions(name), run.pooled(name)
    label, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    validation = [all_scores(one[one["subset"] == "validation"]) for one in runs]
    weights = [column for column in table.columns if column.startswith("weight_")]
    return {
        "test": all_scores(table),
        "interval": {k: ends(values, run.level) for k, values in run.drawn(table).items()},
        "validation": {k: math.fsum(v[k] for v in validation) / len(runs) for k in validation[0]},
        "by_fold": [all_scores(one[one["subset"] == "test"]) for one in runs],
        "posts": len(run.folds),
        "groups": run.groups,
        "resamples": run.resamples,
        "level": run.level,
        "predicted": [int((predicted == index).sum()) for index in range(3)],
        "confusion": confusion_matrix(label, predicted, labels=[0, 1, 2]).tolist(),
        "fusion_weights": {c.removeprefix("weight_"): weighing(table, weights, c) for c in weights},
        "calibration": calibrated(run, runs, table, temperatures),
    }


def weighing(table, columns, column):
    """How one part of an adaptive fusion is weighed."""
    values, label = table[column].to_numpy(), table["label"].to_numpy()
    low, high = np.percentile(values, [5, 95])
    largest = table[columns].to_numpy().argmax(1) == columns.index(column)
    numbers = {"mean": math.fsum(values) / len(values), "sd": float(np.std(values, ddof=1))}
    numbers |= {"p5": float(low), "p95": float(high), "largest": float(largest.mean())}
    return numbers | {f"mean_{c}": values[label == n].mean() for n, c in enumerate(CLASSES)}


def calibrated(run, runs, table, temperatures):
    """Calibration before and after temperature scaling."""
    settled, changed = [], []
    for one, given in zip(runs, temperatures or [None] * len(runs), strict=True):
        validation, test = (one[one["subset"] == subset] for subset in ("validation", "test"))
        settled.append(settled_temperature(validation, given))
        test = test.copy()
        test[CHANCES] = sharpened(test[CHANCES].to_numpy(), settled[-1])
        changed.append(test)
    tables = {"before": table, "after": run.with_groups(changed)}
    columns = np.hstack([gap_columns(one) for one in tables.values()] + [np.ones((len(table), 1))])
    sums = run.sums(columns, table["group"])
    drawn = np.abs(sums[:, :-1]).reshape(-1, 2, BINS).sum(2) / sums[:, -1:]
    numbers = {"temperatures": settled}
    for index, (when, one) in enumerate(tables.items()):
        error = calibration_error(one)
        low, high = turned_ends(error, drawn[:, index], run.level)
        numbers[when] = {"ece": error, "ece_low": max(low, 0.0), "ece_high": high}
        numbers[when]["log_loss"] = mean_log_loss(one)
        numbers[when]["bins"] = [
            {"low": number / BINS, "high": (number + 1) / BINS, "posts": posts}
            | {"confidence": sure, "accuracy": right}
            for number, posts, sure, right in calibration_bins(one)
        ]
    change = numbers["after"]["ece"] - numbers["before"]["ece"]
    low, high = turned_ends(change, drawn[:, 1] - drawn[:, 0], run.level)
    return numbers | {"change": {"ece": change, "low": low, "high": high}}


def paper_measured(run, name):
    """What the metrics file of an experiment under the study's own protocol should hold."""
    (table,), split = run.predictions(name, "paper/"), run.split(name)
    table = table[table["subset"] == "validation"]
    table = table.assign(group=table["guid"].map(split.set_index("guid")["group"]))
    trained = set(split.loc[split["split_0"] == "train", "group"])
    return {
        "validation": all_scores(table),
        "interval": {k: ends(values, run.level) for k, values in run.drawn(table).items()},
        "posts": len(table),
        "groups": table["group"].nunique(),
        "train_posts": int((split["split_0"] == "train").sum()),
        "with_twin_in_training": sum(group in trained for group in table["group"]),
        "resamples": run.resamples,
        "level": run.level,
    }


# results/paired_tests


def pairs_of(run, table):
    """The families of pairs that a table must have, but for those with the best row."""
    names, single = run.tables[table], run.single(table)
    if table == "versions":
        return {"consecutive": [(names[n], names[n - 1]) for n in range(1, len(names))]}
    families = {
        f"over_{modality}": [(name, single[modality]) for name in names if name != single[modality]]
        for modality in ("text", "image")
        if modality in single
    }
    fused = [name for name in names if run.experiments[name].modality == "both"]
    families["fusions"] = [(b, a) for a, b in itertools.combinations(fused, 2)]
    return {family: pairs for family, pairs in families.items() if pairs}


def best_pairs(run, names):
    """Each row against the best of the others; of equal ones the first."""
    scores = {name: run.measured[name]["test"]["weighted_f1"] for name in names}
    return [
        (name, max((other for other in names if other != name), key=scores.__getitem__))
        for name in names
        if len(names) > 1
    ]


def check_tests(run, table, found):
    names, file = run.tables[table], f"paired_tests/{table}"
    families = pairs_of(run, table) | {"best_other": best_pairs(run, names)}
    written = found.json(f"{file}.json")
    whole = tests_of(run, names, families, written, f"{file}.json", found)
    run.tests[table] = rows = whole["families"]
    found.tree(f"{file}.json", written, whole, SIX)
    flat = [flattened(row, family) for family, own in rows.items() for row in own]
    found.csv(f"{file}.csv", flat, ("family", "first", "second"), SIX)


def tests_of(run, names, families, written, place, found):
    """The tests of families of pairs, with as many resamples as were written, if they suffice."""
    number = len({frozenset(pair) for pairs in families.values() for pair in pairs})
    resamples = written.get("resamples", run.resamples)
    lowest = 2 * number / (resamples + 1)
    if resamples < run.resamples or lowest > (1 - run.level) / 10:
        found.say(place, f"{resamples} resamples are too few for {number} pairs")
    columns = np.hstack([class_columns(run.pooled(name)) for name in names])
    sums = run.sums(columns, run.pooled(names[0])["group"], resamples)
    drawn = {n: drawn_scores(sums[:, 9 * k : 9 * k + 9]) for k, n in enumerate(names)}
    seeds = add_luck(run, names, drawn)
    rows = {f: [tested(run, drawn, *pair) for pair in own] for f, own in families.items()}
    correct([row for own in rows.values() for row in own], 1 - run.level)
    posts = run.pooled(names[0])
    whole = {"families": rows, "posts": len(posts), "groups": posts["group"].nunique()}
    return whole | {"level": run.level, "resamples": resamples, "seeds": seeds}


def add_luck(run, names, drawn):
    """Add to each draw what another seed might change; returns how much that is."""
    spreads = [seed_study(run, name)[1] for name in run.repeated if name in names]
    freedom = sum((spread["seeds"] - 1) * spread["folds"] for spread in spreads)
    seeds = {}
    for metric in COMPARED if spreads else ():
        variances = [one["one_fold"][metric]["sd"] ** 2 / one["folds"] for one in spreads]
        seeds[metric] = {"sd": math.sqrt(sum(variances) / len(variances)), "freedom": freedom}
    for name in drawn if spreads else ():
        digest = hashlib.sha256(f"{run.settings.seed}/repetition/{name}".encode()).hexdigest()
        generator = np.random.default_rng(int(digest[:8], 16))
        for metric in LUCK:
            luck = generator.standard_t(freedom, len(drawn[name][metric]))
            drawn[name][metric] = drawn[name][metric] + seeds[metric]["sd"] * luck
    return seeds


def flattened(row, family):
    """One pair as a row of the CSV file."""
    parts = {key: value for key, value in row.items() if isinstance(value, dict)}
    nested = {f"{key}_{name}": v for key, part in parts.items() for name, v in part.items()}
    return {"family": family} | {k: v for k, v in row.items() if k not in parts} | nested


def tested(run, drawn, first, second):
    """Every test of one pair, not yet corrected."""
    row = {"first": first, "second": second}
    for metric in COMPARED:
        one, other = (run.measured[name]["test"][metric] for name in (first, second))
        low, high, p = difference(drawn[first][metric], drawn[second][metric], run.level)
        row[metric] = {"first": one, "second": other, "difference": one - other}
        row[metric] |= {"low": low, "high": high, "p": p}
    right = [(t["predicted"] == t["label"]).to_numpy() for t in map(run.pooled, (first, second))]
    alone = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    p = float(binomtest(alone[0], sum(alone), 0.5).pvalue) if sum(alone) else 1.0
    row["mcnemar"] = {"first_only": alone[0], "second_only": alone[1], "p": p}
    return row


def difference(first, second, level):
    """Ends of the interval of a difference of resampled scores, and its p value."""
    differences = first - second
    differences[np.abs(differences) < 5e-13] = 0  # equal scores, but for the last bit
    low, high = (round(end, 6) for end in ends(differences, level))
    sides = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    return low, high, min(1.0, 2 * (sides + 1) / (len(differences) + 1))


def verdict(low, high, p_holm, alpha):
    beside = "better" if low > 0 else "worse" if high < 0 else SAME
    return beside if p_holm <= alpha else SAME


def holm(p_values):
    return multipletests(p_values, method="holm")[1] if len(p_values) else []


def correct(rows, alpha):
    """Add p values by Holm's method, a pair that is there both ways counted once, and verdicts."""
    pairs = {frozenset((row["first"], row["second"])): row for row in rows}
    for test in (*COMPARED, "mcnemar"):
        values = [row[test]["p"] for row in pairs.values()]
        by_pair = dict(zip(pairs, holm(values), strict=True))
        for row in rows:
            p = float(by_pair[frozenset((row["first"], row["second"]))])
            row[test]["p_holm"] = p
            if test != "mcnemar":
                row[test]["verdict"] = verdict(row[test]["low"], row[test]["high"], p, alpha)
    for row in rows:
        row["verdict"] = row["weighted_f1"]["verdict"]


def check_selection(run, table, found):
    """What the best row gains by being selected, from resampled scores."""
    names = run.tables[table]
    scores = [run.measured[name]["test"]["weighted_f1"] for name in names]
    drawn = np.array([run.drawn(run.pooled(name))["weighted_f1"] for name in names])
    change, best = drawn - np.array(scores)[:, None], drawn.argmax(0)
    optimism = {"experiments": len(names), "if_equal": change.max(0).mean()}
    optimism["weighted_f1"] = change[best, np.arange(len(best))].mean()
    file = f"selection/{table}.json"
    found.tree(file, found.json(file), optimism)


# The baselines, and what is tested against them


def check_baselines(run, found):
    """Scores of the baselines and of the average of the versions, and their tests."""
    names, average, versions = run.baselines, run.average, run.settings.versions
    shown = [name for name in names if len(run.predictions(name)[0])]
    for name in average:
        check_average(run, name, found)
    file = "metrics/baselines.json"
    written = found.json(file)
    for name in [*shown, *average]:
        temperatures = written.get(name, {}).get("calibration", {}).get("temperatures")
        run.measured[name] = measured(run, name, temperatures)
    found.tree(file, written, {name: run.measured[name] for name in [*shown, *average]})
    rows = [
        {"experiment": name} | (scores_of(run, name) if name in run.measured else {})
        for name in [*names, *average]
    ]
    others = ["title", "modality", "left_out", "posts", "groups", "resamples", "level",
              "train_posts", "trained_parameters", "c"]  # fmt: skip
    found.csv("baselines.csv", rows, ["experiment"], others=others)
    modality = {name: run.experiments[name].modality for name in run.names}
    averaged = {modality[name] for name in versions}
    modality |= dict.fromkeys(average, averaged.pop() if len(averaged) == 1 else "both")
    families = {
        "over_probe": [(name, f"baselines/probe_{kind}") for name, kind in modality.items()
                       if f"baselines/probe_{kind}" in shown],
        "average": [(name, version) for name in average for version in versions],
    }  # fmt: skip
    families = {family: pairs for family, pairs in families.items() if pairs}
    check_families(run, families, shown, found)


def check_average(run, name, found):
    """The mean of the versions' probabilities, and its most probable class."""
    versions = [run.predictions(version) for version in run.settings.versions]
    keys = ["guid", "subset"]
    for fold, predictions in enumerate(run.predictions(name)):
        table = predictions.set_index(keys)
        indexed = [runs[fold].set_index(keys)[CHANCES] for runs in versions]
        mean = sum(one.loc[table.index].to_numpy() for one in indexed) / len(indexed)
        place = f"runs/{name}/{fold}/predictions.parquet"
        if not np.allclose(table[CHANCES], mean, atol=1e-12):
            found.say(place, "not the mean of the versions")
        if (table["predicted"] != mean.argmax(1)).any():
            found.say(place, "not the most probable class")


def check_families(run, families, exact, found):
    """Tests of which each family is corrected by itself; ``exact`` have no luck of a seed."""
    file, written = "paired_tests/baselines", found.json("paired_tests/baselines.json")
    resamples = written.get("resamples", run.resamples)
    if resamples < run.resamples or any(
        2 * len(pairs) / (resamples + 1) > (1 - run.level) / 10 for pairs in families.values()
    ):
        found.say(f"{file}.json", f"{resamples} resamples are too few")
    names = list(dict.fromkeys(n for pairs in families.values() for pair in pairs for n in pair))
    columns = np.hstack([class_columns(run.pooled(name)) for name in names])
    sums = run.sums(columns, run.pooled(names[0])["group"], resamples)
    drawn = {n: drawn_scores(sums[:, 9 * k : 9 * k + 9]) for k, n in enumerate(names)}
    plain = {name: dict(drawn[name]) for name in exact if name in drawn}
    seeds = add_luck(run, run.names, drawn)
    drawn |= plain
    rows = {f: [tested(run, drawn, *pair) for pair in own] for f, own in families.items()}
    for own in rows.values():
        correct(own, 1 - run.level)
    whole = {"families": rows, "posts": len(run.folds), "groups": run.groups}
    whole |= {"level": run.level, "resamples": resamples, "seeds": seeds}
    found.tree(f"{file}.json", written, whole, SIX)
    flat = [flattened(row, family) for family, own in rows.items() for row in own]
    found.csv(f"{file}.csv", flat, ("family", "first", "second"), SIX)


# results/{table}.csv


def check_scores(run, table, found):
    families, names = run.tests[table], run.tables[table]
    worse = {row["first"] for row in families["best_other"] if row["verdict"] == "worse"}
    rows = []
    for name in names:
        row = identity(run, name, found) | scores_of(run, name)
        row["best_set"] = name not in worse
        here = row["weighted_f1"]
        rows.append(row | gains(families, name) | paper_columns(run, name, here))
    metrics = ("weighted_f1", "accuracy", *(f"f1_{label}" for label in CLASSES))
    others = ["title", "modality", "fusion", "epochs", *(f"reported_{m}" for m in metrics)]
    found.csv(f"{table}.csv", rows, ["experiment"], others=others)


def identity(run, name, found):
    """The posts of a row, and what its training did."""
    folds = range(run.settings.folds.outer)
    own = [found.json(f"runs/{name}/{fold}/metrics.json") for fold in folds]
    return {
        "experiment": name,
        "posts": len(run.folds),
        "groups": run.groups,
        "resamples": run.resamples,
        "level": run.level,
        "train_posts": sum((run.folds[f"split_{n}"] == "train").sum() for n in folds) / len(folds),
        "trained_parameters": own[0].get("trained_parameters"),
        "mean_best_epoch": sum(one.get("best_epoch", math.nan) for one in own) / len(own),
    }


def scores_of(run, name):
    """The columns of a row that its own predictions tell."""
    numbers = run.measured[name]
    temperatures = numbers["calibration"]["temperatures"]
    row = {"validation_weighted_f1": numbers["validation"]["weighted_f1"]}
    row["temperature"] = sum(temperatures) / len(temperatures)
    for metric, (low, high) in numbers["interval"].items():
        row |= {metric: numbers["test"][metric], f"{metric}_low": low, f"{metric}_high": high}
    for suffix, when in (("", "before"), ("_scaled", "after")):
        own = numbers["calibration"][when]
        row |= {f"log_loss{suffix}": own["log_loss"], f"ece{suffix}": own["ece"]}
        row |= {f"ece{suffix}_low": own["ece_low"], f"ece{suffix}_high": own["ece_high"]}
    return row


def gains(families, name):
    """What a row gains over the rows of one modality."""
    columns = {}
    for family in families.keys() & {"over_text", "over_image"}:
        names = [f"{family}{end}" for end in ("", "_low", "_high", "_percent")]
        columns |= dict.fromkeys(names)
        for row in families[family]:
            if row["first"] == name:
                own = row["weighted_f1"]
                values = (own["difference"], own["low"], own["high"])
                percent = 100 * own["difference"] / own["second"]
                columns |= dict(zip(names, (*values, percent), strict=True))
    return columns


def paper_columns(run, name, measured_here):
    if not run.has_paper:
        return {}
    own = run.paper[name]
    low, high = own["interval"]["weighted_f1"]
    metrics = (*COMPARED, *(f"f1_{label}" for label in CLASSES))
    columns = {f"paper_{metric}": own["validation"][metric] for metric in metrics}
    columns |= {"paper_weighted_f1_low": low, "paper_weighted_f1_high": high}
    columns |= {"paper_posts": own["posts"], "paper_train_posts": own["train_posts"]}
    columns |= {"paper_with_twin": own["with_twin_in_training"]}
    return columns | {"paper_gap": columns["paper_weighted_f1"] - measured_here}


# results/robustness and results/slices


def interval_columns(run, table, metrics):
    """Scores of posts, of ``metrics`` with intervals; none without posts or with one group."""
    row = main_scores(table) if len(table) else dict.fromkeys(COMPARED)
    drawn = run.drawn(table) if table["group"].nunique() > 1 else {}
    for metric in metrics:
        low, high = ends(drawn[metric], run.level) if drawn else (None, None)
        row |= {f"{metric}_low": low, f"{metric}_high": high}
    return row


def difference_columns(run, title, first=None, second=None):
    """Weighted F1 of one table less that of another on the same posts, with its interval."""
    if first is None or first.empty:
        return dict.fromkeys((title, f"{title}_low", f"{title}_high"))
    one, other = (main_scores(table)["weighted_f1"] for table in (first, second))
    low = high = None
    if first["group"].nunique() > 1:
        drawn = [run.drawn(table)["weighted_f1"] for table in (first, second)]
        low, high = ends(drawn[0] - drawn[1], run.level)
    return {title: one - other, f"{title}_low": low, f"{title}_high": high}


def check_robustness(run, table, found):
    rows, single = [], run.single(table)
    for name in run.tables[table]:
        for dropped, kept in (("text", "image"), ("image", "text")):
            intact, without = run.pooled(name), run.pooled(name, f"test_without_{dropped}")
            if without.empty:
                continue
            alone = run.pooled(single[kept]) if kept in single else None
            row = {"experiment": name, "dropped": dropped, "posts": len(without)}
            row |= {"intact": main_scores(intact)["weighted_f1"]}
            row |= interval_columns(run, without, ["weighted_f1"])
            row |= difference_columns(run, "loss", intact, without)
            row["trained_without"] = single.get(kept)
            row["trained_weighted_f1"] = (
                None if alone is None else main_scores(alone)["weighted_f1"]
            )
            compared = () if alone is None else (without, alone)
            row |= difference_columns(run, "difference", *compared)
            rows.append(row)
    found.csv(f"robustness/{table}.csv", rows, ("experiment", "dropped"))


def words_of(run):
    """Words of each post's text without retweet mark, URLs and mentions, by guid; their median."""
    texts = [clean_text(text, "basic") for text in run.posts["text"]]
    words = run.posts.assign(words=[len(t.split()) if t != EMPTY else 0 for t in texts])
    there = words.loc[(words["subset"] == "labelled") & (words["words"] > 0), "words"]
    return words.set_index("guid")["words"], there.median()


def slices_of(run, table):
    """Kind, slice and mask by name of the experiment, over the posts by guid."""
    names, single = run.tables[table], run.single(table)
    first, (words, middle) = run.pooled(names[0]), words_of(run)
    own, twins = words[first["guid"]].to_numpy(), first.duplicated("group", keep=False).to_numpy()
    masks = {
        ("all", "all"): own >= 0,
        ("near-duplicates", "with a twin"): twins,
        ("near-duplicates", "without"): ~twins,
        ("text", "empty"): own == 0,
        ("text", "short"): (own > 0) & ~(own > middle),
        ("text", "long"): own > middle,
    }
    if len(single) == 2:
        text, image = (run.pooled(single[kind])["predicted"] for kind in ("text", "image"))
        masks["single modalities", "agree"] = (text == image).to_numpy()
        masks["single modalities", "disagree"] = (text != image).to_numpy()
    parts = [(*part, dict.fromkeys(names, mask)) for part, mask in masks.items()]
    sure = {name: run.pooled(name)[CHANCES].max(axis=1).to_numpy() for name in names}
    bands = {"below 0.5": (0, 0.5), "0.5 to 0.7": (0.5, 0.7), "0.7 to 0.9": (0.7, 0.9)}
    for part, (low, high) in (bands | {"0.9 and above": (0.9, 2)}).items():
        parts.append(("confidence", part, {n: (low <= s) & (s < high) for n, s in sure.items()}))
    return parts


def check_slices(run, table, found):
    names = run.tables[table]
    reference = run.single(table).get("text", names[0])
    rows = []
    for kind, part, masks in slices_of(run, table):
        for name in names:
            whole = run.pooled(name)
            own, other = whole[masks[name]], run.pooled(reference)[masks[name]]
            row = {"kind": kind, "slice": part, "experiment": name, "posts": len(own)}
            row |= {"groups": own["group"].nunique(), "share": len(own) / len(whole)}
            row |= interval_columns(run, own, ["weighted_f1", "accuracy"])
            compared = (own, other) if kind != "confidence" and name != reference else ()
            rows.append(row | difference_columns(run, "difference", *compared))
    found.csv(f"slices/{table}.csv", rows, ("kind", "slice", "experiment"))


# results/test


def check_held_out(run, table, found):
    """Held-out posts without a labelled near-duplicate, by the mean of the folds' models."""
    names, file = run.tables[table], f"test/{table}"
    labels = run.table(run.results / "data/test_labels.tsv")
    posts = labels[~labels["near_duplicate"]].sort_values("guid", ignore_index=True)
    held_out = copy.copy(run)
    held_out._pooled = {(name, "test"): averaged(run, name, posts) for name in names}
    held_out.measured = {name: held_out_scores(run, name, held_out.pooled(name)) for name in names}
    families = {
        family: [(row["first"], row["second"]) for row in rows]
        for family, rows in run.tests[table].items()
    }
    written = found.json(f"{file}.json")
    tests = tests_of(held_out, names, families, written.get("tests", {}), f"{file}.json", found)
    whole = {"experiments": held_out.measured, "tests": tests}
    whole |= {"models": run.settings.folds.outer, "near_duplicates": len(labels) - len(posts)}
    found.tree(f"{file}.json", written, whole, SIX)
    worse = {row["first"] for row in tests["families"]["best_other"] if row["verdict"] == "worse"}
    rows = []
    for name, own in held_out.measured.items():
        row = {"experiment": name, "best_set": name not in worse} | own | own["test"]
        for metric, (low, high) in row.pop("interval").items():
            row |= {f"{metric}_low": low, f"{metric}_high": high}
        rows.append({key: value for key, value in row.items() if key != "test"})
    found.csv(f"{file}.csv", rows, ["experiment"])


def averaged(run, name, posts):
    """Held-out posts with their mean probabilities and the class after post-processing."""
    runs = pd.concat(run.predictions(name))
    mean = runs[runs["subset"] == "unlabelled"].groupby("guid")[CHANCES].mean()
    table = posts.join(mean, on="guid")
    chances, rule = table[CHANCES].to_numpy(), run.experiments[name].postprocessing
    table["predicted"] = chances.argmax(1)
    if rule:
        paths = [path.with_name("metrics.json") for path in run.run_files(name)]
        fitted = [json.loads(path.read_text())["postprocessing_threshold"] for path in paths]
        limit = rule.confidence_below if None in fitted else sum(fitted) / len(fitted)
        sure, rare = chances.max(1), chances[:, 1]
        unsure = (sure < limit) & (rare > rule.rare_above) & (sure - rare <= rule.within)
        table.loc[unsure, "predicted"] = 1
    return table


def held_out_scores(run, name, table):
    """What the results file should contain of an experiment."""
    digest = hashlib.sha256(f"{run.settings.seed}/held-out".encode()).hexdigest()
    seed = int(digest[:8], 16)
    single, drawn = [], []
    for predictions in run.predictions(name):
        own = predictions[predictions["subset"] == "unlabelled"].set_index("guid")["predicted"]
        model = table.assign(predicted=table["guid"].map(own))
        sums = resampled(class_columns(model), table["group"], run.resamples, seed)
        single.append(main_scores(model)["weighted_f1"])
        drawn.append(drawn_scores(sums)["weighted_f1"])
    single, drawn = np.mean(single), np.mean(drawn, axis=0)
    there = run.measured[name]["test"]["weighted_f1"]
    drawn_there = run.drawn(run.pooled(name))["weighted_f1"]
    scores = {
        "test": all_scores(table),
        "interval": {k: ends(values, run.level) for k, values in run.drawn(table).items()},
        "posts": len(table),
        "groups": table["group"].nunique(),
        "resamples": run.resamples,
        "level": run.level,
    }
    compared = {
        "single": (single, drawn),
        "out_of_fold": (there, drawn_there),
        "difference": (single - there, drawn - drawn_there),
    }
    for key, (value, values) in compared.items():
        low, high = ends(values, run.level)
        scores |= {key: value, f"{key}_low": low, f"{key}_high": high}
    return scores


# results/seeds


def check_seeds(run, name, found):
    rows, spread = seed_study(run, name)
    found.csv(f"seeds/{name}.csv", rows, ("seed", "fold", "subset"))
    found.tree(f"seeds/{name}.json", found.json(f"seeds/{name}.json"), spread)


def seed_study(run, name):
    """The scores of each repetition and how far they lie apart."""
    rows = []
    for seed, folder in enumerate(run.seeds):
        own = run.predictions(name, seed=folder)
        parts = [("all", "test", run.with_groups(own))]
        parts += [
            (str(fold), subset, one[one["subset"] == subset])
            for fold, one in enumerate(own)
            for subset in ("test", "validation")
        ]
        for fold, subset, part in parts:
            row = {"seed": seed, "fold": fold, "subset": subset, "posts": len(part)}
            rows.append(row | main_scores(part))
    kinds = {
        "pooled": [row for row in rows if row["fold"] == "all"],
        "one_fold": [r for r in rows if r["fold"] != "all" and r["subset"] == "test"],
        "one_validation": [row for row in rows if row["subset"] == "validation"],
    }
    spread = {"seeds": len(run.seeds), "folds": run.settings.folds.outer}
    for kind, own in kinds.items():
        spread[kind] = {metric: spread_of(own, metric) for metric in COMPARED}
        spread[kind]["posts"] = round(sum(row["posts"] for row in own) / len(own))
    return rows, spread


def spread_of(rows, metric):
    """How far the seeds lie apart: over pairs of seeds of the same fold."""
    names = dict.fromkeys(row["fold"] for row in rows)
    folds = [[row[metric] for row in rows if row["fold"] == name] for name in names]
    apart = [abs(a - b) for values in folds for a, b in itertools.combinations(values, 2)]
    sd = math.sqrt(sum(np.var(values, ddof=1) for values in folds) / len(folds))
    return {
        "mean": float(np.mean(folds)),
        "sd": sd,
        "repeatability": math.sqrt(2) * sd * t.isf(0.025, sum(len(v) - 1 for v in folds)),
        "range": max(max(values) - min(values) for values in folds),
        "mean_difference": sum(apart) / len(apart),
        "largest_difference": max(apart),
    }


# results/vlm.csv


#: Columns of a vision-language model's settings and costs.
OTHERS = ("title", "changes", "trained", "settings", "device", "precision", "parameters", "seconds",
          "trained_parameters", "train_posts_per_second", "predicted_posts_per_second",
          "peak_memory")  # fmt: skip


def check_vlm(run, found):
    """Vision-language models, and the versions on the test posts of the folds that each ran."""
    rows = []
    for beside in run.settings.vlm:
        folds = sorted(int(path.name) for path in (run.results / f"runs/{beside}").iterdir())
        tables = {}
        for name in [beside, *run.settings.versions]:
            files = [f"runs/{name}/{fold}/predictions.parquet" for fold in folds]
            tables[name] = run.with_groups([run.table(run.results / file) for file in files])
            posts = run.folds["guid"][run.folds["fold"].isin(folds)]
            if sorted(tables[name]["guid"]) != sorted(posts):
                found.say(files[0], f"the posts are not those of the folds {folds}")
                return
        exercise = found.json(f"runs/{beside}/{folds[0]}/metrics.json")["exercise"]
        tests = {} if exercise else against(run, tables, beside)
        for name, table in tables.items():
            row = {"beside": beside, "experiment": name} | vlm_row(run, table)
            row |= {"exercise": exercise and name == beside}
            row |= paper_columns(run, name, row["weighted_f1"]) if name == beside else {}
            rows.append(row | tests.get(name, dict.fromkeys(TESTED)))
    found.csv("vlm.csv", rows, ("beside", "experiment"), others=OTHERS)


def vlm_row(run, table):
    scores = {k: v for k, v in all_scores(table).items() if k not in ("log_loss", "ece")}
    row = {"posts": len(table), "groups": table["group"].nunique(), **scores}
    row |= {"resamples": run.resamples, "level": run.level}
    for metric, values in run.drawn(table).items():
        row[f"{metric}_low"], row[f"{metric}_high"] = ends(values, run.level)
    return row


TESTED = ("difference", "difference_low", "difference_high", "p_holm", "verdict")


def against(run, tables, beside):
    """Columns of the tests of the weighted F1 of each other table against that of one."""
    others = [name for name in tables if name != beside]
    # So many that the lowest corrected p value is a fiftieth of what counts.
    enough = max(run.resamples, math.ceil(round(100 * len(others) / (1 - run.level), 6)))
    drawn = {name: drawn_scores(run.sums(class_columns(table), table["group"], enough))
             for name, table in tables.items()}  # fmt: skip
    value = {name: main_scores(table)["weighted_f1"] for name, table in tables.items()}
    tests = {name: difference(drawn[name]["weighted_f1"], drawn[beside]["weighted_f1"], run.level)
             for name in others}  # fmt: skip
    corrected = holm([p for _, _, p in tests.values()])
    rows = {}
    for (name, (low, high, _)), p in zip(tests.items(), corrected, strict=True):
        said = verdict(low, high, p, 1 - run.level)
        cells = (value[name] - value[beside], low, high, p, said)
        rows[name] = dict(zip(TESTED, cells, strict=True))
    return rows


# results/label_noise.*


def check_label_noise(run, found):
    """Confident learning by hand: Northcutt, Jiang and Chuang 2021, section 3.1."""
    names = run.settings.versions
    worse = {r["first"] for r in run.tests["versions"]["best_other"] if r["verdict"] == "worse"}
    averaged = [name for name in names if name not in worse]
    posts = run.pooled(names[0])[["guid", "label", "group"]].to_dict("records")
    chances = np.mean([run.pooled(name)[CHANCES].to_numpy() for name in averaged], axis=0)
    labels = [post["label"] for post in posts]
    sure = [np.mean([row[c] for row, own in zip(chances, labels, strict=True) if own == c])
            for c in range(3)]  # fmt: skip
    counts = np.zeros((3, 3))
    for post, row in zip(posts, chances, strict=True):
        own, likely = post["label"], [c for c in range(3) if row[c] >= sure[c] - 1e-6]
        true = likely[0] if len(likely) == 1 else int(row.argmax())
        counts[true, own] += bool(likely)
        others = {labels[n] for n, other in enumerate(posts) if other["group"] == post["group"]}
        post |= {"label": CLASSES[own], "suggested": CLASSES[row.argmax()]}
        post["quality"] = (row[own] - max(np.delete(row, own)) + 1) / 2
        post["flagged"] = bool(likely and true != own != row.argmax())
        post["conflict"] = len(others) > 1
        post["other_labels"] = ", ".join(CLASSES[c] for c in sorted(others - {own}))
        post |= dict(zip(CHANCES, row.tolist(), strict=True))
    np.fill_diagonal(counts, np.maximum(counts.diagonal(), 1))
    joint = counts / counts.sum(0) * np.bincount(labels, minlength=3)
    posts.sort(key=lambda post: (not post["conflict"], post["quality"], int(post["guid"])))
    found.csv("label_noise.csv", posts, ["guid"], others=["text"])
    written = pd.read_csv(run.results / "label_noise.csv", dtype=str)["guid"].tolist()
    found.tree("label_noise.csv, order", written, [post["guid"] for post in posts])
    conflict = [post for post in posts if post["conflict"]]
    flagged = [post for post in posts if post["flagged"]]
    kinds = {"conflicts": conflict, "doubtful": [p for p in flagged if not p["conflict"]]}
    whole = {
        "posts": len(posts),
        "flagged": len(flagged),
        "health": 1 - len(flagged) / len(posts),
        "conflict": len(conflict),
        "conflicting_groups": len({post["group"] for post in conflict}),
        "averaged": averaged,
        "shown": {kind: first_of_groups(own)[:10] for kind, own in kinds.items()},
        "scores": scores_without(run, [post["guid"] for post in posts], averaged),
    }
    matrices = {"joint": joint, "noise": joint / joint.sum(1, keepdims=True)}
    file = found.json("label_noise.json")
    for key, matrix in matrices.items():
        rows = {c: dict(zip(CLASSES, row, strict=True)) for c, row in zip(CLASSES, matrix.tolist(),
                                                                          strict=True)}  # fmt: skip
        found.tree(f"label_noise.json, {key}", file.pop(key, {}), rows, SIX)
    found.tree("label_noise.json", file, whole)


def first_of_groups(posts):
    first = {}
    for post in posts:
        first.setdefault(post["group"], post)
    return list(first.values())


def scores_without(run, guids, averaged):
    """Scores with and without the most doubtful posts, and how many versions have a higher one."""
    out = guids[: round(0.05 * len(guids))]
    tables = {name: run.pooled(name) for name in run.settings.versions}
    every = {name: main_scores(table)["weighted_f1"] for name, table in tables.items()}
    rest = {name: main_scores(t[~t["guid"].isin(out)])["weighted_f1"] for name, t in tables.items()}
    return [
        {"experiment": name, "averaged": name in averaged}
        | {"weighted_f1": every[name], "rank": 1 + sum(f > every[name] for f in every.values())}
        | {"without": rest[name], "rank_without": 1 + sum(f > rest[name] for f in rest.values())}
        for name in tables
    ]


# results/learning_curve.*


def check_learning_curve(run, found):
    """Scores by number of training posts, and slopes by polynomial fits over the resamples."""
    best = max(run.settings.versions, key=lambda n: run.measured[n]["test"]["weighted_f1"])
    best_f1, best_drawn = run.measured[best]["test"]["weighted_f1"], run.drawn(run.pooled(best))
    rows, doublings = [], []
    for name, folders in run.reduced.items():
        own, drawn = [], []
        for fraction, folder in [*folders.items(), ("1", "")]:
            table = run.with_groups(run.predictions(name, seed=folder))
            trained = [found.json(f"runs/{name}/{folder}{fold}/metrics.json")["train_posts"]
                       for fold in range(run.settings.folds.outer)]  # fmt: skip
            row = {"experiment": name, "fraction": float(fraction)}
            row |= {"train_posts": sum(trained) / len(trained), **main_scores(table)}
            drawn.append(run.drawn(table))
            for metric in COMPARED:
                row[f"{metric}_low"], row[f"{metric}_high"] = ends(drawn[-1][metric], run.level)
            own.append(row)
        doubled = [math.log2(row["train_posts"]) for row in own]
        scores = np.array([[row["weighted_f1"], *d["weighted_f1"]] for row, d in
                           zip(own, drawn, strict=True)])  # fmt: skip
        values = {"slope": np.polyfit(doubled, scores, 1)[0], "last": scores[-1] - scores[-2]}
        values["gap"] = np.array([best_f1, *best_drawn["weighted_f1"]]) - scores[-1]
        values["advantage"] = values["slope"] - values["gap"]
        row = {"experiment": name}
        for key, (value, *others) in values.items():
            row |= dict(zip((key, f"{key}_low", f"{key}_high"), (value, *ends(others, run.level)),
                            strict=True))  # fmt: skip
        rows += own
        doublings.append(row)
    whole = {"rows": rows, "doublings": doublings, "best": best, "best_f1": best_f1}
    whole |= {"posts": len(run.folds), "groups": run.groups}
    whole |= {"resamples": run.resamples, "level": run.level}
    found.tree("learning_curve.json", found.json("learning_curve.json"), whole)
    found.csv("learning_curve.csv", rows, ("experiment", "fraction"))
