"""What re-derives the tables of a finished run: it agrees with a right one, and finds errors."""

import contextlib
import itertools
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

import job
from conftest import ROOT
from mmsent import paths
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.files import read_json
from mmsent.report.scores import scores_table
from mmsent.tables import write_table
from rederive import CHANCES, Comparison, FinishedRun, check_metrics, disagreements
from reports import PRINTED, settings_of

VERSIONS = ["v3_clip", "v4_balanced_clip"]
GRID = ["text_only", "image_only", "multimodal_adaptive"]
NAMES = [*VERSIONS, *(f"ablation/{name}" for name in GRID)]
BOTH = {*VERSIONS, "ablation/multimodal_adaptive"}
SETTINGS = {
    "seed": 3,
    "folds": {"outer": 2, "inner": 4},
    "intervals": {"resamples": 1000, "level": 0.9},
    "protocol": "both",
    "profile": "paper",  # without overrides
    "seeds": {"experiments": ["v4_balanced_clip"], "number": 2},
    "learning_curve": {"experiments": ["v3_clip"], "fractions": [0.5]},
    "vlm": ["qwen2_vl_2b", "qwen2_vl_zero_shot"],
    "versions": VERSIONS,
    "ablation": GRID,
    "baselines": ["majority", "probe_text", "probe_image", "probe_both", "vader"],
}
BASELINES = {f"baselines/{name}": about for name, about in {
    "majority": "none", "probe_text": "text", "probe_image": "image", "probe_both": "both",
    "vader": "text"}.items()}  # fmt: skip
