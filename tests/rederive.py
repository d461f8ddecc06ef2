"""Every number of the result tables, derived a second time from the predictions of a finished run.

Nothing here uses the code that made the tables (``mmsent.evaluation``, ``mmsent.report``), and
other routes are taken where there are any: scores are scikit-learn's; a resample of groups is a
weight of each post; a temperature is a root of the loss's slope; McNemar's test is a binomial one.

Beside the predictions it reads the folds, the posts' texts, the study's printed figures, settings,
and of a run's metrics those that do not follow from predictions (best epoch, trained parameters).
"""

import hashlib
import itertools
import math
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, t
from sklearn.metrics import confusion_matrix
from statsmodels.stats.multitest import multipletests

from mmsent.data.text import EMPTY, clean_text
from rederive_run import NAN, SIX, Comparison, FinishedRun
from rederive_scores import (
    BINS,
    CHANCES,
    CLASSES,
    all_scores,
    calibration_bins,
    calibration_error,
    class_columns,
    drawn_scores,
    ends,
    gap_columns,
    main_scores,
    mean_log_loss,
    settled_temperature,
    sharpened,
    turned_ends,
)

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
    for name in run.repeated:
        check_seeds(run, name, found)
    if run.settings.vlm:
        check_vlm(run, found)
    return found.compared, found.wrong


# The predictions themselves


def check_predictions(run, found):
    """Whether every run predicts the posts that its fold says, with their labels."""
    kinds = [(run.run_files(name), run.folds) for name in run.names]
    kinds += [(run.run_files(n, seed=seed), run.folds) for n in run.repeated for seed in run.seeds]
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


# results/metrics, results/paper/metrics.json, and the metrics of each run


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
    names = [*run.names, *run.settings.vlm]
    run.paper = {name: {"share": run.share(name)} | paper_measured(run, name) for name in names}
    found.tree("paper/metrics.json", found.json("paper/metrics.json"), run.paper)


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
    number = len({frozenset(pair) for pairs in families.values() for pair in pairs})
    written = found.json(f"{file}.json")
    resamples = written.get("resamples", run.resamples)
    lowest = 2 * number / (resamples + 1)
    if resamples < run.resamples or lowest > (1 - run.level) / 10:
        found.say(f"{file}.json", f"{resamples} resamples are too few for {number} pairs")
    columns = np.hstack([class_columns(run.pooled(name)) for name in names])
    sums = run.sums(columns, run.pooled(names[0])["group"], resamples)
    drawn = {n: drawn_scores(sums[:, 9 * k : 9 * k + 9]) for k, n in enumerate(names)}
    seeds = add_luck(run, names, drawn)
    rows = {f: [tested(run, drawn, *pair) for pair in own] for f, own in families.items()}
    correct([row for own in rows.values() for row in own], 1 - run.level)
    run.tests[table] = rows
    whole = {"families": rows, "posts": len(run.folds), "groups": run.groups}
    whole |= {"level": run.level, "resamples": resamples, "seeds": seeds}
    found.tree(f"{file}.json", written, whole, SIX)
    flat = [flattened(row, family) for family, own in rows.items() for row in own]
    found.csv(f"{file}.csv", flat, ("family", "first", "second"), SIX)


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


# results/{table}.csv


def check_scores(run, table, found):
    families, names = run.tests[table], run.tables[table]
    worse = {row["first"] for row in families["best_other"] if row["verdict"] == "worse"}
    rows = []
    for name in names:
        row = identity(run, name, found) | scores_of(run, name)
        row["best_set"] = name not in worse
        here = row["weighted_f1"]
        row |= gains(families, name) | reported(run, name) | paper_columns(run, name, here)
        rows.append(row)
    settings = ("title", "modality", "fusion", "epochs")
    found.csv(f"{table}.csv", rows, ["experiment"], others=settings)


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
        "mean_best_epoch": sum(one.get("best_epoch", NAN) for one in own) / len(own),
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


def reported(run, name):
    metrics = ("weighted_f1", "accuracy", *(f"f1_{label}" for label in CLASSES))
    return {f"reported_{m}": (run.printed_figures(name, m) or [None])[-1] for m in metrics}


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
