import pandas as pd
import pytest

from conftest import ROOT
from mmsent.config.experiment import EXPERIMENTS, load_experiment
from mmsent.report.comparison import ablation_table, versions_table
from mmsent.report.costs import costs_table
from mmsent.report.provenance import combined_sha256, provenance
from mmsent.report.render import markdown_table, rendered
from mmsent.report.results import PrintedFigures, Result

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
            "level": 0.95, "resamples": 2000,
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
