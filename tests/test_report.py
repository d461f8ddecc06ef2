import pandas as pd
import pytest
from sklearn.metrics import f1_score

from conftest import ROOT
from mmsent.config.experiment import EXPERIMENTS, load_experiment
from mmsent.report.comparison import ablation_table, versions_table
from mmsent.report.costs import costs_table, experiment_seconds
from mmsent.report.document import majority
from mmsent.report.provenance import combined_sha256, provenance
from mmsent.report.render import markdown_table, rendered
from mmsent.report.results import PrintedFigures, Result
from mmsent.report.versions import (
    Findings,
    adjustments_table,
    by_experiment,
    distribution_table,
    search_table,
    weights_table,
)

METRICS = ("weighted_f1", "accuracy", "macro_f1", "mcc", "log_loss", "ece", "f1_negative",
           "f1_neutral", "f1_positive")  # fmt: skip


def result(name, weighted_f1):
    values = dict.fromkeys(METRICS, 0.5) | {"weighted_f1": weighted_f1, "accuracy": 0.6}
    return Result(
        name,
        load_experiment(ROOT / EXPERIMENTS / f"{name}.yaml"),
        {
            "test": values,
            "validation": values | {"weighted_f1": weighted_f1 + 0.02},
            "interval": {name: [value - 0.01, value + 0.01] for name, value in values.items()},
            "posts": 1234, "groups": 1111, "by_fold": [values] * 5,
            "level": 0.95, "resamples": 2000, "fusion_weights": {},
        },
        [{"best_epoch": 3, "trained_parameters": 4321}, {"best_epoch": 6}],
    )  # fmt: skip


@pytest.fixture
def printed():
    return PrintedFigures(ROOT / "config/paper_results.csv")


def test_gains_are_differences_of_the_rows_shown(printed):
    rows = [result("ablation/text_only", 0.6), result("ablation/image_only", 0.66)]
    table = ablation_table(rows, printed).set_index("Configuration")
    assert table.loc["text_only", "Over image only"] == "-0.0600 (-9.1%)"
    assert table.loc["image_only", "Over text only"] == "+0.0600 (+10.0%)"
    assert table.loc["text_only", "Over text only"] == "-"
    assert table.loc["text_only", "Reported F1"] == "0.6941"
    assert table.loc["image_only", "Weighted F1"] == "0.6600 [0.650, 0.670]"


def test_the_versions_table_shows_the_gap_to_validation(printed):
    table = versions_table([result("v4_balanced_clip", 0.7)], printed).iloc[0]
    assert table["Validation - test F1"] == "+0.0200"
    assert table["Best epoch"] == "4.5 of 15"
    assert table["Trained parameters"] == "4,321"
    assert table["Reported F1"] == "0.7732"


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


def test_documents_name_posts_and_groups(printed):
    rows = [result("ablation/text_only", 0.6)]
    text = rendered("ablation.md.j2", table=ablation_table(rows, printed), results=rows)
    assert "1,234 posts in 5 folds" in text
    assert "1,111 near-duplicate groups" in text
    assert "95 % intervals from 2,000" in text


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
                          ("train/ablation/x/0", 7), ("encode_text/clip.none", 99)):  # fmt: skip
        file = tmp_path / "benchmarks" / f"{path}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{{"s": {seconds}}}\n')
    table = experiment_seconds(sorted(tmp_path.rglob("*.jsonl"))).set_index("experiment")
    assert table.loc["v5"].tolist() == [6, 10]
    assert table.loc["ablation/x"].tolist() == [7, 0]


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
    assert table["fusion"].tolist() == ["b", "a"]
    assert table["dropout"].tolist() == ["0.5", "0.2"]
    assert table["Validation F1"].tolist() == ["0.7500", "0.6667"]
    assert table["Chosen in folds"].tolist() == [2, 1]
    assert table[["Lowest", "Highest"]].values.tolist() == [["0.7000", "0.8000"],
                                                            ["0.6000", "0.8000"]]  # fmt: skip


def test_what_post_processing_changed_is_shown_before_and_after():
    counts = {"negative": 3, "neutral": 1, "positive": 6}
    after = {"negative": 2, "neutral": 2, "positive": 6}
    numbers = {
        "posts": 10, "changed": 1, "confidence": {"mean": 0.8, "median": 0.9},
        "before": {"counts": counts, "shares": {}},
        "after": {"counts": after, "shares": {name: n / 10 for name, n in after.items()}},
    }  # fmt: skip
    nothing = numbers | {"posts": 0}
    submissions = {"v4_balanced_clip": numbers, "v3_clip": nothing}
    findings = Findings({}, {}, {}, submissions, {}, pd.DataFrame())
    rows = [result("v4_balanced_clip", 0.7), result("v3_clip", 0.6)]
    (row,) = distribution_table(rows, findings).to_dict("records")
    assert row["neutral"] == "1 → 2 (20.0 %)"
    assert row["positive"] == "6 (60.0 %)"
    assert row["Changed"] == 1


def test_adjustments_are_listed_with_what_the_file_says():
    adjustments = {
        "v4_balanced_clip": {"schedule": {"epochs": 3}, "vectors": {"dropout": 0.2}},
        "v3_clip": {"title": "left out of this report"},
    }
    files = {"v4_balanced_clip": ROOT / EXPERIMENTS / "v4_balanced_clip.yaml"}
    rows = adjustments_table(adjustments, files).values.tolist()
    assert rows == [["v4_balanced_clip", "schedule.epochs", 15, 3],
                    ["v4_balanced_clip", "vectors.dropout", 0.0, 0.2]]  # fmt: skip


def test_weights_are_shown_of_adaptive_fusion_alone():
    plain, adaptive = result("v4_balanced_clip", 0.7), result("v6_adaptive", 0.7)
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
