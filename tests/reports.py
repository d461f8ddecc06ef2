"""Artificial runs, and tables and reports of them by the functions of the jobs."""

import contextlib
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd

from conftest import ROOT
from mmsent.evaluation.bad_cases import bad_case_numbers, bad_cases, shown_cases
from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.label_noise import noise_numbers, ranked_labels, scores_without
from mmsent.evaluation.learning_curve import learning_curve
from mmsent.evaluation.pairs import baseline_tests, paired_tests, probe_families
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.selection import selection_optimism
from mmsent.evaluation.submission import submission_numbers
from mmsent.figures.efficiency import efficiency_rows
from mmsent.labels import LABELS
from mmsent.plan.resolve import resolve
from mmsent.report.baselines import baseline_scores
from mmsent.report.document import ReportInputs, report_values
from mmsent.report.fixes import postprocessing_effect
from mmsent.report.render import rendered
from mmsent.report.reported import PrintedFigures
from mmsent.report.scores import scores_table

PRINTED = PrintedFigures(ROOT / "config/paper_results.csv")
VERSIONS = {"v3_clip": 0.6, "v4_balanced_clip": 0.8, "v5_multi_fusion": 0.8}
GRID = {"ablation/text_only": 0.6, "ablation/image_only": 0.5, "ablation/multimodal_late": 0.7}
SPREAD = {"mean": 0.7, "sd": 0.01, "mean_difference": 0.01, "largest_difference": 0.03,
          "repeatability": 0.04}  # fmt: skip

CARD = {
    "labelled": 90, "classes": {"negative": 30, "neutral": 9, "positive": 51}, "imbalance": 5.67,
    "folds": [{}, {}, {}], "empty": 1, "encodings": {"utf-8": 80, "gb18030": 19}, "actions": {},
    "text_blanked": 0, "image_blanked": 0,
    "duplicates": {"labelled_groups": 3, "posts_in_labelled_groups": 7, "conflicting_groups": 1,
                   "unlabelled_with_labelled_twin": 0},
}  # fmt: skip
HELD_OUT = {"posts": 31, "classes": {"negative": 11, "neutral": 3, "positive": 17},
            "near_duplicates": 1}  # fmt: skip
SETTINGS = {
    "dataset": "posts", "seed": 1, "profile": "offline", "folds": {"inner": 6},
    "duplicates": {"phash_distance": 4, "minimum_words": 4},
}  # fmt: skip
PROVENANCE = {
    "commit": None, "uncommitted_changes": False, "code_sha256": "c", "data_sha256": "d",
    "settings_sha256": "s", "settings": SETTINGS, "python": "3", "system": "s",
    "processor": "p", "cores": 2, "memory_gib": 4, "gpus": [], "packages": {"torch": "2"},
}  # fmt: skip
ENCODERS = [
    {"encoder": "clip", "modality": modality, "parameters": 7, "files": 2, "stands_in": True,
     "weights": [{"model": model, "source": "w.bin", "sha256": "1" * 64, "revision": None}]}
    for modality, model in (("image", "efficientnet"), ("text", "minilm"))
]  # fmt: skip


def settings_of(name):
    """Resolved settings of an experiment, without a profile."""
    return resolved(name, LABELS.rare)


@cache
def resolved(name, rare):
    with contextlib.chdir(ROOT):
        return resolve(name, {}).settings.model_dump()


