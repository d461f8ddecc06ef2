"""The numbers of the report's tables: those of the metrics, those of the study, and costs."""

import pytest
from sklearn.metrics import f1_score

from mmsent.report.changes import (
    distribution_table,
    overrides_table,
    search_table,
    weights_table,
)
from mmsent.report.costs import costs_table, experiment_seconds, job_costs, memory_table
from mmsent.report.overview import majority
from mmsent.report.provenance import combined_sha256, provenance
from mmsent.report.reported import PrintedFigures
from mmsent.report.table import (
    ablation_table,
    comparison_parts,
    comparison_table,
)
from reports import PRINTED, table_of


@pytest.fixture(scope="module")
def grid():
    rights = {"text_only": 0.7, "image_only": 0.5, "multimodal_late": 0.72}
    return table_of({f"ablation/{n}": right for n, right in rights.items()}, "grid", posts=240)


def test_bold_is_what_is_tied_with_the_best_and_not_the_highest_number(grid):
    scores = grid.scores.set_index("experiment")
    assert scores["best_set"].to_dict() == {
        "ablation/text_only": True,  # lower than the best, but not significantly different
        "ablation/image_only": False,
        "ablation/multimodal_late": True,
    }
    assert scores["weighted_f1"].idxmax() == "ablation/multimodal_late"
    cells = ablation_table(grid.scores)["Weighted F1"]
    assert [cell.startswith("**") for cell in cells] == [True, False, True]


def test_the_comparison_keeps_what_the_study_prints_and_this_run_has_not():
    made = table_of({"v3_clip": 0.6, "v4_balanced_clip": 0.8}, posts=240)
    verdicts = {row["first"]: row["verdict"] for row in made.tests["families"]["consecutive"]}
    table = comparison_table(made.scores, PRINTED, verdicts).set_index("Model")
    assert list(table.index)[:2] == ["v3_clip", "v4_balanced_clip"]
    assert {"v1_baseline", "v2_enhanced", "v6_adaptive", "qwen2_vl_2b"} == set(table.index[2:])
    assert table.loc["qwen2_vl_2b", "Study: accuracy"] == "0.8250"
    assert table.loc["qwen2_vl_2b", "Weighted F1"] == "-"
    assert table.loc["v4_balanced_clip", "Study: F1 neutral"] == "0.48"
    assert table["Against the version before"].tolist()[:2] == ["-", "better"]
    assert table["Tied with the best"].tolist()[:3] == ["no", "yes", "-"]
    whole, by_class = comparison_parts(table.reset_index())
    assert {*whole} | {*by_class} == {"Model", *table.columns}
    assert {*whole} & {*by_class} == {"Model"}


def test_the_printed_gains_follow_from_the_printed_figures():
    text = PRINTED.value("ablation/text_only", "weighted_f1")
    for row in ("image_only", "multimodal_late", "multimodal_early", "multimodal_attention"):
        value = PRINTED.value(f"ablation/{row}", "weighted_f1")
        gain = PRINTED.value(f"ablation/{row}", "gain_over_text")
        assert value - text == pytest.approx(gain, abs=1e-9), row
        percent = PRINTED.value(f"ablation/{row}", "gain_over_text_percent")
        assert 100 * gain / text == pytest.approx(percent, abs=0.06), row


def test_a_figure_named_twice_is_an_error(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("section,row,metric,value,note\n1,a,f1,0.5,\n1,a,f1,0.6,\n")
    with pytest.raises(ValueError, match="named twice"):
        PrintedFigures(path)


@pytest.fixture
def jobs(tmp_path):
    """Costs of jobs: rule, experiment, seconds, MiB."""
    rows = [("train", "v5", 2, 10), ("train", "v5", 4, 30), ("search", "v5", 10, 20),
            ("paper/train", "v5", 5, 5), ("train", "ablation/x", 7, 8), ("encode_a", "", 99, None),
            ("paper/fine_tune_vlm", "q", 50, 70)]  # fmt: skip
    files = []
    for number, (_, _, seconds, memory) in enumerate(rows):
        files.append(tmp_path / f"{number}.jsonl")
        files[-1].write_text(f'{{"s": {seconds}, "max_rss": {memory or "null"}}}\n')
    return job_costs(files, [row[0] for row in rows], [row[1] for row in rows])


def test_costs_add_up(jobs):
    table = costs_table(jobs).set_index("Rule")
    assert table.loc["train"].tolist() == ["3", "13.0", "4.3", "30"]
    assert table.loc["encode_a", "Peak memory [MiB]"] == "0"
    assert list(table.index[:2]) == ["encode_a", "paper/fine_tune_vlm"]
    memory = memory_table(table.reset_index()).values.tolist()
    assert memory == [["Encoding", "1", "encode_a", "0"], ["Training", "5", "train", "30"],
                      ["Vision-language model", "1", "paper/fine_tune_vlm", "70"]]  # fmt: skip


def test_seconds_of_an_experiment_are_those_of_all_its_folds_and_searches(jobs):
    table = experiment_seconds(jobs).set_index("experiment")
    assert table.loc["v5"].tolist() == [6, 10, 30]
    assert table.loc["ablation/x"].tolist() == [7, 0, 8]


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


def test_what_post_processing_changed_is_shown_before_and_after():
    counts = {"negative": 3, "neutral": 1, "positive": 6}
    after = {"negative": 2, "neutral": 2, "positive": 6}
    numbers = {
        "posts": 10, "changed": 1, "confidence": {"mean": 0.8, "median": 0.9},
        "before": {"counts": counts, "shares": {}},
        "after": {"counts": after, "shares": {name: n / 10 for name, n in after.items()}},
    }  # fmt: skip
    table = distribution_table(numbers, "v1_baseline", PRINTED).set_index("Class")
    assert table.loc["neutral"].tolist() == ["1", "2", "20.0 %", "0.4 %"]
    assert table.loc["positive"].tolist() == ["6", "6", "60.0 %", "76.9 %"]
    assert "Reported percentage" not in distribution_table(numbers, "v4_balanced_clip", PRINTED)


def test_overrides_are_listed_with_the_value_of_the_file():
    row = {"experiment": "v4", "setting": "optimiser.clip_norm", "file": None, "run": 1.0}
    assert overrides_table([row]).values.tolist() == [["v4", "optimiser.clip_norm", "-", "1"]]


def test_weights_are_shown_of_adaptive_fusion_alone():
    assert weights_table({}).empty
    numbers = {"mean": 0.5, "sd": 0.1, "p5": 0.3, "p95": 0.6, "largest": 0.75,
               "mean_negative": 0.4, "mean_neutral": 0.5, "mean_positive": 0.6}  # fmt: skip
    (row,) = weights_table({"late": numbers}).to_dict("records")
    assert row["Largest weight for"] == "75.0 % of the posts"
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
