"""What re-derives the tables of a finished run: it agrees with a right one, and finds errors."""

import json
import re
import runpy
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)
from statsmodels.stats.multitest import multipletests

from conftest import ROOT
from mmsent.evaluation.pooling import prediction_metrics
from mmsent.tables import write_table
from rederive import check_metrics, disagreements, holm
from rederive_documents import check_report, markdown_tables
from rederive_run import Comparison, FinishedRun
from rederive_scores import (
    CHANCES,
    class_columns,
    drawn_scores,
    post_weights,
    settled_temperature,
    sharpened,
)

VERSIONS = ["v3_clip", "v4_balanced_clip"]
GRID = ["text_only", "image_only", "multimodal_adaptive"]
NAMES = [*VERSIONS, *(f"ablation/{name}" for name in GRID)]
BOTH = {*VERSIONS, "ablation/multimodal_adaptive"}
SETTINGS = {
    "seed": 3,
    "folds": {"outer": 2, "inner": 4},
    "intervals": {"resamples": 1000, "level": 0.9},
    "protocol": "both",
    "seeds": {"experiments": ["v4_balanced_clip"], "number": 2},
    "vlm": ["qwen2_vl_2b", "qwen2_vl_zero_shot"],
    "versions": VERSIONS,
    "ablation": GRID,
}
POSTS = 60


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


def write_run(folder, table, trained):
    write_table(folder / "predictions.parquet", table)
    validation = prediction_metrics(table[table["subset"] == "validation"])
    numbers = {"best_epoch": 3, "trained_parameters": 12345, "train_posts": int(trained)}
    (folder / "metrics.json").write_text(json.dumps(numbers | {"validation": validation}))


def script(name, **options):
    """Run a script of the project with these options, in this process."""
    sys.argv = [name]
    for key, value in options.items():
        sys.argv += [f"--{key}", *map(str, value if isinstance(value, list) else [value])]
    runpy.run_path(str(ROOT / f"scripts/{name}.py"), run_name="__main__")


CHOSEN = {"resamples": 1000, "level": 0.9, "seed": 3}
FOLDS, REPORTED = "results/data/folds.tsv", "config/paper_results.csv"


def paper_file(name):
    return f"results/paper/metrics/{name}.json"


def make_metrics(name):
    file, paper = f"results/metrics/{name}.json", paper_file(name)
    runs = [f"results/runs/{name}/{fold}/predictions.parquet" for fold in range(2)]
    script("evaluate", folds=FOLDS, predictions=runs, out=file, **CHOSEN)
    run, split = f"results/paper/runs/{name}/0/predictions.parquet", "results/paper/split/0.15.tsv"
    script("evaluate_paper", split=split, predictions=run, out=paper, **CHOSEN)
    return file, paper


def make_table(table, names, spreads):
    """A table's statistics, scores and document."""
    files = [f"config/experiments/{name}.yaml" for name in names]
    runs = [f"results/runs/{name}/{fold}" for name in names for fold in range(2)]
    metrics, paper = (list(own) for own in zip(*map(make_metrics, names), strict=True))
    modalities = {name: "both" if name in BOTH else name[9:].split("_")[0] for name in names}
    common = {"experiments": names, "modalities": json.dumps(modalities), "folds": FOLDS}
    common |= {"predictions": [f"{run}/predictions.parquet" for run in runs]} | CHOSEN
    paired, scores = f"results/paired_tests/{table}", f"results/{table}.csv"
    robustness, slices = f"results/robustness/{table}.csv", f"results/slices/{table}.csv"
    pairs = "grid" if table == "ablation" else "consecutive"
    files_of_tests = {"csv": f"{paired}.csv", "numbers": f"{paired}.json"}
    script("paired_tests", pairs=pairs, spreads=spreads, **files_of_tests, **common)
    script("robustness", out=robustness, **common)
    script("slices", posts="results/data/posts.parquet", out=slices, **common)
    given = {"reported": REPORTED, "paired": f"{paired}.json"}
    script("scores", experiments=files, metrics=metrics, paper=paper, out=scores, **given,
           adjustments="config/adjustments/offline.yaml",
           runs=[f"{run}/metrics.json" for run in runs])  # fmt: skip
    given["scores"] = scores
    if table == "versions":
        script("comparison", vlm="results/vlm.csv", markdown="results/comparison.md",
               csv="results/comparison.csv", **given)  # fmt: skip
        given["experiments"] = files
    script(table, robustness=robustness, slices=slices, markdown=f"results/{table}.md", **given)


