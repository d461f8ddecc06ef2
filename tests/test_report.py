import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from conftest import ROOT
from mmsent.config.experiment import EXPERIMENTS, load_experiment
from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import compared_together
from mmsent.evaluation.pairs import against_best, consecutive, grid_families
from mmsent.evaluation.pooling import pooled
from mmsent.labels import PROBABILITY_COLUMNS
from mmsent.report.comparison import (
    ablation_beside_study,
    ablation_table,
    comparison_parts,
    comparison_table,
    optimism_table,
    versions_table,
)
from mmsent.report.costs import costs_table, experiment_seconds
from mmsent.report.overview import majority
from mmsent.report.provenance import combined_sha256, provenance
from mmsent.report.render import markdown_table, rendered
from mmsent.report.results import PrintedFigures, Result
from mmsent.report.scores import scores_table
from mmsent.report.versions import (
    adjustments_table,
    by_experiment,
    distribution_table,
    search_table,
    weights_table,
)
from mmsent.tables import read_numbers, write_table


def runs_of(right, posts=240, folds=3):
    """Predictions of each fold, a share of them right, and the fold table."""
    generator = np.random.default_rng(5)
    label = generator.choice(3, posts, p=[0.3, 0.1, 0.6])
    guids = np.array([str(number) for number in range(1, posts + 1)])
    group = np.array([str(number // 2) for number in range(posts)])
    fold = np.array([int(name) % folds for name in group])
    order = generator.random(posts)
    miss = (label + generator.integers(1, 3, posts)) % 3
    table = pd.DataFrame({"guid": guids, "group": group, "label": label, "fold": fold})
    runs = []
    for number in range(folds):
        own = np.flatnonzero(fold == number)
        other = np.flatnonzero(fold == (number + 1) % folds)
        parts = []
        for subset, rows in (("validation", other), ("test", own)):
            predicted = np.where(order[rows] < right, label[rows], miss[rows])
            chances = np.full((len(rows), 3), 0.05)
            chances[np.arange(len(rows)), predicted] = 0.9
            part = pd.DataFrame(chances, columns=PROBABILITY_COLUMNS)
            part = part.assign(guid=guids[rows], fold=number, subset=subset, label=label[rows],
                               predicted=predicted)  # fmt: skip
            parts.append(part)
        runs.append(pd.concat(parts, ignore_index=True))
    return runs, table


def results_of(**rights):
    """Results and tests of experiments whose predictions are right so often."""
    results, tables = [], {}
    for key, right in rights.items():
        name = key.replace("ablation_", "ablation/")
        runs, folds = runs_of(right)
        metrics = experiment_metrics(runs, folds, 200, 0.95, 0)
        of_runs = [{"best_epoch": 3, "trained_parameters": 4321, "train_posts": 80},
                   {"best_epoch": 6, "train_posts": 82}]  # fmt: skip
        experiment = load_experiment(ROOT / EXPERIMENTS / f"{name}.yaml")
        results.append(Result(name, experiment, metrics, of_runs))
        tables[name] = pooled(runs, folds)
    modalities = {result.name: result.experiment.modality for result in results}
    pairs = grid_families(modalities) | {"consecutive": consecutive(list(tables))}
    pairs["best_other"] = against_best(list(tables), tables)
    families = compared_together(pairs, tables, 400, 0.95, 0)
    paired = {"families": families, "posts": 240, "groups": 120, "level": 0.95, "resamples": 400}
    return results, paired


def result(name):
    return results_of(**{name.replace("/", "_"): 0.7})[0][0]


@pytest.fixture(scope="module")
def grid():
    return results_of(
        ablation_text_only=0.7, ablation_image_only=0.5, ablation_multimodal_late=0.72
    )


@pytest.fixture
def printed():
    return PrintedFigures(ROOT / "config/paper_results.csv")


def test_gains_are_differences_of_the_rows_shown(grid, printed):
    results, paired = grid
    scores = scores_table(results, printed, paired, {})
    table = ablation_table(scores).set_index("Configuration")
    text, image, late = (result.value("weighted_f1") for result in results)
    gain, percent = late - text, 100 * (late - text) / text
    assert table.loc["multimodal_late", "Over text only"].startswith(
        f"{gain:+.4f} ({percent:+.1f} %) ["
    )
    loss, percent = text - image, 100 * (text - image) / image
    assert table.loc["text_only", "Over image only"].startswith(f"{loss:+.4f} ({percent:+.1f} %) [")
    assert table.loc["text_only", "Over text only"] == "-"
    beside = ablation_beside_study(scores, printed).set_index("Configuration")
    assert beside.loc["text_only", "Reported F1"] == "0.6941"
    assert beside.loc["multimodal_late", "Reported over text"] == "+0.0869 (+12.5 %)"
    low, high = results[2].metrics["interval"]["accuracy"]
    assert table.loc["multimodal_late", "Accuracy"] == (
        f"{results[2].value('accuracy'):.4f} [{low:.3f}, {high:.3f}]"
    )


def test_bold_is_the_set_that_is_not_worse_and_not_the_highest_number(grid, printed):
    results, paired = grid
    scores = scores_table(results, printed, paired, {}).set_index("experiment")
    assert scores["best_set"].to_dict() == {
        "ablation/text_only": True,  # lower than the best, but not told from it
        "ablation/image_only": False,
        "ablation/multimodal_late": True,
    }
    assert scores["weighted_f1"].idxmax() == "ablation/multimodal_late"
    cells = ablation_table(scores.reset_index())["Weighted F1"]
    assert [cell.startswith("**") for cell in cells] == [True, False, True]


def test_scores_are_those_of_the_metrics_with_calibration_beside(grid, printed):
    results, paired = grid
    scores = scores_table(results, printed, paired, {})
    for row, result_ in zip(scores.to_dict("records"), results, strict=True):
        for metric, (low, high) in result_.metrics["interval"].items():
            assert row[metric] == result_.value(metric)
            assert (row[f"{metric}_low"], row[f"{metric}_high"]) == (low, high)
        # Right in 70 % of the posts at a confidence of 90 %: overconfident until scaled.
        assert row["temperature"] > 1
        assert row["ece_scaled"] < row["ece"]
        assert row["log_loss_scaled"] < row["log_loss"]
        assert not any(name.startswith("paper_") for name in row)


def test_the_paper_protocol_stands_beside_as_optimistic(grid, printed):
    results, paired = grid
    paper = {
        result_.name: {
            "validation": result_.metrics["test"] | {"weighted_f1": 0.9},
            "interval": {"weighted_f1": [0.85, 0.95]},
            "posts": 36, "train_posts": 204, "with_twin_in_training": 4,
        }
        for result_ in results
    }  # fmt: skip
    scores = scores_table(results, printed, paired, paper)
    table = ablation_beside_study(scores, printed)
    assert table["Paper protocol F1 (optimistic)"].tolist() == ["0.9000 [0.850, 0.950]"] * 3
    for shown, result_ in zip(table["Optimism (paper - grouped F1)"], results, strict=True):
        assert shown == f"{0.9 - result_.value('weighted_f1'):+.4f}"
    text = rendered("comparison.md.j2", table=table, classes=table, scores=scores, tests=[], vlm=0)
    assert "of its validation posts 4 of 36 have a near-duplicate" in text
    assert "optimistic" in text


def test_the_comparison_keeps_what_the_study_prints_and_this_run_has_not(printed):
    results, paired = results_of(v3_clip=0.6, v4_balanced_clip=0.8)
    scores = scores_table(results, printed, paired, {})
    verdicts = {row["first"]: row["verdict"] for row in paired["families"]["consecutive"]}
    table = comparison_table(scores, printed, verdicts).set_index("Model")
    assert list(table.index)[:2] == ["v3_clip", "v4_balanced_clip"]
    assert {"v1_baseline", "v2_enhanced", "v6_adaptive", "qwen2_vl_2b"} == set(table.index[2:])
    assert table.loc["qwen2_vl_2b", "Study: accuracy"] == "0.8250"
    assert table.loc["qwen2_vl_2b", "Weighted F1"] == "-"
    assert table.loc["v4_balanced_clip", "Study: F1 neutral"] == "0.48"
    assert table.loc["v4_balanced_clip", "Against the version before"] == "better"
    assert table.loc["v3_clip", "Against the version before"] == "-"
    assert table.loc[["v3_clip", "v4_balanced_clip"], "Not worse than the best"].tolist() == [
        "no", "yes"
    ]  # fmt: skip
    whole, by_class = comparison_parts(table.reset_index())
    assert {*whole} | {*by_class} == {"Model", *table.columns}
    assert {*whole} & {*by_class} == {"Model"}


def test_the_versions_table_shows_the_gap_to_validation(printed):
    results, paired = results_of(v4_balanced_clip=0.7)
    scores = scores_table(results, printed, paired, {})
    table = {**versions_table(scores, printed).iloc[0], **optimism_table(scores).iloc[0]}
    gap = results[0].metrics["validation"]["weighted_f1"] - results[0].value("weighted_f1")
    assert table["Validation - test F1"] == f"{gap:+.4f}"
    assert table["Best epoch"] == "4.5 of 15"
    assert table["Trained parameters"] == "4,321"
    assert table["Reported F1"] == "0.7732"
    # With nothing to compare it with, the only version is the best.
    assert table["Weighted F1"].startswith("**")


def test_both_figures_are_shown_where_the_study_contradicts_itself(printed):
    assert printed.text("v6_adaptive", "weighted_f1") == "0.7809 / 0.7865"
    assert printed.text("v1_baseline", "accuracy") == "0.6625 / 0.6613"
    assert printed.text("no_such_row", "accuracy") == "-"


def test_the_printed_gains_follow_from_the_printed_figures(printed):
    text = printed.value("ablation/text_only", "weighted_f1")
    for row in ("image_only", "multimodal_late", "multimodal_early", "multimodal_attention"):
        value = printed.value(f"ablation/{row}", "weighted_f1")
        gain = printed.value(f"ablation/{row}", "gain_over_text")
        assert value - text == pytest.approx(gain, abs=1e-9), row
        percent = printed.value(f"ablation/{row}", "gain_over_text_percent")
        assert 100 * gain / text == pytest.approx(percent, abs=0.06), row


def test_a_figure_named_twice_is_an_error(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("section,row,metric,value,note\n1,a,f1,0.5,\n1,a,f1,0.6,\n")
    with pytest.raises(ValueError, match="named twice"):
        PrintedFigures(path)


def test_cells_cannot_break_a_table():
    text = markdown_table(pd.DataFrame({"a": ["x | y", "two\nlines", "0.70"]}))
    assert text.count("\n") == 4
    assert "x \\| y" in text
    assert "0.70" in text


def test_documents_name_posts_and_groups(grid, printed):
    results, paired = grid
    scores = scores_table(results, printed, paired, {})
    text = rendered(
        "comparison.md.j2", table=scores, classes=scores, scores=scores, tests=[], vlm=0
    )
    assert "Measured on 240 posts" in text
    assert "over 120 near-duplicate groups" in text
    assert "95 % intervals from 200" in text


def test_a_scores_file_gives_back_the_numbers(grid, printed, tmp_path):
    results, paired = grid
    scores = scores_table(results, printed, paired, {})
    write_table(tmp_path / "scores.csv", scores)
    again = read_numbers(tmp_path / "scores.csv")
    missing = scores.where(scores.notna(), np.nan)
    pd.testing.assert_frame_equal(again, missing, check_dtype=False)


def test_costs_add_up(tmp_path):
    for path, seconds, memory in (("train/a/0", 2, 10), ("train/a/1", 4, 30), ("posts", 1, None)):
        file = tmp_path / "benchmarks" / f"{path}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{{"s": {seconds}, "max_rss": {memory or "null"}}}\n')
    table = costs_table(tmp_path.rglob("*.jsonl")).set_index("Rule")
    assert table.loc["train"].tolist() == [2, "6.0", "3.0", "30"]
    assert table.loc["posts", "Peak memory [MiB]"] == "0"
    assert list(table.index) == ["train", "posts"]


def test_seconds_of_an_experiment_are_those_of_all_its_folds_and_searches(tmp_path):
    for path, seconds in (("train/v5/0", 2), ("train/v5/1", 4), ("search/v5/0", 10),
                          ("paper/train/v5/0", 5),
                          ("train/ablation/x/0", 7), ("encode_text/clip.none", 99)):  # fmt: skip
        file = tmp_path / "benchmarks" / f"{path}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{{"s": {seconds}, "max_rss": {seconds}}}\n')
    table = experiment_seconds(sorted(tmp_path.rglob("*.jsonl"))).set_index("experiment")
    assert table.loc["v5"].tolist() == [6, 10, 10]
    assert table.loc["ablation/x"].tolist() == [7, 0, 7]


def test_files_of_an_experiment_come_in_the_order_of_their_folds(tmp_path):
    paths = []
    for name in ("search/v5/10.json", "search/v5/2.json", "search/ablation/x/0.json"):
        paths.append(tmp_path / name)
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        paths[-1].write_text(f'"{name}"')
    found = by_experiment(paths, "search")
    assert found["v5"] == ["search/v5/2.json", "search/v5/10.json"]
    assert found["ablation/x"] == ["search/ablation/x/0.json"]


def test_the_trials_of_a_search_are_averaged_over_the_folds_that_tried_them():
    def fold(scores):
        trials = [{"settings": {"fusion": {"fusion": name}, "dropout": {"head": {"dropout": [d]}}},
                   "validation_f1": score} for name, d, score in zip("ab", (0.2, 0.5), scores,
                                                                     strict=True)]  # fmt: skip
        return {"trials": trials, "best": scores.index(max(scores))}

    table = search_table([fold([0.6, 0.7]), fold([0.8, 0.75]), fold([0.6, 0.8])])
    assert table["Fusion"].tolist() == ["b", "a"]
    assert table["Dropout"].tolist() == ["0.5", "0.2"]
    assert table["Validation F1"].tolist() == ["0.7500", "0.6667"]
    assert table["Chosen in folds"].tolist() == [2, 1]
    assert table[["Lowest", "Highest"]].values.tolist() == [["0.7000", "0.8000"],
                                                            ["0.6000", "0.8000"]]  # fmt: skip


def test_what_post_processing_changed_is_shown_before_and_after(printed):
    counts = {"negative": 3, "neutral": 1, "positive": 6}
    after = {"negative": 2, "neutral": 2, "positive": 6}
    numbers = {
        "posts": 10, "changed": 1, "confidence": {"mean": 0.8, "median": 0.9},
        "before": {"counts": counts, "shares": {}},
        "after": {"counts": after, "shares": {name: n / 10 for name, n in after.items()}},
    }  # fmt: skip
    table = distribution_table(numbers, "v1_baseline", printed).set_index("Class")
    assert table.loc["neutral"].tolist() == ["1", "2", "20.0 %", "0.4 %"]
    assert table.loc["positive"].tolist() == ["6", "6", "60.0 %", "76.9 %"]
    assert "Reported share" not in distribution_table(numbers, "v4_balanced_clip", printed)


def test_adjustments_are_listed_with_what_the_file_says():
    adjustments = {
        "v4_balanced_clip": {"schedule": {"epochs": 3}, "vectors": {"dropout": 0.2}},
        "v3_clip": {"title": "left out of this report"},
    }
    files = {"v4_balanced_clip": ROOT / EXPERIMENTS / "v4_balanced_clip.yaml"}
    rows = adjustments_table(adjustments, files).values.tolist()
    assert rows == [["v4_balanced_clip", "schedule.epochs", "15", "3"],
                    ["v4_balanced_clip", "vectors.dropout", "0", "0.2"]]  # fmt: skip


def test_weights_are_shown_of_adaptive_fusion_alone():
    plain, adaptive = result("v4_balanced_clip"), result("v6_adaptive")
    assert weights_table(plain).empty
    numbers = {"mean": 0.5, "sd": 0.1, "p5": 0.3, "p95": 0.6, "largest": 0.75,
               "mean_negative": 0.4, "mean_neutral": 0.5, "mean_positive": 0.6}  # fmt: skip
    adaptive.metrics["fusion_weights"] = {"late": numbers}
    (row,) = weights_table(adaptive).to_dict("records")
    assert row["Weighs most for"] == "75.0 % of the posts"
    assert row["5 % to 95 %"] == "0.300 to 0.600"


def test_the_majority_class_has_the_scores_that_scikit_learn_gives_it():
    labels = [0] * 30 + [1] * 10 + [2] * 60
    expected = {
        "accuracy": 0.6,
        "weighted_f1": f1_score(labels, [2] * 100, average="weighted"),
        "macro_f1": f1_score(labels, [2] * 100, average="macro"),
    }
    metrics = {"confusion": [[30, 0, 0], [10, 0, 0], [0, 0, 60]], "posts": 100}
    assert majority(metrics) == pytest.approx(expected)


def test_deviations_of_the_study_stand_in_a_table_without_gaps():
    table = pd.read_csv(ROOT / "config/deviations.csv", keep_default_na=False)
    assert list(table.columns) == ["section", "document", "code", "here"]
    assert (table != "").all(axis=None)
    assert not table.duplicated().any()


def test_provenance_changes_with_code_and_data(tmp_path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    files = [tmp_path / "a", tmp_path / "b"]
    before = combined_sha256(files)
    assert before == combined_sha256(files[::-1])
    (tmp_path / "b").write_text("3")
    assert combined_sha256(files) != before
    record = provenance(files, {"seed": 1}, files, files)
    assert record["packages"]["torch"]
    assert str(tmp_path) not in str(record)
