"""The figures of tables: what is drawn is what is given, and nothing covers anything."""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.stats import binomtest

import seed_figure as seed_script
import table_figures
from conftest import ROOT
from mmsent.evaluation.paired import BETTER, SAME, WORSE
from mmsent.figures.classes import classes_figure
from mmsent.figures.gains import figure_pairs, gains_figure, p_text
from mmsent.figures.reliability import bin_points, reliability_figure
from mmsent.figures.scores import scores_figure
from mmsent.figures.seed_spread import seed_figure
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.labels import LABELS
from mmsent.report.results import PrintedFigures
from mmsent.report.statistics import FAMILIES
from mmsent.tables import read_table, write_table
from test_result_figures import assert_tidy, printed

NAMES = ["ablation/text_only", "ablation/image_only", "ablation/multimodal_late"]
LONG = [f"a_configuration_with_wide_mm{number:02d}" for number in range(12)]


def table_of(names, **columns):
    """Scores of experiments, as the tables have them."""
    count = len(names)
    generator = np.random.default_rng(count)
    table = pd.DataFrame({"experiment": names, "title": names})
    table["modality"] = [("text", "image", "both")[min(number, 2)] for number in range(count)]
    for metric in ("weighted_f1", *(f"f1_{label}" for label in LABELS)):
        value = generator.uniform(0.3, 0.9, count).round(4)
        table[metric] = value
        table[f"{metric}_low"], table[f"{metric}_high"] = value - 0.03, value + 0.02
    table["best_set"] = [number >= 2 for number in range(count)]
    table["reported_weighted_f1"] = (table["weighted_f1"] + 0.011).round(4)
    table["paper_weighted_f1"] = (table["weighted_f1"] + 0.012).round(4)
    return table.assign(**columns)


def intervals(axes):
    """Lower end, upper end and height of each interval, from the top."""
    found = []
    for container in axes.containers:
        if hasattr(container, "has_xerr"):
            (segment,) = container.lines[2][0].get_segments()
            found.append((*segment[:, 0], segment[0, 1]))
    return sorted(found, key=lambda line: line[2])


