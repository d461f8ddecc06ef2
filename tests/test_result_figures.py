"""The figures of results: they show what the predictions say, and nothing covers anything."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from mmsent.evaluation.bad_cases import bad_cases, worst
from mmsent.figures.confusion import confusion_figure
from mmsent.figures.curves import curves_figure
from mmsent.figures.sheets import SHOWN, bad_case_sheet
from mmsent.figures.style import choose_fonts, save_figure
from mmsent.files import read_json, write_json
from mmsent.labels import LABELS
from mmsent.tables import read_table, write_table
from test_figures import TEXTS, call

pytestmark = pytest.mark.filterwarnings("error")


def printed(figure, monkeypatch):
    """The texts that are drawn, each with the place it takes up (pixels)."""
    drawn = []
    draw = Text.draw

    def record(self, renderer, *args, **kwargs):
        if self.get_visible() and self.get_text().strip():
            drawn.append(self)
        return draw(self, renderer, *args, **kwargs)

    choose_fonts(figure)
    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record)
        FigureCanvasAgg(figure).draw()
    # Without the arrow of an annotation.
    return [(text.get_text(), Text.get_window_extent(text)) for text in dict.fromkeys(drawn)]


def assert_tidy(figure, monkeypatch):
    """No text lies over another one, or leaves the figure."""
    texts = printed(figure, monkeypatch)
    assert texts
    width, height = figure.canvas.get_width_height()
    for index, (text, box) in enumerate(texts):
        assert box.x0 >= 0 and box.y0 >= 0, text  # noqa: PT018
        assert box.x1 <= width and box.y1 <= height, text  # noqa: PT018
        for other, place in texts[:index]:
            # A pixel either way is the empty edge of the letters.
            apart = (
                box.x0 >= place.x1 - 1 or place.x0 >= box.x1 - 1
                or box.y0 >= place.y1 - 1 or place.y0 >= box.y1 - 1
            )  # fmt: skip
            assert apart, f"{text!r} over {other!r}"


# Curves


def history(epochs, seed=0, loss=1.0):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({"epoch": range(1, epochs + 1)})
    table["learning_rate"] = np.linspace(3e-4, 1e-6, epochs)
    for part in ("train", "validation"):
        table[f"{part}_loss"] = loss * generator.uniform(0.5, 1.5, epochs)
        for name in ("f1", "precision", "recall", "accuracy"):
            table[f"{part}_{name}"] = generator.uniform(0.4, 0.9, epochs)
    return table


def test_curves_show_the_means_over_the_folds_that_ran(monkeypatch):
    histories = [history(6, 1), history(9, 2), history(9, 3)]
    figure, numbers = curves_figure("v1_baseline", histories, [2, 5, 7])
    assert_tidy(figure, monkeypatch)
    (axes,) = [one for one in figure.axes if one.get_title("left") == "Weighted F1"]
    solid, dashed = (line for line in axes.lines[:2])
    expected = pd.concat(histories).groupby("epoch")["train_f1"].mean()
    assert solid.get_xdata().tolist() == [1, 2, 3, 4, 5, 6]
    assert solid.get_ydata() == pytest.approx(expected[:6].to_numpy())
    assert dashed.get_xdata().tolist() == [6, 7, 8, 9]
    assert dashed.get_ydata() == pytest.approx(expected[5:].to_numpy())
    (mark,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert mark.get_xdata()[0] == pytest.approx(14 / 3)
    band = axes.collections[0].get_datalim(axes.transData)
    table = pd.concat(histories)["train_f1"]
    assert (band.y0, band.y1) == pytest.approx((table.min(), table.max()))
    (folds,) = [one for one in figure.axes if one.get_title("left") == "Folds"]
    heights = [bar.get_height() for bar in folds.patches]
    assert heights[:9] == [3, 3, 3, 3, 3, 3, 2, 2, 2]
    assert sum(heights[9:]) == 3
    best = [
        table["validation_f1"][epoch - 1] for table, epoch in zip(histories, [2, 5, 7], strict=True)
    ]
    assert numbers["at_best"]["validation_f1"] == pytest.approx(np.mean(best), abs=1e-6)
    assert f"validation F1 is {np.mean(best):.3f}" in figure.subfigs[0].get_suptitle()


@pytest.mark.parametrize("epochs", [(1,), (1, 1, 1), (40, 12, 33, 40, 25), (2,) * 10, (3,) * 20])
@pytest.mark.parametrize("loss", [1e-6, 1.0, 500.0])
def test_curves_of_any_length(epochs, loss, monkeypatch):
    histories = [history(number, seed, loss) for seed, number in enumerate(epochs)]
    figure, _ = curves_figure("v4_balanced_clip", histories, list(epochs))
    assert_tidy(figure, monkeypatch)
    marks = [float(label.get_text()) for label in figure.axes[3].get_xticklabels()]
    assert len(set(marks)) == len(marks)


# Confusion


def predictions(label, predicted):
    label, predicted = np.array(label), np.array(predicted)
    chances = np.full((len(label), 3), 0.05)
    chances[np.arange(len(label)), predicted] = 0.9
    guids = [str(number) for number in range(1, len(label) + 1)]
    return pd.DataFrame(chances, columns=LABELS.probability_columns).assign(
        guid=guids, fold=0, subset="test", label=label, predicted=predicted, group=guids
    )


def test_confusion_is_that_of_the_predictions(monkeypatch):
    label = [0] * 1000 + [1] * 30 + [2] * 2000
    generator = np.random.default_rng(0)
    table = predictions(label, generator.choice(3, len(label)))
    figure, numbers = confusion_figure("v5_multi_fusion", table)
    assert_tidy(figure, monkeypatch)
    expected = pd.crosstab(table["label"], table["predicted"]).to_numpy()
    named = [list(row.values()) for row in numbers["counts"].values()]
    assert named == expected.tolist()
    shown = [text.get_text() for text in figure.axes[0].texts]
    assert shown == [f"{value:,}" for value in expected.ravel()]
    shares = expected / expected.sum(1, keepdims=True)
    assert [text.get_text() for text in figure.axes[1].texts] == [
        f"{v:.1%}" for v in shares.ravel()
    ]
    assert numbers["shares"]["neutral"]["positive"] == pytest.approx(shares[1, 2], abs=1e-6)
    assert numbers["right"] == (table["label"] == table["predicted"]).sum()
    assert numbers["predicted"]["neutral"] == expected[:, 1].sum()
    assert f"{numbers['right'] / 3030:.1%} of 3,030" in figure.get_suptitle()


def test_confusion_of_a_class_that_does_not_occur():
    figure, numbers = confusion_figure("v", predictions([0, 2, 2], [0, 2, 1]))
    figure.draw_without_rendering()
    assert numbers["counts"]["neutral"] == {"negative": 0, "neutral": 0, "positive": 0}
    assert [text.get_text() for text in figure.axes[1].texts][3:6] == ["\N{EN DASH}"] * 3
    json.dumps(numbers, allow_nan=False)


# Bad cases


def sheet_of(folder, texts=TEXTS, **columns):
    """Posts that are all misclassified, with images in ``folder``; their folds and predictions."""
    count = len(texts)
    table = predictions([0, 1, 2] * count, [1, 2, 0] * count)[:count].assign(**columns)
    posts = pd.DataFrame({"guid": table["guid"], "text": texts, "image_blanked": False})
    posts["image_file"] = [f"{guid}.jpg" for guid in posts["guid"]]
    for number, name in enumerate(posts["image_file"]):
        Image.new("RGB", (30 + 9 * number, 60), (20 * number, 90, 200)).save(folder / name)
    folds = table[["guid", "group", "label"]].assign(fold=0)
    return posts, folds, table


def test_sheet_shows_what_the_list_says(tmp_path, monkeypatch):
    posts, folds, table = sheet_of(tmp_path, group=["1", "1", *"345678", "9", "10"])
    wrong = bad_cases(table, folds, posts)
    figure = bad_case_sheet("v6_adaptive", wrong, 20, posts, tmp_path)
    assert_tidy(figure, monkeypatch)
    texts = [text for text, _ in printed(figure, monkeypatch)]
    # Post 2 is a near-duplicate of post 1, which has another label.
    shown = [text.removeprefix("guid ") for text in texts if text.startswith("guid ")]
    assert shown == worst(wrong, SHOWN)["guid"].tolist() == ["1", "3", "4", "5", "6", "7", "8", "9"]
    assert texts.count("near-duplicates have another label") == 1
    assert texts.count("labelled negative") == 3
    assert texts.count("predicted neutral: 90.0%") == 3
    assert "v6_adaptive: 10 of 20 posts are misclassified" in texts


def test_sheet_with_a_blanked_image_and_without_mistakes(tmp_path, monkeypatch):
    posts, folds, table = sheet_of(tmp_path, ["a", "b"])
    posts.loc[1, ["image_blanked", "image_file"]] = [True, ""]
    figure = bad_case_sheet("v", bad_cases(table, folds, posts), 2, posts, tmp_path)
    assert [text for text, _ in printed(figure, monkeypatch)].count("no image") == 1
    assert len(figure.axes[0].images) == 1
    none = bad_cases(table.assign(predicted=table["label"]), folds, posts)
    assert_tidy(bad_case_sheet("v", none, 2, posts, tmp_path), monkeypatch)


def test_confidence_is_not_rounded_to_certainty(tmp_path, monkeypatch):
    columns = dict(zip(LABELS.probability_columns, ([3e-5], [1 - 3e-5], [0.0]), strict=True))
    posts, folds, table = sheet_of(tmp_path, ["a"], **columns)
    figure = bad_case_sheet("v", bad_cases(table, folds, posts), 1, posts, tmp_path)
    assert "predicted neutral: over 99.9%" in [text for text, _ in printed(figure, monkeypatch)]


# Files


def test_same_input_gives_the_same_bytes(tmp_path):
    histories = [history(3, 1), history(4, 2)]
    posts, folds, table = sheet_of(tmp_path)
    wrong = bad_cases(table, folds, posts)
    for folder in (tmp_path / "first", tmp_path / "second"):
        save_figure(curves_figure("v", histories, [1, 2])[0], folder / "curves.png")
        save_figure(confusion_figure("v", table)[0], folder / "confusion.png")
        sheet = bad_case_sheet("v", wrong, 10, posts, tmp_path)
        save_figure(sheet, folder / "bad.png", photographs=True)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == ["bad.png", "confusion.png", "confusion.svg", "curves.png", "curves.svg"]
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


@pytest.fixture
def project(tmp_path):
    """The files of two experiments of two folds each."""
    posts, folds, table = sheet_of(tmp_path)
    folds["fold"] = [number % 2 for number in range(len(folds))]
    write_table(tmp_path / "posts.parquet", posts)
    write_table(tmp_path / "folds.tsv", folds)
    for name in ("v1", "v2"):
        if name == "v2":  # corrects the first three posts
            table.loc[:2, "predicted"] = table.loc[:2, "label"]
        for fold in (0, 1):
            folder = tmp_path / "runs" / name / str(fold)
            own = table[(folds["fold"] == fold).to_numpy()].assign(fold=fold)
            write_table(folder / "predictions.parquet", own.drop(columns="group"))
            write_table(folder / "history.csv", history(3 + fold, fold))
            write_json(folder / "metrics.json", {"best_epoch": 2 + fold})
    return tmp_path


def files_of(project, file):
    return {name: [project / f"runs/{name}/{fold}/{file}" for fold in (0, 1)]
            for name in ("v1", "v2")}  # fmt: skip


def test_versions_are_plotted_each_from_its_own_runs(project):
    call(
        "plot_versions",
        folds=project / "folds.tsv",
        histories=files_of(project, "history.csv"),
        runs=files_of(project, "metrics.json"),
        predictions=files_of(project, "predictions.parquet"),
        curves=[project / f"curves/{name}.png" for name in ("v1", "v2")],
        curve_numbers=project / "curves.json",
        confusions=[project / f"confusion/{name}.png" for name in ("v1", "v2")],
        confusion_numbers=project / "confusion.json",
    )
    curves, confusion = (read_json(project / f"{name}.json") for name in ("curves", "confusion"))
    assert curves["v1"]["best_epochs"] == [2, 3]
    assert curves["v2"]["epochs"] == [3, 4]
    assert (confusion["v1"]["right"], confusion["v2"]["right"]) == (0, 3)
    for folder in ("curves", "confusion"):
        files = sorted(path.name for path in (project / folder).iterdir())
        assert files == ["v1.png", "v1.svg", "v2.png", "v2.svg"]


def test_bad_cases_are_listed_with_their_sheets_and_thumbnails(project):
    posts = read_table(project / "posts.parquet").assign(text="=1+1")
    write_table(project / "formulas.parquet", posts)
    call(
        "list_bad_cases",
        folds=project / "folds.tsv",
        posts=project / "formulas.parquet",
        predictions=files_of(project, "predictions.parquet"),
        images=project,
        figures=[project / f"sheets/{name}.png" for name in ("v1", "v2")],
        lists=[project / f"lists/{name}.csv" for name in ("v1", "v2")],
        thumbnails=project / "small",
        numbers=project / "numbers.json",
    )
    numbers = read_json(project / "numbers.json")
    assert numbers["experiments"]["v2"]["since"] == {"before": "v1", "mended": 3, "spoilt": 0}
    assert numbers["wrong_in_all"] == 7
    assert read_table(project / "lists/v1.csv")["text"].tolist() == ["'=1+1"] * 10
    assert len(read_table(project / "lists/v2.csv")) == 7
    assert (project / "sheets/v1.png").read_bytes().startswith(b"\x89PNG")
    shown = {case["guid"] for cases in numbers["shown"].values() for case in cases}
    assert {path.stem for path in (project / "small").iterdir()} == shown