def make_seeds(name):
    runs = [f"results/seeds/{name}/{fold}.parquet" for fold in range(2)]
    scores, spread = f"results/seeds/{name}.csv", f"results/seeds/{name}.json"
    script("seed_spread", folds=FOLDS, predictions=runs, scores=scores, spread=spread)
    script(
        "seeds", experiments=name, spreads=spread, reported=REPORTED, markdown="results/seeds.md"
    )
    return spread


def make_vlm(results, folds, split, generator):
    """A vision-language model of random weights on a fold, and a real one that is poor."""
    names = SETTINGS["vlm"]
    for name, hits, exercise in zip(names, (0.7, 0.05), (True, False), strict=True):
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
        run = f"results/paper/runs/{name}/0/predictions.parquet"
        script("evaluate_paper", split="results/paper/split/0.1.tsv", predictions=run,
               out=paper_file(name), **CHOSEN)  # fmt: skip
    files = [f"results/runs/{name}/0" for name in names]
    files += [f"results/runs/{name}/{fold}" for name in VERSIONS for fold in range(2)]
    script("vlm", experiments=names, versions=VERSIONS, folds=FOLDS, reported=REPORTED,
           adjustments="config/adjustments/offline.yaml", csv="results/vlm.csv",
           predictions=[f"{file}/predictions.parquet" for file in files],
           runs=[f"{file}/metrics.json" for file in files],
           costs=[f"results/costs/vlm/{name}/0.json" for name in names],
           paper=[paper_file(name) for name in names],
           markdown="results/vlm.md", **CHOSEN)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with ``config/`` and the ``results/`` of a run of artificial predictions."""
    folder, generator = tmp_path_factory.mktemp("run"), np.random.default_rng(5)
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "config/config.yaml").write_text(yaml.safe_dump(SETTINGS))
    results = folder / "results"
    folds, split, posts = made_posts(generator)
    write_table(results / "data/folds.tsv", folds)
    write_table(results / "data/posts.parquet", posts)
    for share in ("0.1", "0.15", "0.2"):
        write_table(results / f"paper/split/{share}.tsv", split)
    for name in NAMES:
        for fold in range(2):
            trained = (folds[f"split_{fold}"] == "train").sum()
            table = fold_run(name, folds, fold, generator)
            write_run(results / f"runs/{name}/{fold}", table, trained)
        held_out = split[split["split_0"] == "validation"]
        table = predicted(held_out, "validation", 0, generator)
        write_run(results / f"paper/runs/{name}/0", table, (split["split_0"] == "train").sum())
    for fold in range(2):
        repeated = [fold_run("both", folds, fold, generator).assign(seed=seed) for seed in range(2)]
        write_table(results / f"seeds/v4_balanced_clip/{fold}.parquet", pd.concat(repeated))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", [])
        spread = make_seeds("v4_balanced_clip")
        make_vlm(results, folds, split, np.random.default_rng(6))
        make_table("versions", VERSIONS, [spread])
        make_table("ablation", NAMES[2:], [])
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


def rewritten(path, pattern, replacement):
    """Plant an error in the only text that a pattern finds."""
    text, times = re.subn(pattern, replacement, path.read_text(), flags=re.M)
    assert times == 1, (path.name, times)
    path.write_text(text)


def test_planted_errors_are_found_and_nothing_else(results):
    added(results / "ablation.csv", 1, "precision_neutral", 1e-7)
    added(results / "versions.csv", 0, "paper_f1_neutral", 1e-7)
    added(results / "paired_tests/versions.csv", 0, "mcnemar_second_only", 1)
    added(results / "robustness/versions.csv", 2, "loss_high", 1e-7)
    added(results / "slices/ablation.csv", 4, "share", 1e-7)
    added(results / "seeds/v4_balanced_clip.csv", 1, "macro_f1", 1e-7)
    added(results / "vlm.csv", 1, "f1_neutral_high", 1e-7)
    added(results / "vlm.csv", 5, "difference_low", 3e-6)
    family = ("families", "over_image", 1, "macro_f1", "p_holm")
    changed(results / "paired_tests/ablation.json", *family, to=lambda p: p - 2e-6)
    changed(results / "seeds/v4_balanced_clip.json", "one_fold", "accuracy", "range",
            to=lambda value: value + 1e-7)  # fmt: skip
    metrics = results / "metrics/v3_clip.json"
    changed(metrics, "calibration", "after", "ece_high", to=lambda value: value + 1e-7)
    changed(metrics, "by_fold", 1, "mcc", to=lambda value: value - 1e-7)
    changed(results / "paper/metrics/v3_clip.json", "interval", "mcc", 0, to=lambda value: -value)
    rewritten(results / "ablation.md", r"^(\| image_only +\| image +\| -\W+0\.\d{3})(\d)",
              lambda cell: cell[1] + str((int(cell[2]) + 1) % 10))  # fmt: skip
    rewritten(results / "versions.md", r"^(\| v4_balanced_clip +\|.*)\*\*(.*)\*\*", r"\1\2")
    rewritten(results / "comparison.md", r"Measured on 60 posts", "Measured on 61 posts")
    compared, wrong = disagreements(results)
    assert compared > 3000
    assert {line.split(": written")[0] for line in wrong} == {
        "ablation.csv, ablation/image_only, precision_neutral",
        "versions.csv, v3_clip, paper_f1_neutral",
        "paired_tests/versions.csv, consecutive, v4_balanced_clip, v3_clip, mcnemar_second_only",
        "robustness/versions.csv, v4_balanced_clip, text, loss_high",
        "slices/ablation.csv, near-duplicates, with a twin, ablation/image_only, share",
        "seeds/v4_balanced_clip.csv, 0, 0, test, macro_f1",
        "vlm.csv, qwen2_vl_2b, v3_clip, f1_neutral_high",
        "vlm.csv, qwen2_vl_zero_shot, v4_balanced_clip, difference_low",
        "paired_tests/ablation.json, families, over_image, 1, macro_f1, p_holm",
        "seeds/v4_balanced_clip.json, one_fold, accuracy, range",
        "metrics/v3_clip.json, calibration, after, ece_high",
        "metrics/v3_clip.json, by_fold, 1, mcc",
        "paper/metrics/v3_clip.json, interval, mcc, 0",
        "ablation.md, Ablation, image_only, Weighted F1",
        "versions.md, Model versions, v4_balanced_clip, Weighted F1",
        "comparison.md, sentence 'Measured on ([\\\\d,]+) posts'",
    }


def test_a_swapped_prediction_moves_the_scores_of_its_experiment_alone(results):
    path = results / "runs/v3_clip/1/predictions.parquet"
    table = pd.read_parquet(path)
    row = table.index[table["subset"] == "test"][0]
    table.loc[row, "predicted"] = (table.loc[row, "predicted"] + 1) % 3
    write_table(path, table)
    run, found = FinishedRun(results, results.parent / "config"), Comparison(results)
    for name in VERSIONS:
        check_metrics(run, name, found)
    places = {line.split(": written")[0] for line in found.wrong}
    assert {
        "metrics/v3_clip.json, test, accuracy",
        "metrics/v3_clip.json, by_fold, 1, accuracy",
    } <= places
    assert not any("v4" in place or "calibration" in place for place in places)


def test_the_report_repeats_the_tables_of_the_documents(results):
    final = (results / "comparison.md").read_text().split("\n\n")[1]
    report = results / "report.md"
    report.write_text(f"# Report\n\n## 7. Final comparison\n\n{final}\n")
    for name in VERSIONS:
        (results / "submission").mkdir(exist_ok=True)
        (results / f"submission/{name}.txt").write_text("guid,tag\n")
    seconds = pd.DataFrame({"experiment": NAMES, "train": 2.0, "search": 0.0, "memory": 9.0})
    write_table(results / "seconds.tsv", seconds)
    rewritten(report, r"^(\| v4_balanced_clip .*\|) [a-z ]+\|$", r"\1 surely better |")
    run, found = FinishedRun(results, results.parent / "config"), Comparison(results)
    check_report(run, found)
    lines = [line for line in found.wrong if "no table of" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("report.md, Final comparison, v4_balanced_clip, Against")
    missing = [line for line in found.wrong if "no table of" in line]
    assert any("Ablation: no table" in line for line in missing)


@pytest.mark.parametrize("change", ["label", "fold", "post", "twice"])
def test_predictions_of_other_posts_end_the_check(results, change):
    path = results / "seeds/v4_balanced_clip/0.parquet"
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
    assert line.startswith("seeds/v4_balanced_clip/0.parquet: the posts, labels or folds")


def test_resampled_scores_are_those_of_weighted_posts():
    generator = np.random.default_rng(1)
    label, said = generator.integers(0, 3, 40), generator.integers(0, 2, 40)
    label[:20] %= 2
    group = np.arange(40) // 2  # the last class is there in some resamples, and never predicted
    table = pd.DataFrame({"label": label, "predicted": said})
    (weights,) = post_weights(group, 30, 0)
    drawn = drawn_scores(weights @ class_columns(table))
    assert np.unique(weights.sum(1)) == 40
    assert (weights[:, ::2] == weights[:, 1::2]).all()
    given = {"labels": [0, 1, 2], "zero_division": 0}
    for number, weight in enumerate(weights):
        own = {"y_true": label, "y_pred": said, "sample_weight": weight}
        right = {
            "accuracy": accuracy_score(**own),
            "weighted_f1": f1_score(**own, average="weighted", zero_division=0),
            "mcc": matthews_corrcoef(**own),
            "precision_neutral": precision_score(**own, average=None, **given)[1],
            "recall_negative": recall_score(**own, average=None, **given)[0],
            "f1_positive": f1_score(**own, average=None, **given)[2],
        }
        there = np.unique(np.concatenate([label[weight > 0], said[weight > 0]]))
        right["macro_f1"] = f1_score(**own, average="macro", labels=there, zero_division=0)
        for metric, value in right.items():
            assert drawn[metric][number] == pytest.approx(value, abs=1e-12), metric


def test_p_values_are_corrected_as_statsmodels_does():
    for values in ([0.01, 0.04, 0.03, 0.005, 0.03], [0.5], [0.2, 0.2, 0.9], []):
        expected = multipletests(values, method="holm")[1] if values else []
        assert holm(values) == pytest.approx(expected)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_a_temperature_counts_as_settled_only_where_the_loss_is_lowest(temperature):
    generator = np.random.default_rng(2)
    chances = generator.dirichlet([1, 1, 1], 3000)
    label = np.array([generator.choice(3, p=row) for row in chances])
    table = pd.DataFrame(sharpened(chances, 1 / temperature), columns=CHANCES).assign(label=label)
    own = settled_temperature(table, None)
    assert own == pytest.approx(temperature, rel=0.05)
    assert settled_temperature(table, own * 1.00001) == own * 1.00001
    assert settled_temperature(table, own * 1.001) == own


def test_markdown_tables_are_read_cell_by_cell():
    text = "# One\n\n| a | b |\n|:--|---|\n| x \\| y | **1** |\n\n## Two\n| c |\n|---|\n| |\n"
    assert markdown_tables(text) == [
        ("One", [["a", "b"], ["x | y", "**1**"]]),
        ("Two", [["c"], [""]]),
    ]


def test_it_uses_nothing_that_makes_the_tables():
    for path in (ROOT / "tests").glob("rederive*.py"):
        assert not re.findall(
            r"^\s*(?:from|import) mmsent\.(?:evaluation|report)", path.read_text(), re.M
        )