def markers(axes, marker):
    """The places of all marks of one shape."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return [
        (x, y) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def words(figure, monkeypatch):
    return [text for text, _ in printed(figure, monkeypatch)]


def bars(axes):
    return [patch for patch in axes.patches if hasattr(patch, "get_width")]


# Scores


def test_scores_are_drawn_as_given(monkeypatch):
    table = table_of(NAMES)
    figure, numbers = scores_figure(table, "Ablation", 0.9)
    assert_tidy(figure, monkeypatch)
    left, right = figure.axes
    assert [bar.get_width() for bar in bars(left)] == table["weighted_f1"].tolist()
    assert {bar.get_x() for bar in bars(left)} == {0}
    assert left.get_xlim()[0] == 0
    assert right.get_xlim()[0] > 0
    expected = [*zip(table["weighted_f1_low"], table["weighted_f1_high"], range(3), strict=True)]
    for axes in (left, right):
        for line, ends in zip(intervals(axes), expected, strict=True):
            assert line == pytest.approx(ends)
    assert [x for x, _ in markers(right, "s")] == table["weighted_f1"].tolist()
    assert [x for x, _ in markers(right, "D")] == table["reported_weighted_f1"].tolist()
    assert [x for x, _ in markers(right, "o")] == table["paper_weighted_f1"].tolist()
    assert [row["reported_weighted_f1"] for row in numbers["rows"]] == [
        *table["reported_weighted_f1"]
    ]
    shown = words(figure, monkeypatch)
    assert [f"{value:.3f}" for value in table["weighted_f1"]] == [
        text for text in shown if len(text) == 5 and text.startswith("0.")
    ]
    assert "multimodal_late" in shown
    assert "value, 90% interval" in shown


def test_rows_go_from_top_to_bottom():
    figure, _ = scores_figure(table_of(NAMES), "t")
    low, high = figure.axes[0].get_ylim()
    assert low > high
    ticks = {tick.get_text(): tick.get_position()[1] for tick in figure.axes[0].get_yticklabels()}
    assert ticks == {"text_only": 0, "image_only": 1, "multimodal_late": 2}


def test_modalities_and_the_best_can_be_told_apart_without_colour():
    figure, _ = scores_figure(table_of(NAMES), "t")
    text, image, fused = bars(figure.axes[0])
    assert text.get_hatch() != image.get_hatch()
    assert fused.get_hatch() is None
    weights = [label.get_fontweight() for label in figure.axes[0].get_yticklabels()]
    assert weights == ["normal", "normal", "bold"]

    def brightness(bar):
        return np.dot(bar.get_facecolor()[:3], (0.2126, 0.7152, 0.0722))

    assert brightness(text) - brightness(fused) > 0.3
    assert brightness(text) == brightness(image)


def test_the_legend_explains_only_what_is_there(monkeypatch):
    every = words(scores_figure(table_of(NAMES), "t")[0], monkeypatch)
    without = table_of(NAMES, modality="both", reported_weighted_f1="", best_set=False)
    few = words(scores_figure(without.drop(columns="paper_weighted_f1"), "t")[0], monkeypatch)
    best = words(scores_figure(table_of(NAMES, best_set=True), "t")[0], monkeypatch)
    for text in ("text alone", "printed in the study", "light: worse than the best",
                 "dark, bold: not worse than the best (paired test)"):  # fmt: skip
        assert text in every
        assert text not in few
    assert any(text.startswith("dark, bold") for text in best)
    assert "light: worse than the best" not in best


def test_an_interval_is_drawn_where_it_is_even_beside_its_value():
    table = table_of(["v1"], weighted_f1=0.7, weighted_f1_low=0.71, weighted_f1_high=0.74)
    figure, _ = scores_figure(table, "t")
    for axes in figure.axes:
        assert intervals(axes)[0][:2] == pytest.approx((0.71, 0.74))


def test_cells_that_are_empty_in_the_file_are_not_drawn(tmp_path, monkeypatch):
    table = table_of(NAMES).astype({"reported_weighted_f1": object, "best_set": object})
    table.loc[1, ["reported_weighted_f1", "best_set"]] = ""
    table["f1_neutral_low"] = ""
    table["f1_negative"] = ""
    write_table(tmp_path / "t.csv", table)
    table = read_table(tmp_path / "t.csv")
    figure, numbers = scores_figure(table, "t")
    assert len(markers(figure.axes[1], "D")) == 2
    assert numbers["rows"][1]["reported_weighted_f1"] is None
    assert [row["best_set"] for row in numbers["rows"]] == [False, False, True]
    json.dumps(numbers, allow_nan=False)
    figure, numbers = classes_figure(table, "t")
    assert_tidy(figure, monkeypatch)
    assert len(intervals(figure.axes[0])) == 3  # those of positive alone
    assert numbers["rows"][0]["negative"]["value"] is None
    json.dumps(numbers, allow_nan=False)


@pytest.mark.parametrize("figure_of", [scores_figure, classes_figure])
@pytest.mark.parametrize("names", [LONG, ["v"], ["M" * 30] * 4])
def test_tables_of_any_size(figure_of, names, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure, _ = figure_of(table_of(names), "A title of many words that go on " * 4)
        assert_tidy(figure, monkeypatch)
        bare = table_of(names)[["experiment", "weighted_f1", *(f"f1_{label}" for label in LABELS)]]
        assert_tidy(figure_of(bare, "t")[0], monkeypatch)


# Classes


def test_classes_are_drawn_as_given(monkeypatch):
    table = table_of(
        NAMES,
        f1_positive=[0.99, 0.0, 0.5],
        f1_positive_low=[0.98, 0.0, 0.45],
        f1_positive_high=[1.0, 0.02, 0.55],
    )
    figure, numbers = classes_figure(table, "t")
    assert_tidy(figure, monkeypatch)
    (axes,) = figure.axes
    columns = [f"f1_{label}" for label in LABELS]
    drawn = [bar for bar in bars(axes) if bar.get_height() < 0.5]  # without the bands
    drawn.sort(key=lambda bar: bar.get_y())
    assert [bar.get_width() for bar in drawn] == table[columns].to_numpy().ravel().tolist()
    lows = table[[f"{column}_low" for column in columns]].to_numpy().ravel()
    assert [line[0] for line in intervals(axes)] == pytest.approx(lows)
    hatches = {bar.get_hatch() for bar in drawn}
    assert len(hatches) == len({to_hex(bar.get_facecolor()) for bar in drawn}) == 3
    values = [text for text in words(figure, monkeypatch) if len(text) == 5 and text[1] == "."]
    assert sorted(values) == sorted(f"{value:.3f}" for value in table[columns].to_numpy().ravel())
    assert numbers["rows"][0]["positive"]["value"] == 0.99


def test_values_stand_clear_of_their_error_bars():
    figure, _ = classes_figure(table_of(LONG), "t")
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert len(axes.texts) == 36
    for text, (_, high, _) in zip(sorted(axes.texts, key=lambda t: t.xy[1]), intervals(axes),
                                  strict=True):  # fmt: skip
        end = axes.transData.transform((high, 0))[0]
        assert text.get_window_extent().x0 > end + 2


# Gains


def pair(first="a", second="b", heading="over b", **values):
    defaults = {"difference": 0.04, "low": 0.01, "high": 0.08, "p_holm": 0.012, "verdict": BETTER,
                "reported": None}  # fmt: skip
    return {"first": first, "second": second, "family_label": heading} | defaults | values


def test_gains_are_drawn_as_given(monkeypatch):
    pairs = [
        pair("ablation/late", "ablation/text_only", reported=0.0869),
        pair("ablation/early", "ablation/text_only", difference=0.0, low=-0.01, high=0.012,
             p_holm=1.0, verdict=SAME),
        pair("late", "image_only", "over image", difference=-0.0307, low=-0.05, high=-0.01,
             p_holm=0.0004, verdict=WORSE, reported=-0.01),
    ]  # fmt: skip
    figure, numbers = gains_figure(pairs, "Gains")
    assert_tidy(figure, monkeypatch)
    (axes,) = figure.axes
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in points] == [0.04, 0.0, -0.0307]
    assert [to_hex(line.get_markerfacecolor()) == "#ffffff" for line in points] == [
        False, True, False
    ]  # fmt: skip
    for line, one in zip(intervals(axes), pairs, strict=True):
        assert line[:2] == pytest.approx((one["low"], one["high"]))
    heights = [line.get_ydata()[0] for line in points]
    assert [line[2] for line in intervals(axes)] == heights
    study = markers(axes, "D")
    assert [x for x, _ in study] == [0.0869, -0.01]
    # Each beside its own pair.
    for (_, y), height in zip(study, (heights[0], heights[2]), strict=True):
        assert 0 < y - height < 0.4
    assert any(set(line.get_xdata()) == {0} for line in axes.lines)
    shown = words(figure, monkeypatch)
    assert [text for text in shown if text.startswith("p ")] == [
        "p = 0.012", "p = 1.00", "p < 0.001"
    ]  # fmt: skip
    assert {"+0.040", "0.000", "\N{MINUS SIGN}0.031", "over b", "over image",
            "early\nagainst text_only"} <= set(shown)  # fmt: skip
    ticks = {tick.get_text(): tick.get_position()[1] for tick in axes.get_yticklabels()}
    assert ticks["over b"] < heights[0] < heights[1] < ticks["over image"] < heights[2]
    assert numbers["pairs"] == pairs


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0009, "p < 0.001"), (0.001, "p = 0.001"), (0.0504, "p = 0.050"), (0.12, "p = 0.12"),
     (0.999, "p = 1.00")],
)  # fmt: skip
def test_p_values_in_print(p, text):
    assert p_text(p) == text


@pytest.mark.parametrize("names", [LONG, ["v", "w"], ["M" * 30] * 3])
def test_gains_of_any_number(names, monkeypatch):
    pairs = [pair(one, other, "each version against the one before it", reported=0.05)
             for one, other in zip(names[1:], names[:-1], strict=True)]  # fmt: skip
    pairs += [pair(one, names[-1], "over the best of the others", verdict=SAME) for one in names]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_tidy(gains_figure(pairs, "long words " * 20)[0], monkeypatch)


def test_without_any_pair_the_figure_says_so(monkeypatch):
    figure, numbers = gains_figure([], "t")
    assert "There is no pair to compare." in words(figure, monkeypatch)
    assert numbers["pairs"] == []


def test_the_gains_of_the_study_are_differences_of_what_it_prints():
    study = PrintedFigures(ROOT / "config/paper_results.csv")

    def row(first, second):
        keys = {"difference": 0.1, "low": 0.0, "high": 0.2, "p_holm": 0.1, "verdict": SAME}
        return {"first": first, "second": second, "weighted_f1": {**keys, "p": 0.05}}

    families = {
        "late": [row("ablation/multimodal_late", "ablation/text_only")],
        "other": [row("v6_adaptive", "nobody")],
        "left_out": [row("a", "b")],
    }
    pairs = figure_pairs(families, {"other": "Other", "late": "Late"},
                         lambda name: study.value(name, "weighted_f1"))  # fmt: skip
    assert [one["family_label"] for one in pairs] == ["Other", "Late"]
    assert pairs[0]["reported"] is None
    printed_gain = study.value("ablation/multimodal_late", "gain_over_text")
    assert pairs[1]["reported"] == pytest.approx(printed_gain)
    with pytest.raises(ValueError, match="no family typo; there are late, other, left_out"):
        figure_pairs(families, {"typo": "x"}, lambda _: None)


# Reliability


def bins_of(posts, gap):
    """Fifteen bins of which those from 0.4 on hold posts."""
    bins = []
    for number in range(15):
        low, high = number / 15, (number + 1) / 15
        middle = (low + high) / 2
        some = posts * (number - 5) if number >= 6 else 0
        right = round(some * min(max(middle - gap, 0), 1))
        bins.append({"low": low, "high": high, "posts": some,
                     "confidence": middle if some else None,
                     "accuracy": right / some if some else None})  # fmt: skip
    return bins


def calibration_of(names):
    states = {
        state: {"ece": ece, "ece_low": ece / 2, "ece_high": 2 * ece, "log_loss": 0.7,
                "bins": bins_of(posts, gap)}
        for state, ece, posts, gap in (("before", 0.1234, 4, 0.12), ("after", 0.0236, 5, 0.02))
    }  # fmt: skip
    return {name: {"temperatures": [1.2, 1.3, 1.8], **states} for name in names}


def test_reliability_shows_the_bins_that_have_posts(monkeypatch):
    calibration = calibration_of(NAMES)
    figure, numbers = reliability_figure(calibration, "t")
    assert_tidy(figure, monkeypatch)
    panels = [axes for axes in figure.axes if axes.get_title("left")]
    assert [axes.get_title("left") for axes in panels] == [
        "text_only", "image_only", "multimodal_late"
    ]  # fmt: skip
    for state, marker in (("before", "o"), ("after", "s")):
        bins = [one for one in calibration[NAMES[0]][state]["bins"] if one["posts"]]
        assert len(bins) == 9
        assert markers(panels[0], marker) == [(one["confidence"], one["accuracy"]) for one in bins]
        points = numbers[NAMES[0]]["points"][state]
        assert sum(point["share"] for point in points) == pytest.approx(1)
    hollow = {line.get_marker(): to_hex(line.get_markerfacecolor()) for line in panels[0].lines}
    assert hollow["s"] == "#ffffff" != hollow["o"]
    diagonal = panels[0].lines[0]
    assert diagonal.get_xdata().tolist() == diagonal.get_ydata().tolist() == [0, 1]
    arrow = "ECE 0.123 \N{RIGHTWARDS ARROW} 0.024, T = 1.43"
    assert words(figure, monkeypatch).count(arrow) == 3
    strips = [axes for axes in figure.axes if axes.patches and axes.get_visible()]
    heights = [bar.get_height() for bar in strips[0].patches]
    assert heights[6:15] == pytest.approx([number / 45 for number in range(1, 10)])
    for bar, one in zip(
        strips[0].patches, 2 * calibration[NAMES[0]]["before"]["bins"], strict=True
    ):
        assert one["low"] <= bar.get_x() < bar.get_x() + bar.get_width() <= one["high"]
    assert sum(heights) == pytest.approx(2)  # before and after, each all posts
    json.dumps(numbers, allow_nan=False)


def test_the_intervals_of_bins_are_those_of_scipy():
    for point, one in zip(bin_points(bins_of(7, 0.1)), bins_of(7, 0.1)[6:], strict=True):
        right = round(one["accuracy"] * one["posts"])
        expected = binomtest(right, one["posts"]).proportion_ci(method="wilson")
        assert (point["low"], point["high"]) == pytest.approx(tuple(expected))


def test_a_bin_is_inside_the_axes_however_unsure_the_model(monkeypatch):
    calibration = calibration_of(["v"])
    calibration["v"]["after"]["bins"][1] |= {"posts": 3, "confidence": 0.1, "accuracy": 0.0}
    figure, _ = reliability_figure(calibration, "t")
    assert_tidy(figure, monkeypatch)
    assert figure.axes[0].get_xlim()[0] < 0.1


@pytest.mark.parametrize("names", [LONG, ["v"], ["v", "w"], LONG[:4], ["M" * 30]])
def test_reliability_of_any_number(names, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure, _ = reliability_figure(calibration_of(names), "A title of many words " * 3)
        assert_tidy(figure, monkeypatch)


# Seeds


def seed_scores(seeds=6, folds=3, number=0):
    generator = np.random.default_rng(number)
    rows = [(seed, "all", "test", 0.77 + generator.normal(0, 0.003)) for seed in range(seeds)]
    rows += [
        (seed, str(fold), subset, 0.7 + 0.05 * fold + generator.normal(0, 0.006))
        for seed in range(seeds)
        for fold in range(folds)
        for subset in ("test", "validation")
    ]
    return pd.DataFrame(rows, columns=["seed", "fold", "subset", "weighted_f1"])


def test_seeds_are_centred_fold_by_fold(monkeypatch):
    table = seed_scores()
    figure, numbers = seed_figure({"v4": table}, 0.0206, "Seeds")
    assert_tidy(figure, monkeypatch)
    own = numbers["experiments"]["v4"]
    for axes, key, marker in zip(figure.axes, own, "Dos", strict=True):
        part = table[(table["fold"] == "all") == (key == "pooled")]
        part = part[part["subset"] == ("test" if key == "pooled" else key)]
        groups = [group["weighted_f1"].to_numpy() for _, group in part.groupby("fold")]
        expected = np.concatenate([values - values.mean() for values in groups])
        drawn = markers(axes, marker)
        assert [x for x, _ in drawn] == pytest.approx(expected)
        assert len({y for _, y in drawn}) == len(groups) == own[key]["folds"]
        assert own[key]["largest"] == pytest.approx(max(np.ptp(values) for values in groups))
        (band,) = axes.patches
        assert band.get_width() == pytest.approx(0.0206)
        assert band.get_x() == pytest.approx(-0.0103)
        assert f"{own[key]['largest']:.4f}" in words(figure, monkeypatch)
    limits = {axes.get_xlim() for axes in figure.axes}
    assert len(limits) == 1  # the panels can be compared


def test_seeds_without_the_study_or_a_kind_of_score(monkeypatch):
    table = seed_scores()
    figure, numbers = seed_figure({"v": table[table["subset"] == "test"]}, None, "t")
    assert_tidy(figure, monkeypatch)
    assert not any(axes.patches for axes in figure.axes)
    assert not any("study" in text for text in words(figure, monkeypatch))
    assert numbers["experiments"]["v"]["validation"] is None
    json.dumps(numbers, allow_nan=False)


@pytest.mark.parametrize("names", [LONG, ["v"], ["M" * 30] * 2])
@pytest.mark.parametrize("seeds", [1, 10])
def test_seeds_of_any_number(names, seeds, monkeypatch):
    scores = {f"{name}{n}": seed_scores(seeds, 5, n) for n, name in enumerate(names)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_tidy(seed_figure(scores, 0.0206, "words " * 40)[0], monkeypatch)


def test_a_seed_that_is_there_twice_is_refused():
    table = pd.concat([seed_scores(), seed_scores()])
    with pytest.raises(ValueError, match="duplicate"):
        seed_figure({"v": table}, None, "t")


# Files


DRAWN = {
    "scores": lambda: scores_figure(table_of(NAMES), "t"),
    "classes": lambda: classes_figure(table_of(NAMES), "t"),
    "gains": lambda: gains_figure([pair(reported=0.02)], "t"),
    "reliability": lambda: reliability_figure(calibration_of(["v"]), "t"),
    "seeds": lambda: seed_figure({"v": seed_scores()}, 0.02, "t"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_same_input_gives_the_same_bytes(name, tmp_path):
    for number in (1, 2):
        save_figure(DRAWN[name]()[0], tmp_path / f"{number}.png")
    for kind in ("png", "svg"):
        first, second = ((tmp_path / f"{number}.{kind}").read_bytes() for number in (1, 2))
        assert first == second


def call(script, monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", [script.__name__, *map(str, options)])
    script.main()


@pytest.mark.parametrize(
    ("options", "headings"),
    [(["--families", '{"over_text": "over text only"}'], ["over text only"]),
     ([], [FAMILIES["over_text"], FAMILIES["consecutive"]])],
)  # fmt: skip
def test_table_figures_by_command_line(options, headings, tmp_path, monkeypatch):
    names = [NAMES[0], NAMES[2]]
    write_table(tmp_path / "scores.csv", table_of(names, best_set=[False, True]))
    row = {"first": names[1], "second": names[0],
           "weighted_f1": {"difference": 0.08, "low": 0.06, "high": 0.1, "p": 0.001,
                           "p_holm": 0.002, "verdict": BETTER}}  # fmt: skip
    families = {"over_text": [row], "consecutive": [row], "best_other": [row]}
    write_json(tmp_path / "paired.json", {"families": families, "level": 0.9})
    for name, calibration in calibration_of(names).items():
        write_json(tmp_path / f"{name}.json", {"level": 0.8, "calibration": calibration})
    call(table_figures, monkeypatch,
         "--scores", tmp_path / "scores.csv", "--paired", tmp_path / "paired.json",
         "--metrics", *[tmp_path / f"{name}.json" for name in names], "--experiments", *names,
         "--reported", ROOT / "config/paper_results.csv", "--title", "Ablation", *options,
         "--figures", tmp_path / "out", "--numbers", tmp_path / "numbers.json")  # fmt: skip
    files = [f"{name}.{kind}" for name in ("classes", "gains", "reliability", "scores")
             for kind in ("png", "svg")]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == files
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    gains = numbers["gains"]["pairs"]
    assert [gain["family_label"] for gain in gains] == headings
    assert gains[0]["difference"] == 0.08
    assert gains[0]["reported"] == pytest.approx(0.7810 - 0.6941)
    assert (numbers["gains"]["level"], numbers["scores"]["level"]) == (0.9, 0.8)
    assert [row["best_set"] for row in numbers["scores"]["rows"]] == [False, True]
    assert list(numbers["reliability"]) == sorted(names)


def test_seed_figure_by_command_line(tmp_path, monkeypatch):
    for number in (0, 1):
        write_table(tmp_path / f"{number}.csv", seed_scores(3, 2, number))
    study = ROOT / "config/paper_results.csv"
    for name, reported in {"a": [0.0206], "b": [study], "c": []}.items():
        call(seed_script, monkeypatch, "--scores", tmp_path / "0.csv", tmp_path / "1.csv",
             "--experiments", "v4", "ablation/v5", *(["--reported", *reported] if reported else []),
             "--figure", tmp_path / f"{name}.png")  # fmt: skip
    drawn = {name: (tmp_path / f"{name}.svg").read_bytes() for name in "abc"}
    assert drawn["a"] == drawn["b"] != drawn["c"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
