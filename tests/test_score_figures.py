"""The figures of tables: they show the numbers of the tables, and nothing covers anything."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.stats import binomtest

from mmsent.evaluation.paired import BETTER, SAME, WORSE
from mmsent.figures.efficiency import efficiency_figure, efficiency_rows
from mmsent.figures.gains import gains_figure, p_text
from mmsent.figures.reliability import bin_points, reliability_figure
from mmsent.figures.scores import classes_figure, scores_figure
from mmsent.figures.seed_spread import seed_figure
from mmsent.figures.style import save_figure, save_figures
from mmsent.figures.table import table_figures
from mmsent.labels import LABELS
from test_result_figures import assert_tidy, printed

pytestmark = pytest.mark.filterwarnings("error")

NAMES = ["ablation/text_only", "ablation/image_only", "ablation/multimodal_late"]
LONG = [f"a_configuration_with_wide_mm{number:02d}" for number in range(12)]

#: Names of any number and length.
SIZES = pytest.mark.parametrize("names", [LONG, ["v"], ["M" * 30] * 4], ids=len)


def table_of(names, **columns):
    """Scores of experiments, as the tables have them."""
    count = len(names)
    generator = np.random.default_rng(count)
    table = pd.DataFrame({"experiment": names, "level": 0.9})
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


def test_lines_are_at_the_scores_of_the_baselines_and_labelled(monkeypatch):
    values = np.array([0.6, 0.62, 0.65])
    columns = ("weighted_f1", "weighted_f1_low", "weighted_f1_high", "reported_weighted_f1",
               "paper_weighted_f1")  # fmt: skip
    table = table_of(NAMES, **{name: values + 0.01 * n for n, name in enumerate(columns)})
    near, far = 0.72, 0.4
    figure, numbers = scores_figure(table, "Ablation", 0.9, {"Probe": near, "Majority": far})
    assert_tidy(figure, monkeypatch)
    left, right = figure.axes

    def lines(axes):
        return {line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1]}

    assert lines(left) == {near, far}
    assert lines(right) == {near}  # the other one would crowd the scores into a corner
    assert numbers["baselines"] == {"Probe": near, "Majority": far}
    assert {f"Probe: {near:.3f}", f"Majority: {far:.3f}"} <= set(words(figure, monkeypatch))


def test_scores_are_those_of_the_table(monkeypatch):
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
    for column, marker in (("weighted", "s"), ("reported_weighted", "D"), ("paper_weighted", "o")):
        assert [x for x, _ in markers(right, marker)] == table[f"{column}_f1"].tolist()
        assert [row[f"{column}_f1"] for row in numbers["rows"]] == table[f"{column}_f1"].tolist()
    shown = words(figure, monkeypatch)
    assert [f"{value:.3f}" for value in table["weighted_f1"]] == [
        text for text in shown if len(text) == 5 and text.startswith("0.")
    ]
    assert "90% confidence interval" in shown
    low, high = left.get_ylim()
    assert low > high  # rows go from top to bottom
    ticks = {tick.get_text(): tick.get_position()[1] for tick in left.get_yticklabels()}
    assert ticks == {"text_only": 0, "image_only": 1, "multimodal_late": 2}


def test_modalities_and_the_best_are_distinguished_without_colour():
    figure, _ = scores_figure(table_of(NAMES), "t", 0.95)
    text, image, fused = bars(figure.axes[0])
    assert text.get_hatch() != image.get_hatch()
    assert fused.get_hatch() is None
    weights = [label.get_fontweight() for label in figure.axes[0].get_yticklabels()]
    assert weights == ["normal", "normal", "bold"]

    def brightness(bar):
        return np.dot(bar.get_facecolor()[:3], (0.2126, 0.7152, 0.0722))

    assert brightness(text) - brightness(fused) > 0.3
    assert brightness(text) == brightness(image)


def test_the_legend_explains_only_what_is_drawn(monkeypatch):
    every = words(scores_figure(table_of(NAMES), "t", 0.95)[0], monkeypatch)
    few = table_of(NAMES, modality="both", reported_weighted_f1=np.nan, best_set=True)
    few = words(scores_figure(few.drop(columns="paper_weighted_f1"), "t", 0.95)[0], monkeypatch)
    assert "dark, bold: statistically tied with the best" in few
    for text in ("text only", "reported in the study", "paper protocol (optimistic)",
                 "light: significantly worse than the best"):  # fmt: skip
        assert text in every
        assert text not in few


def test_an_interval_is_drawn_where_it_is_even_beside_its_value():
    table = table_of(["v1"], weighted_f1=0.7, weighted_f1_low=0.71, weighted_f1_high=0.74)
    figure, _ = scores_figure(table, "t", 0.95)
    for axes in figure.axes:
        assert intervals(axes)[0][:2] == pytest.approx((0.71, 0.74))


def test_a_score_that_the_study_does_not_report_is_not_drawn():
    table = table_of(NAMES)
    table.loc[1, "reported_weighted_f1"] = np.nan
    figure, numbers = scores_figure(table, "t", 0.95)
    assert len(markers(figure.axes[1], "D")) == 2
    assert numbers["rows"][1]["reported_weighted_f1"] is None
    json.dumps(numbers, allow_nan=False)


@pytest.mark.parametrize("figure_of", [scores_figure, classes_figure])
@SIZES
def test_tables_of_any_size(figure_of, names, monkeypatch):
    figure, _ = figure_of(table_of(names), "A title of many words that go on " * 4, 0.95)
    assert_tidy(figure, monkeypatch)


# Classes


def test_classes_are_those_of_the_table(monkeypatch):
    table = table_of(
        NAMES,
        f1_positive=[0.99, 0.0, 0.5],
        f1_positive_low=[0.98, 0.0, 0.45],
        f1_positive_high=[1.0, 0.02, 0.55],
    )
    figure, numbers = classes_figure(table, "t", 0.95)
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
    for text, (_, high, _) in zip(sorted(axes.texts, key=lambda t: t.xy[1]), intervals(axes),
                                  strict=True):  # fmt: skip
        end = axes.transData.transform((high, 0))[0]
        assert text.get_window_extent().x0 > end + 2


# Gains


def row_of(first="a", second="b", **values):
    defaults = {"difference": 0.04, "low": 0.01, "high": 0.08, "p_holm": 0.012, "verdict": BETTER}
    return {"first": first, "second": second, "weighted_f1": defaults | values}


def test_gains_are_those_of_the_tests(monkeypatch):
    study = {"late": 0.8, "text": 0.7, "image": 0.81}.get
    over_text = [
        row_of("late", "text"),
        row_of("early", "text", difference=-0.0, low=-0.01, high=0.012, p_holm=1.0, verdict=SAME),
    ]
    over_image = [row_of("late", "image", difference=-0.0307, low=-0.05, high=-0.01,
                         p_holm=0.0004, verdict=WORSE)]  # fmt: skip
    families = {"over text": over_text, "over image": over_image}
    figure, numbers = gains_figure(families, study, "Gains", 0.95)
    assert_tidy(figure, monkeypatch)
    pairs = numbers["pairs"]
    assert [pair["reported"] for pair in pairs] == [pytest.approx(0.1), None, pytest.approx(-0.01)]
    assert [pair["family_label"] for pair in pairs] == ["over text", "over text", "over image"]
    (axes,) = figure.axes
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in points] == [0.04, 0.0, -0.0307]
    hollow = [to_hex(line.get_markerfacecolor()) == "#ffffff" for line in points]
    assert hollow == [False, True, False]
    heights = [line.get_ydata()[0] for line in points]
    for line, pair, height in zip(intervals(axes), pairs, heights, strict=True):
        assert line == pytest.approx((pair["low"], pair["high"], height))
    reported = markers(axes, "D")
    assert [x for x, _ in reported] == pytest.approx([0.1, -0.01])
    for (_, y), height in zip(reported, (heights[0], heights[2]), strict=True):
        assert 0 < y - height < 0.4  # each beside its own pair
    assert any(set(line.get_xdata()) == {0} for line in axes.lines)
    shown = words(figure, monkeypatch)
    assert [text for text in shown if text.startswith("p ")] == [
        "p = 0.012", "p = 1.00", "p < 0.001"
    ]  # fmt: skip
    assert {"+0.040", "0.000", "\N{MINUS SIGN}0.031", "over text", "over image",
            "early\nvs. text"} <= set(shown)  # fmt: skip
    ticks = {tick.get_text(): tick.get_position()[1] for tick in axes.get_yticklabels()}
    assert ticks["over text"] < heights[0] < heights[1] < ticks["over image"] < heights[2]


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0009, "p < 0.001"), (0.001, "p = 0.001"), (0.0504, "p = 0.050"), (0.12, "p = 0.12"),
     (0.999, "p = 1.00")],
)  # fmt: skip
def test_p_values_in_print(p, text):
    assert p_text(p) == text


@SIZES
def test_gains_of_any_number(names, monkeypatch):
    families = {
        "each version against the one before it": [
            row_of(one, other) for one, other in zip(names[1:], names[:-1], strict=True)
        ],
        "over the best": [row_of(one, names[-1], verdict=SAME) for one in names],
    }
    figure, _ = gains_figure(families, lambda _: 0.05, "long words " * 20, 0.95)
    assert_tidy(figure, monkeypatch)


def test_a_table_without_pairs_has_a_figure(monkeypatch):
    figure, numbers = gains_figure({}, lambda _: None, "t", 0.95)
    assert "No pairs to compare." in words(figure, monkeypatch)
    assert numbers["pairs"] == []


# Reliability


def bins_of(posts, gap):
    """Bins from 0.4 on."""
    bins = []
    for number in range(6, 15):
        low, high, some = number / 15, (number + 1) / 15, posts * (number - 5)
        middle = (low + high) / 2
        bins.append({"low": low, "high": high, "posts": some, "confidence": middle,
                     "accuracy": round(some * (middle - gap)) / some})  # fmt: skip
    return bins


def calibration_of(names):
    states = {
        state: {"ece": ece, "bins": bins_of(posts, gap)}
        for state, ece, posts, gap in (("before", 0.1234, 4, 0.12), ("after", 0.0236, 5, 0.02))
    }
    return {name: {"temperatures": [1.2, 1.3, 1.8], **states} for name in names}


def test_reliability_shows_the_bins(monkeypatch):
    calibration = calibration_of(NAMES)
    figure, numbers = reliability_figure(calibration, "t")
    assert_tidy(figure, monkeypatch)
    panels = [axes for axes in figure.axes if axes.get_title("left")]
    titles = [axes.get_title("left") for axes in panels]
    assert titles == ["text_only", "image_only", "multimodal_late"]
    for state, marker in (("before", "o"), ("after", "s")):
        bins = calibration[NAMES[0]][state]["bins"]
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
    drawn = strips[0].patches
    heights = [bar.get_height() for bar in drawn]
    assert heights[:9] == pytest.approx([number / 45 for number in range(1, 10)])
    for bar, one in zip(drawn, 2 * calibration[NAMES[0]]["before"]["bins"], strict=True):
        assert one["low"] <= bar.get_x() < bar.get_x() + bar.get_width() <= one["high"]
    assert sum(heights) == pytest.approx(2)  # before and after, each all posts
    json.dumps(numbers, allow_nan=False)


def test_the_intervals_of_bins_are_those_of_scipy():
    for point, one in zip(bin_points(bins_of(7, 0.1)), bins_of(7, 0.1), strict=True):
        right = round(one["accuracy"] * one["posts"])
        expected = binomtest(right, one["posts"]).proportion_ci(method="wilson")
        assert (point["low"], point["high"]) == pytest.approx(tuple(expected))


def test_a_bin_is_inside_the_axes_however_unsure_the_model(monkeypatch):
    calibration = calibration_of(["v"])
    calibration["v"]["after"]["bins"][0] |= {"posts": 3, "confidence": 0.1, "accuracy": 0.0}
    figure, _ = reliability_figure(calibration, "t")
    assert_tidy(figure, monkeypatch)
    assert figure.axes[0].get_xlim()[0] < 0.1


@pytest.mark.parametrize("names", [LONG, ["v"], ["v", "w"], LONG[:4], ["M" * 30]])
def test_reliability_of_any_number(names, monkeypatch):
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
    figure = seed_figure({"v4": table}, 0.0206)
    assert_tidy(figure, monkeypatch)
    shown = words(figure, monkeypatch)
    subsets = ("test", "test", "validation")
    for axes, subset, marker in zip(figure.axes, subsets, "Dos", strict=True):
        part = table[((table["fold"] == "all") == (marker == "D")) & (table["subset"] == subset)]
        groups = [group["weighted_f1"].to_numpy() for _, group in part.groupby("fold")]
        centred = np.concatenate([values - values.mean() for values in groups])
        drawn = markers(axes, marker)
        assert [x for x, _ in drawn] == pytest.approx(centred)
        assert len({y for _, y in drawn}) == len(groups)
        (band,) = axes.patches
        assert (band.get_x(), band.get_width()) == pytest.approx((-0.0103, 0.0206))
        assert f"{max(np.ptp(values) for values in groups):.4f}" in shown
    assert len({axes.get_xlim() for axes in figure.axes}) == 1  # the panels can be compared
    without = seed_figure({"v4": table}, None)
    assert not any(axes.patches for axes in without.axes)
    assert not any("study" in text for text in words(without, monkeypatch))


@SIZES
@pytest.mark.parametrize("seeds", [1, 10])
def test_seeds_of_any_number(names, seeds, monkeypatch):
    scores = {f"{name}{n}": seed_scores(seeds, 5, n) for n, name in enumerate(names)}
    assert_tidy(seed_figure(scores, 0.0206), monkeypatch)


# Efficiency


@SIZES
def test_efficiency_names_every_point_once(names, monkeypatch):
    scores = table_of(names, weighted_f1=0.8, trained_parameters=9)  # all names at one height
    seconds = pd.DataFrame({"experiment": names, "train": 1.0, "search": 0.0, "memory": 1.0})
    scores["experiment"] = seconds["experiment"] = [f"{n}{name}" for n, name in enumerate(names)]
    figure, numbers = efficiency_figure(efficiency_rows(scores, seconds), 0.95)
    assert_tidy(figure, monkeypatch)
    assert [row["efficient"] for row in numbers["rows"]] == [True] + [False] * (len(names) - 1)
    json.dumps(numbers, allow_nan=False)


# Files


def test_figures_of_a_table_and_of_seeds_have_the_same_bytes(tmp_path):
    names = [NAMES[0], NAMES[2]]
    reported = {names[0]: 0.6941, names[1]: 0.7810}.get
    rows = [row_of(names[1], names[0])]
    tests = {"families": {"over_text": rows, "best_other": rows}, "level": 0.95}
    headings = {"consecutive": "Not tested", "over_text": "Over text", "best_other": "Not drawn"}
    for out in (tmp_path / "first", tmp_path / "second"):
        scores, calibration = table_of(names), calibration_of(names)
        drawn = table_figures(scores, tests, calibration, headings, reported, "Ablation", {})
        numbers = save_figures(drawn, [out / f"{name}.png" for name in reversed(drawn)])
        save_figure(seed_figure({"v4": seed_scores()}, 0.02), out / "seeds.png")
    (gain,) = numbers["gains"]["pairs"]
    assert gain["family_label"] == "Over text"
    assert gain["reported"] == pytest.approx(0.7810 - 0.6941)
    assert (numbers["gains"]["level"], numbers["scores"]["level"]) == (0.95, 0.9)
    assert list(numbers["reliability"]) == names
    written = {path.name: path.read_bytes() for path in (tmp_path / "first").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "second").iterdir()}
    assert set(written) == {
        f"{name}.{kind}" for kind in ("png", "svg")
        for name in ("scores", "gains", "classes", "reliability", "seeds")
    }  # fmt: skip