POSTS = 60
HELD_OUT = pd.DataFrame({
    "guid": [str(number) for number in range(61, 91)],
    "group": [str(60 + number // 2) for number in range(30)],
    "label": np.tile([2, 0, 1], 10),
    "near_duplicate": [number // 2 == 4 for number in range(30)],
})  # fmt: skip


def made_posts(generator):
    """Posts in two folds and groups of one or two, and the study's split of them."""
    guids = [str(number) for number in range(1, POSTS + 1)]
    folds = pd.DataFrame({"guid": guids, "group": [str(n * 2 // 3) for n in range(POSTS)]})
    folds["label"] = np.tile([0, 1, 2, 2, 0], POSTS // 5)
    folds["fold"] = folds["group"].astype(int) % 2
    rest = np.where(folds["group"].astype(int) % 3 == 0, "validation", "train")
    for fold in range(2):
        folds[f"split_{fold}"] = np.where(folds["fold"] == fold, "test", rest)
    split = folds.drop(columns=["split_0", "split_1"]).assign(fold=0)
    split["split_0"] = np.where(np.arange(POSTS) % 4 == 0, "validation", "train")
    texts = ["", "RT @a: http://b.c", "one", "two words", "and three words", "now four of them"]
    posts = pd.DataFrame({"guid": guids, "label": folds["label"], "subset": "labelled"})
    posts["text"] = generator.choice(texts, POSTS)
    posts["image_blanked"] = True
    posts["image_file"] = ""
    return folds, split, posts


def predicted(table, subset, fold, generator, hits=0.7):
    """Predictions of posts of which about a share ``hits`` is right."""
    label = table["label"].to_numpy()
    said = np.where(
        generator.random(len(label)) < hits, label, generator.integers(0, 3, len(label))
    )
    chances = generator.dirichlet([1, 1, 1], len(label)) + 0.7 * np.eye(3)[said]
    own = pd.DataFrame({"guid": table["guid"], "fold": fold, "subset": subset, "label": label})
    own[CHANCES] = chances / chances.sum(1, keepdims=True)
    return own.assign(predicted=said)


def fold_run(name, folds, fold, generator):
    """Predictions of one run, with what it says without a modality and how it weighs its parts."""
    subsets = ["test", "validation"]
    subsets += ["test_without_text", "test_without_image"] if name in BOTH else []
    tables = []
    for subset in subsets:
        posts = folds[folds[f"split_{fold}"] == subset.split("_")[0]]
        tables.append(predicted(posts, subset, fold, generator))
    table = pd.concat(tables, ignore_index=True)
    if "adaptive" in name:
        weights = generator.dirichlet([3, 2, 1], len(table))
        table[["weight_late", "weight_early", "weight_attention"]] = weights
    return table


def write_run(folder, table, trained, threshold=None):
    write_table(folder / "predictions.parquet", table)
    validation = prediction_metrics(table[table["subset"] == "validation"])
    numbers = {"best_epoch": 3, "trained_parameters": 12345, "train_posts": int(trained),
               "postprocessing_threshold": threshold}  # fmt: skip
    (folder / "metrics.json").write_text(json.dumps(numbers | {"validation": validation}))


BOOTSTRAP = {"resamples": 1000, "level": 0.9, "seed": 3}


def call(name, **arguments):
    """Run a job of the project, in this process."""
    job.run([name, json.dumps(arguments)])


def predictions_of(name, *folds, seed=""):
    return [paths.run(name, fold, paths.PREDICTIONS, seed=seed) for fold in folds]


def make_table(table, names, spreads):
    """The metrics, tests, supporting statistics and scores of a table."""
    kinds = {name: modality_of(name) for name in names}
    files = {
        "metrics": paths.metrics(table), "tests": paths.paired_tests(table),
        "tests_csv": paths.paired_tests(table, "csv"), "robustness": paths.robustness(table),
        "slices": paths.slices(table), "selection": paths.selection(table),
    }  # fmt: skip
    call("evaluate", folds=paths.FOLDS, posts=paths.POSTS, modalities=kinds, spreads=spreads,
         predictions={name: predictions_of(name, 0, 1) for name in names}, bootstrap=BOOTSTRAP,
         pairs="grid" if table == "ablation" else "consecutive", **files)  # fmt: skip
    runs = {name: [read_json(paths.run(name, fold, paths.METRICS)) for fold in range(2)]
            for name in names}  # fmt: skip
    call("evaluate_test", labels=paths.TEST_LABELS, folds=paths.FOLDS, tests=files["tests"],
         predictions={name: predictions_of(name, 0, 1) for name in names}, bootstrap=BOOTSTRAP,
         runs={name: [paths.run(name, fold, paths.METRICS) for fold in (0, 1)] for name in names},
         postprocessing={name: settings_of(name)["postprocessing"] for name in names},
         results=paths.held_out(table), scores=paths.held_out(table, "csv"))  # fmt: skip
    families = read_json(files["tests"])["families"]
    settings = {name: settings_of(name) for name in names}
    paper = read_json(paths.metrics(table, paths.PAPER))
    scores = scores_table(settings, read_json(files["metrics"]), runs, PRINTED, families, paper)
    write_table(paths.scores(table), scores)


def make_seeds(name):
    spread = paths.seeds(name, "json")
    runs = {n: predictions_of(name, 0, 1, seed=paths.seed_folder(n)) for n in range(2)}
    call("evaluate_seeds", folds=paths.FOLDS, predictions={name: runs},
         scores=[paths.seeds(name, "csv")], spreads=[spread])  # fmt: skip
    return spread


def modality_of(name):
    return "both" if name in BOTH else name[9:].split("_")[0]


def make_baselines(results, folds, spread):
    """Baselines of which the last one was left out, the average of the versions, and tests."""
    generator = np.random.default_rng(8)
    for name, fold in itertools.product(BASELINES, range(2)):
        table = fold_run(name, folds, fold, generator)
        folder = results / f"runs/{name}/{fold}"
        left_out = name.endswith("vader")
        write_table(folder / "predictions.parquet", table.iloc[:0] if left_out else table)
        record = {"left_out": "why"} if left_out else {"c": 0.1, "train_posts": 9}
        (folder / "metrics.json").write_text(json.dumps(record))
    average = predictions_of(paths.AVERAGE, 0, 1)
    call("average_versions", average=average,
         predictions={name: predictions_of(name, 0, 1) for name in VERSIONS})  # fmt: skip
    files = {"metrics": paths.metrics(paths.BASELINES),
             "tests": paths.paired_tests(paths.BASELINES)}  # fmt: skip
    call("evaluate_baselines", folds=paths.FOLDS, average={paths.AVERAGE: average},
         baselines={name: predictions_of(name, 0, 1) for name in BASELINES},
         predictions={name: predictions_of(name, 0, 1) for name in NAMES},
         modalities={name: modality_of(name) for name in NAMES} | {paths.AVERAGE: "both"},
         probes={kind: f"baselines/probe_{kind}" for kind in ("text", "image", "both")},
         averaged={paths.AVERAGE: VERSIONS}, spreads=[spread], bootstrap=BOOTSTRAP,
         tests_csv=paths.paired_tests(paths.BASELINES, "csv"), **files)  # fmt: skip
    about = {
        n: {"title": n, "modality": m} for n, m in (BASELINES | {paths.AVERAGE: "both"}).items()
    }
    runs = {name: [paths.run(name, fold, paths.METRICS) for fold in range(2)] for name in BASELINES}
    call("write_baselines", experiments=about, runs=runs, scores=paths.scores(paths.BASELINES),
         document=paths.document(paths.BASELINES), **files)  # fmt: skip


def make_paper():
    ablation = [name for name in NAMES if name not in VERSIONS]
    tables = {"versions": VERSIONS, "ablation": ablation, "vlm": SETTINGS["vlm"]}
    for table, names in tables.items():
        shares = {name: f"{settings_of(name)['paper_validation']:g}" for name in names}
        runs = [paths.run(name, 0, paths.PREDICTIONS, paths.PAPER) for name in names]
        call("evaluate_paper", shares=shares, splits=[*map(paths.split, shares.values())],
             predictions=runs, bootstrap=BOOTSTRAP,
             metrics=paths.metrics(table, paths.PAPER))  # fmt: skip


def make_vlm():
    names = SETTINGS["vlm"]
    folds = dict.fromkeys(names, (0,)) | dict.fromkeys(VERSIONS, (0, 1))
    call("write_vlm", experiments={name: settings_of(name) for name in names}, folds=paths.FOLDS,
         predictions={name: predictions_of(name, *own) for name, own in folds.items()},
         runs={name: [paths.run(name, fold, paths.METRICS) for fold in own]
               for name, own in folds.items()},
         costs={name: [paths.cost(name, 0)] for name in names},
         paper=[paths.metrics("vlm", paths.PAPER)],
         reported="config/paper_results.csv", bootstrap=BOOTSTRAP, document=paths.VLM,
         csv=paths.VLM_SCORES)  # fmt: skip


def make_label_noise():
    call("find_label_issues", folds=paths.FOLDS, posts=paths.POSTS, images="images",
         predictions={name: predictions_of(name, 0, 1) for name in VERSIONS},
         tests=paths.paired_tests("versions"), csv=paths.analysis("label_noise", "csv"),
         figures=paths.figures("label_noise", ["conflicts", "doubtful"]),
         numbers=paths.analysis("label_noise", "json"),
         document=paths.analysis("label_noise", "md"))  # fmt: skip


def make_learning_curve(results, folds):
    """The probe and a version, each on half of the training posts too."""
    generator, names = np.random.default_rng(7), ("baselines/probe_both", "v3_clip")
    folders = {"0.5": paths.fraction_folder(0.5), "1": ""}
    for name, fold in itertools.product(names, range(2)):
        run = results / f"runs/{name}/{folders['0.5']}{fold}"
        write_run(run, fold_run(name, folds, fold, generator), 5 + fold)
    files = {
        kind: {
            name: {part: [paths.run(name, fold, file, seed=folder) for fold in range(2)]
                   for part, folder in folders.items()}
            for name in names
        }
        for kind, file in (("predictions", paths.PREDICTIONS), ("runs", paths.METRICS))
    }  # fmt: skip
    call("write_learning_curve", folds=paths.FOLDS, bootstrap=BOOTSTRAP, **files,
         versions={name: predictions_of(name, 0, 1) for name in VERSIONS},
         figure=paths.figure("learning_curve"), csv=paths.analysis("learning_curve", "csv"),
         numbers=paths.analysis("learning_curve", "json"),
         document=paths.analysis("learning_curve", "md"))  # fmt: skip


def predict_vlm(results, folds, split, generator):
    """A vision-language model of random weights on a fold, and a real one that is poor."""
    for name, hits, exercise in zip(SETTINGS["vlm"], (0.7, 0.05), (True, False), strict=True):
        posts = folds[folds["split_0"] == "test"]
        write_table(results / f"runs/{name}/0/predictions.parquet",
                    predicted(posts, "test", 0, generator, hits))  # fmt: skip
        held_out = split[split["split_0"] == "validation"]
        write_table(results / f"paper/runs/{name}/0/predictions.parquet",
                    predicted(held_out, "validation", 0, generator, hits))  # fmt: skip
        numbers = {"exercise": exercise, "parameters": 9, "trained_parameters": 3}
        (results / f"runs/{name}/0/metrics.json").write_text(json.dumps(numbers))
        cost = {"device": "CPU", "precision": "fp32", "peak_memory": 9.0, "seconds": 2.0}
        path = results / f"costs/vlm/{name}/0.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(cost | {"predicted_posts_per_second": 5.0}))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with ``config/`` and the ``results/`` of a run of artificial predictions."""
    folder, generator = tmp_path_factory.mktemp("run"), np.random.default_rng(5)
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "config/config.yaml").write_text(yaml.safe_dump(SETTINGS))
    results = folder / "results"
    folds, split, posts = made_posts(generator)
    write_table(results / "data/test_labels.tsv", HELD_OUT)
    write_table(results / "data/folds.tsv", folds)
    write_table(results / "data/posts.parquet", posts)
    for share in ("0.1", "0.15", "0.2"):
        write_table(results / f"paper/split/{share}.tsv", split)
    for name in NAMES:
        for fold in range(2):
            trained = (folds[f"split_{fold}"] == "train").sum()
            other = predicted(HELD_OUT, "unlabelled", fold, np.random.default_rng(fold + 7))
            table = pd.concat([fold_run(name, folds, fold, generator), other.assign(label=-1)])
            threshold = 0.6 + fold / 5 if name == "v3_clip" else None
            write_run(results / f"runs/{name}/{fold}", table, trained, threshold)
        held_out = split[split["split_0"] == "validation"]
        table = predicted(held_out, "validation", 0, generator)
        write_run(results / f"paper/runs/{name}/0", table, (split["split_0"] == "train").sum())
    for fold, seed in itertools.product(range(2), range(2)):
        write_table(results / f"runs/v4_balanced_clip/seed{seed}/{fold}/predictions.parquet",
                    fold_run("both", folds, fold, generator))  # fmt: skip
    predict_vlm(results, folds, split, np.random.default_rng(6))
    with contextlib.chdir(folder):
        make_paper()
        make_vlm()
        spread = make_seeds("v4_balanced_clip")
        make_baselines(results, folds, spread)
        make_table("versions", VERSIONS, [spread])
        make_table("ablation", NAMES[2:], [])
        make_label_noise()
        make_learning_curve(results, folds)
    return folder


@pytest.fixture
def results(made, tmp_path):
    """A copy of the results to plant errors in."""
    return shutil.copytree(made, tmp_path / "copy") / "results"


def added(path, row, column, amount):
    """Plant an error in a number of a CSV file."""
    table = pd.read_csv(path)
    table[column] = table[column].astype(float)
    table.loc[row, column] += amount
    write_table(path, table)


def changed(path, *keys, to):
    """Plant an error in a number of a JSON file; ``to`` is a function of the right one."""
    content = json.loads(path.read_text())
    part = content
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = to(part[keys[-1]])
    path.write_text(json.dumps(content))


def test_planted_errors_are_found_and_nothing_else(results):
    added(results / "ablation.csv", 1, "precision_neutral", 1e-7)
    added(results / "versions.csv", 0, "paper_f1_neutral", 1e-7)
    added(results / "paired_tests/versions.csv", 0, "mcnemar_second_only", 1)
    added(results / "robustness/versions.csv", 2, "loss_high", 1e-7)
    added(results / "baselines.csv", 2, "weighted_f1_low", 1e-7)
    changed(results / "paired_tests/baselines.json", "families", "over_probe", 2, "weighted_f1",
            "low", to=lambda low: low + 3e-6)  # fmt: skip
    changed(results / "selection/ablation.json", "weighted_f1", to=lambda value: value + 1e-7)
    added(results / "slices/ablation.csv", 4, "share", 1e-7)
    added(results / "seeds/v4_balanced_clip.csv", 1, "macro_f1", 1e-7)
    doubtful = pd.read_csv(results / "label_noise.csv")["guid"][3]
    added(results / "label_noise.csv", 3, "quality", 1e-7)
    changed(results / "label_noise.json", "noise", "neutral", "positive", to=lambda v: v + 3e-6)
    changed(results / "label_noise.json", "scores", 1, "rank_without", to=lambda rank: rank + 1)
    added(results / "learning_curve.csv", 0, "weighted_f1_low", 1e-7)
    changed(results / "learning_curve.json", "doublings", 0, "advantage", to=lambda v: -v)
    added(results / "vlm.csv", 1, "f1_neutral_high", 1e-7)
    added(results / "vlm.csv", 5, "difference_low", 3e-6)
    added(results / "test/ablation.csv", 1, "f1_neutral_low", 1e-5)
    changed(results / "test/versions.json", "experiments", "v3_clip", "difference_low",
            to=lambda value: value + 1e-5)  # fmt: skip
    family = ("families", "over_image", 1, "macro_f1", "p_holm")
    changed(results / "paired_tests/ablation.json", *family, to=lambda p: p - 2e-6)
    changed(results / "seeds/v4_balanced_clip.json", "one_fold", "accuracy", "range",
            to=lambda value: value + 1e-7)  # fmt: skip
    metrics = results / "metrics/versions.json"
    changed(metrics, "v3_clip", "calibration", "after", "ece_high", to=lambda value: value + 1e-7)
    changed(metrics, "v3_clip", "by_fold", 1, "mcc", to=lambda value: value - 1e-7)
    changed(
        results / "paper/metrics/versions.json", "v3_clip", "interval", "mcc", 0, to=lambda v: -v
    )
    compared, wrong = disagreements(results)
    assert compared > 2500
    assert {line.split(": written")[0] for line in wrong} == {
        "ablation.csv, ablation/image_only, precision_neutral",
        "versions.csv, v3_clip, paper_f1_neutral",
        "paired_tests/versions.csv, consecutive, v4_balanced_clip, v3_clip, mcnemar_second_only",
        "robustness/versions.csv, v4_balanced_clip, text, loss_high",
        f"label_noise.csv, {doubtful}, quality",
        "label_noise.json, noise, neutral, positive",
        "label_noise.json, scores, 1, rank_without",
        "learning_curve.csv, baselines/probe_both, 0.5, weighted_f1_low",
        "learning_curve.json, doublings, 0, advantage",
        "baselines.csv, baselines/probe_image, weighted_f1_low",
        "paired_tests/baselines.json, families, over_probe, 2, weighted_f1, low",
        "selection/ablation.json, weighted_f1",
        "slices/ablation.csv, near-duplicates, with a twin, ablation/image_only, share",
        "seeds/v4_balanced_clip.csv, 0, 0, test, macro_f1",
        "vlm.csv, qwen2_vl_2b, v3_clip, f1_neutral_high",
        "vlm.csv, qwen2_vl_zero_shot, v4_balanced_clip, difference_low",
        "paired_tests/ablation.json, families, over_image, 1, macro_f1, p_holm",
        "seeds/v4_balanced_clip.json, one_fold, accuracy, range",
        "metrics/versions.json, v3_clip, calibration, after, ece_high",
        "metrics/versions.json, v3_clip, by_fold, 1, mcc",
        "paper/metrics/versions.json, v3_clip, interval, mcc, 0",
        "test/ablation.csv, ablation/image_only, f1_neutral_low",
        "test/versions.json, experiments, v3_clip, difference_low",
    }


def test_a_swapped_prediction_moves_the_scores_of_its_experiment_alone(results):
    path = results / "runs/v3_clip/1/predictions.parquet"
    table = pd.read_parquet(path)
    row = table.index[table["subset"] == "test"][0]
    table.loc[row, "predicted"] = (table.loc[row, "predicted"] + 1) % 3
    write_table(path, table)
    run, found = FinishedRun(results, results.parent / "config"), Comparison(results)
    check_metrics(run, "versions", found)
    places = {line.split(": written")[0] for line in found.wrong}
    assert {
        "metrics/versions.json, v3_clip, test, accuracy",
        "metrics/versions.json, v3_clip, by_fold, 1, accuracy",
    } <= places
    assert not any("v4" in place or "calibration" in place for place in places)


@pytest.mark.parametrize("change", ["label", "fold", "post", "twice"])
def test_predictions_of_other_posts_end_the_check(results, change):
    path = results / "runs/v4_balanced_clip/seed1/0/predictions.parquet"
    table = pd.read_parquet(path)
    if change == "twice":
        table = pd.concat([table, table.iloc[:1]])
    elif change == "post":
        table = table.iloc[1:]
    else:
        table.loc[0, change] = 1 - table.loc[0, change] % 2
    write_table(path, table)
    compared, (line,) = disagreements(results)
    assert compared == 0
    assert line.startswith("runs/v4_balanced_clip/seed1/0/predictions.parquet: the posts, labels")


def test_it_uses_nothing_that_makes_the_tables():
    for path in (ROOT / "tests").glob("rederive*.py"):
        assert not re.findall(
            r"^\s*(?:from|import) mmsent\.(?:evaluation|report)", path.read_text(), re.M
        )