def runs_of(right, posts=90, folds=3):
    """Predictions of each fold, a share of them right, and the fold table."""
    generator = np.random.default_rng(5)
    sizes = {"p": [0.3, 0.1, 0.6]} if LABELS.are_of_study else {}
    label = generator.choice(len(LABELS), posts, **sizes)
    group = np.array([str(number // 2) for number in range(posts)])
    fold = np.array([int(name) % folds for name in group])
    order = generator.random(posts)
    miss = (label + generator.integers(1, len(LABELS), posts)) % len(LABELS)
    guids = [str(number) for number in range(1, posts + 1)]
    table = pd.DataFrame({"guid": guids, "group": group, "label": label, "fold": fold})
    predicted = np.where(order < right, label, miss)
    chances = np.full((posts, len(LABELS)), 0.1 / (len(LABELS) - 1))
    chances[np.arange(posts), predicted] = 0.9
    every = table[["guid", "label"]].assign(predicted=predicted)
    every[LABELS.probability_columns] = chances
    runs = []
    for number in range(folds):
        parts = {"validation": (number + 1) % folds, "test": number}
        runs.append(pd.concat([every[fold == part].assign(fold=number, subset=subset)
                               for subset, part in parts.items()], ignore_index=True))  # fmt: skip
    return runs, table


@cache
def evaluated(right, posts, folds, labels):
    """Metrics and pooled predictions of an experiment with a share of its predictions right."""
    runs, table = runs_of(right, posts, folds)
    return experiment_metrics(runs, table, 100, 0.95, 0), pooled(runs, table)


def table_of(rights, kind="consecutive", posts=90, folds=3, paper=False):
    """Everything of a table of experiments, of which a share of the predictions is right."""
    metrics, tables = {}, {}
    for name, right in rights.items():
        metrics[name], tables[name] = evaluated(right, posts, folds, tuple(LABELS))
    experiments = {name: settings_of(name) for name in rights}
    modalities = {name: settings["modality"] for name, settings in experiments.items()}
    tests = paired_tests(tables, modalities, kind, [], 400, 0.95, 0)
    runs = [{"best_epoch": 3, "trained_parameters": 4321, "train_posts": 80},
            {"best_epoch": 6, "train_posts": 82}]  # fmt: skip
    optimistic = {
        name: {"validation": own["test"] | {"weighted_f1": 0.9},
               "interval": {"weighted_f1": [0.85, 0.95]}, "posts": 36, "train_posts": 204,
               "with_twin_in_training": 4}
        for name, own in metrics.items()
    }  # fmt: skip
    scores = scores_table(experiments, metrics, dict.fromkeys(rights, runs), PRINTED,
                          tests["families"], optimistic if paper else {})  # fmt: skip
    return SimpleNamespace(experiments=experiments, metrics=metrics, tables=tables, tests=tests,
                           scores=scores, selection=selection_optimism(tables, 100, 0))  # fmt: skip


def held_out_of(made, folds):
    """The results of such a table on held-out posts, as if they were those of its own posts."""
    beside = {f"{key}{end}": 0.0 for key in ("single", "out_of_fold", "difference")
              for end in ("", "_low", "_high")}  # fmt: skip
    experiments = {name: own | beside for name, own in made.metrics.items()}
    return {"experiments": experiments, "tests": made.tests, "models": folds, "near_duplicates": 1}


def baselines_of(made, folds):
    """Scores of baselines, one of them left out, and the tests of all experiments against them."""
    probe, name = "baselines/probe_both", "average_of_versions"
    tables = {n: own for table in made.values() for n, own in table.tables.items()}
    metrics = {
        probe: evaluated(0.65, 90, folds, tuple(LABELS)),
        name: evaluated(0.85, 90, folds, tuple(LABELS)),
    }
    tables |= {n: own for n, (_, own) in metrics.items()}
    modalities = {n: settings["modality"] for table in made.values()
                  for n, settings in table.experiments.items()}  # fmt: skip
    families = probe_families(modalities, {"both": probe}, {name: [*made["versions"].tables]})
    tests = baseline_tests(tables, families, [probe], [], 400, 0.95, 0)
    about = {probe: "Linear probe", "baselines/vader": "VADER", name: "Average"}
    runs = {probe: [{"c": 0.01, "trained_parameters": 9}], "baselines/vader": [{"left_out": "why"}]}
    scores = baseline_scores({n: {"title": t, "modality": "both"} for n, t in about.items()},
                             {n: own for n, (own, _) in metrics.items()}, runs)  # fmt: skip
    return [scores.replace({"left_out": {"": None}})], [tests]


def report(versions=VERSIONS, ablation=GRID, *, folds=3, unlabelled=9, also=(), without="",
           printed=PRINTED, text="a text", encoders=ENCODERS, **more):  # fmt: skip
    """The whole report of such a run, ``also`` with the study's protocol or a held-out test, or
    ``without`` seeds, baselines or the learning curve.

    ``more`` are other inputs of it.
    """
    shape = {"folds": folds, "paper": "paper" in also}
    made = {"versions": table_of(versions, **shape)}
    made |= {"ablation": table_of(ablation, "grid", **shape)} if ablation else {}
    tables = made["versions"].tables
    beside = baselines_of(made, folds) if without != "baselines" else ([], [])
    _, fold_table = runs_of(0.5, folds=folds)
    posts = pd.DataFrame({"guid": fold_table["guid"], "text": text})
    wrong = {name: bad_cases(table, fold_table, posts) for name, table in tables.items()}
    shown = shown_cases(wrong, fold_table, 2)
    for case in [*shown["last"], *shown["common"]]:
        case["picture"] = int(case["guid"]) % 2 == 0
        case["probabilities"] = dict(sorted(case["probabilities"].items()))  # as JSON has them
    last = len(LABELS) - 1
    chances = np.tile([*[0.4 / last] * last, 0.6], (unlabelled, 1))
    submitted = submission_numbers(chances, np.full(unlabelled, last), None)
    averaged = list(versions)[-1:]
    ranked = ranked_labels([tables[name] for name in averaged], fold_table, posts)
    noise = noise_numbers(ranked) | {"averaged": averaged}
    noise |= {"scores": scores_without(tables, ranked, averaged)}
    parts = {
        0.5: evaluated(0.5, 90, folds, tuple(LABELS))[1],
        1.0: evaluated(0.7, 90, folds, tuple(LABELS))[1],
    }
    drawn = learning_curve({"row": parts}, {"row": {0.5: 36, 1.0: 72}}, tables, 200, 0.95, 0)
    every = pd.concat([own.scores for own in made.values()])
    seconds = pd.DataFrame({"experiment": every["experiment"], "train": 5.0, "search": 0.0})
    epoch = {"train_f1": 0.8, "validation_f1": 0.7}
    spread = {"seeds": 3, "folds": folds}
    for kind in ("pooled", "one_fold", "one_validation"):
        spread[kind] = {"posts": 9, "weighted_f1": SPREAD}
    classes = {} if LABELS.are_of_study else {"classes": dict.fromkeys(sorted(LABELS), 9)}
    size = {"mean": 1.0, "median": 1.0, "p5": 1.0, "p95": 1.0}
    known = 90 + unlabelled
    inputs = ReportInputs(
        metrics={name: own.metrics for name, own in made.items()},
        scores={name: own.scores for name, own in made.items()},
        tests={name: own.tests for name, own in made.items()},
        held_out={n: held_out_of(own, folds) for n, own in made.items() if "held_out" in also},
        selection={name: own.selection for name, own in made.items()},
        baseline_scores=beside[0],
        baseline_tests=beside[1],
        spreads={"v4_balanced_clip": spread} if without != "seeds" else {},
        submissions=dict.fromkeys(versions, submitted),
        searches={},
        vlm=[],
        changes=[],
        costs=pd.DataFrame({"Rule": ["train"], "Jobs": [3], "Seconds": ["5.0"],
                            "Seconds a job": ["1.7"], "Peak memory [MiB]": ["9"]}),
        deviations=pd.DataFrame({"section": ["1"]}),
        reported=printed,
        card=CARD | classes | {"unlabelled": unlabelled, "posts": known, "listed": known}
        | ({"held_out": HELD_OUT} if "held_out" in also else {}),
        images={"width": size, "height": size, "aspect_ratio": size},
        text_lengths={
            "words": {"mean": 9.0, "quantiles": {"95": 20}},
            "tokens": {"mean": 12.0, "quantiles": {"99": 40}},
            "max_length": 64, "cut_at_max_length": 0.01, "cut": {"32": 0.2},
        },
        curves={n: {"mean_best_epoch": 2, "at_best": epoch, "at_last": epoch} for n in versions},
        bad_cases=bad_case_numbers(tables, wrong, fold_table) | {"shown": shown},
        efficiency={"rows": efficiency_rows(every, seconds.assign(memory=9.0))},
        fixes={
            "guids": {"listed": 99, "as_written": 90, "normalised": 99, "written_otherwise": 9},
            "encoders": encoders,
            "postprocessing": postprocessing_effect(tables),
        },
        provenance=PROVENANCE,
        label_noise=noise,
        learning_curve=[] if without == "learning_curve" else [drawn],
    )  # fmt: skip
    experiments = {name: settings for own in made.values()
                   for name, settings in own.experiments.items()}  # fmt: skip
    inputs = inputs.model_copy(update=more)
    return rendered("report.md.j2", **report_values(inputs, experiments, []))
