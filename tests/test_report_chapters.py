"""The report as a whole: its chapters on results of many shapes, and texts that cannot do harm."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from conftest import ROOT, write_rows
from mmsent.config.adjustments import load_adjustments
from mmsent.config.experiment import EXPERIMENTS, load_experiment
from mmsent.data.readers import read_listing
from mmsent.evaluation.bad_cases import bad_case_numbers, bad_cases, shown_cases
from mmsent.evaluation.experiment import experiment_metrics
from mmsent.evaluation.paired import compared_together
from mmsent.evaluation.pairs import against_best, consecutive, grid_families
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.submission import submission_numbers
from mmsent.figures.efficiency import efficiency_rows
from mmsent.figures.sheets import LONGEST, write_thumbnail
from mmsent.report.changes import changes_table, varied_settings
from mmsent.report.data import data_values
from mmsent.report.document import CHAPTERS, report_values
from mmsent.report.escape import escaped
from mmsent.report.fixes import encoders_of, guid_matching, postprocessing_effect
from mmsent.report.overview import best_of, steps
from mmsent.report.problems import memory_table
from mmsent.report.render import markdown_table, rendered
from mmsent.report.results import PrintedFigures, Result
from mmsent.report.scores import scores_table
from mmsent.report.versions import Findings
from test_report import runs_of

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
GRID = {"ablation/text_only": 0.6, "ablation/image_only": 0.5, "ablation/multimodal_late": 0.7}
VERSIONS = {"v3_clip": 0.6, "v4_balanced_clip": 0.8, "v5_multi_fusion": 0.8}
SPREAD = {"mean": 0.7, "sd": 0.01, "mean_difference": 0.01, "largest_difference": 0.03,
          "repeatability": 0.04}  # fmt: skip

CARD = {
    "labelled": 90, "classes": {"negative": 30, "neutral": 9, "positive": 51}, "imbalance": 5.67,
    "folds": [{}, {}, {}], "empty": 1, "encodings": {"utf-8": 80, "gb18030": 19}, "actions": {},
    "text_blanked": 0, "image_blanked": 0,
    "duplicates": {"labelled_groups": 3, "posts_in_labelled_groups": 7, "conflicting_groups": 1,
                   "unlabelled_with_labelled_twin": 0},
}  # fmt: skip


@pytest.fixture(scope="module")
def finished():
    """Runs, metrics and settings of experiments, each made once."""
    made = {}

    def experiment(name, right, folds):
        if (name, right, folds) not in made:
            runs, table = runs_of(right, posts=90, folds=folds)
            metrics = experiment_metrics(runs, table, 100, 0.95, 0)
            own = [{"best_epoch": 2, "trained_parameters": 10, "train_posts": 60}]
            settings = load_experiment(ROOT / EXPERIMENTS / f"{name}.yaml")
            made[name, right, folds] = Result(name, settings, metrics, own), pooled(runs, table)
        return made[name, right, folds]

    return experiment


def table_of(name, rows, finished, folds, paper):
    """Scores and tests of a table."""
    made = {row: finished(row, right, folds) for row, right in rows.items()}
    results, tables = [r for r, _ in made.values()], {row: t for row, (_, t) in made.items()}
    pairs = {"consecutive": consecutive(list(rows))}
    if name == "ablation":
        pairs = grid_families({r.name: r.experiment.modality for r in results})
    pairs["best_other"] = against_best(list(rows), tables)
    families = compared_together(pairs, tables, 200, 0.95, 0)
    paired = {"families": families, "groups": 45, "level": 0.95, "resamples": 200, "seeds": None}
    optimistic = {
        r.name: {"validation": r.metrics["test"], "interval": r.metrics["interval"], "posts": 20,
                 "train_posts": 70, "with_twin_in_training": 2} for r in results
    }  # fmt: skip
    scores = scores_table(results, PRINTED, paired, optimistic if paper else {})
    return results, tables, scores, paired


PRINTED = PrintedFigures(ROOT / "config/paper_results.csv")


def report(finished, versions=VERSIONS, ablation=GRID, *, folds=3, unlabelled=9, paper=False,
           seeds=True, printed=PRINTED, text="a text"):  # fmt: skip
    """The whole report of such a run, through the functions that make it."""
    own = {"versions": versions} | ({"ablation": ablation} if ablation else {})
    made = {name: table_of(name, rows, finished, folds, paper) for name, rows in own.items()}
    tables = made["versions"][1]
    _, fold_table = runs_of(0.5, posts=90, folds=folds)
    posts = pd.DataFrame({"guid": fold_table["guid"], "text": text})
    wrong = {name: bad_cases(table, fold_table, posts) for name, table in tables.items()}
    cases = bad_case_numbers(tables, wrong, fold_table)
    shown = shown_cases(wrong, fold_table, 4)
    for case in [*shown["last"], *shown["common"]]:
        case["picture"] = int(case["guid"]) % 2 == 0
    epoch = {"train_f1": 0.8, "validation_f1": 0.7}
    chances = np.tile([0.2, 0.2, 0.6], (unlabelled, 1))
    submitted = submission_numbers(chances, np.full(unlabelled, 2), None)
    every = pd.concat([scores for _, _, scores, _ in made.values()])
    seconds = pd.DataFrame({"experiment": every["experiment"], "train": 5.0, "search": 0.0})
    spread = {"seeds": 3, "folds": folds} | {
        kind: {"posts": 9, "weighted_f1": SPREAD}
        for kind in ("pooled", "one_fold", "one_validation")
    }
    findings = Findings(
        curves={
            name: {"mean_best_epoch": 2, "at_best": epoch, "at_last": epoch} for name in versions
        },
        bad_cases=cases | {"shown": shown},
        scores={name: scores for name, (_, _, scores, _) in made.items()},
        tests={name: paired for name, (*_, paired) in made.items()},
        spreads={"v4_balanced_clip": spread} if seeds else {},
        submissions=dict.fromkeys(versions, submitted),
        searches={},
        efficiency={"rows": efficiency_rows(every, seconds.assign(memory=9.0))},
        fixes={
            "guids": {"listed": 99, "as_written": 90, "normalised": 99, "written_otherwise": 9},
            "encoders": [],
            "postprocessing": postprocessing_effect(tables),
        },
    )
    card = CARD | {"unlabelled": unlabelled, "posts": 90 + unlabelled, "listed": 90 + unlabelled}
    size = {"mean": 1.0, "median": 1.0, "p5": 1.0, "p95": 1.0}
    eda = {
        "images": {"width": size, "height": size, "aspect_ratio": size},
        "text_lengths": {
            "words": {"mean": 9.0, "quantiles": {"95": 20}},
            "tokens": {"mean": 12.0, "quantiles": {"99": 40}},
            "max_length": 64, "cut_at_max_length": 0.01, "cut": {"32": 0.2},
        },
    }  # fmt: skip
    costs = pd.DataFrame({"Rule": ["train"], "Jobs": [3], "Seconds": ["5.0"],
                          "Seconds a job": ["1.7"], "Peak memory [MiB]": ["9"]})  # fmt: skip
    settings = {
        "dataset": "posts",
        "seed": 1,
        "models": "config/models/offline.yaml",
        "folds": {"inner": 6},
        "duplicates": {"phash_distance": 4, "minimum_words": 4},
    }
    provenance = {
        "commit": None, "uncommitted_changes": False, "code_sha256": "c", "data_sha256": "d",
        "settings_sha256": "s", "settings": settings, "python": "3", "system": "s",
        "processor": "p", "cores": 2, "memory_gib": 4, "gpus": [], "packages": {"torch": "2"},
    }  # fmt: skip
    everyone = [result for results, *_ in made.values() for result in results]
    values = report_values(everyone, printed, findings)
    values |= data_values(card, eda["images"], printed)
    values |= {"adjustments": pd.DataFrame(), "deviations": pd.DataFrame({"section": ["1"]}),
               "eda": eda, "costs": costs, "memory": memory_table(costs),
               "provenance": provenance}  # fmt: skip
    return rendered("report.md.j2", **values)


def headings(text):
    return re.findall(r"^## (.*)$", text, re.M)


def no_printed(tmp_path):
    path = tmp_path / "none.csv"
    path.write_text("section,row,metric,value,note\n")
    return PrintedFigures(path)


SHAPES = {
    "whole": {},
    "both protocols": {"paper": True},
    "nothing without label": {"unlabelled": 0},
    "no ablation": {"ablation": {}},
    "one version": {"versions": {"v4_balanced_clip": 0.7}},
    "one version and no ablation": {"versions": {"v4_balanced_clip": 0.7}, "ablation": {}},
    "versions left out": {"versions": {"v1_baseline": 0.5, "v6_adaptive": 0.6}},
    "one row of the ablation": {"ablation": {"ablation/multimodal_late": 0.7}},
    "no repeated row": {"seeds": False},
    "one fold": {"folds": 1},
    "all right": {"versions": {"v3_clip": 1.1, "v4_balanced_clip": 1.1}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shorter_run_gives_a_shorter_report(finished, shape):
    text = report(finished, **SHAPES[shape])
    absent = {"vlm"} | ({"ablation"} if SHAPES[shape].get("ablation") == {} else set())
    titles = [title for name, title in CHAPTERS.items() if name not in absent]
    assert headings(text) == [f"{n}. {title}" for n, title in enumerate(titles, start=1)]
    assert not re.search(r"\b(nan|None|Undefined)\b", text)
    assert f"is in chapter {titles.index('Threats to validity') + 1}." in text
    assert ("Most probable" in text) == bool(SHAPES[shape].get("unlabelled", 9))
    assert ("Paper protocol F1 (optimistic)" in text) == bool(SHAPES[shape].get("paper"))
    assert ("figures/seeds.png" in text) == SHAPES[shape].get("seeds", True)
    assert ("figures/ablation/" in text) == ("ablation" not in absent)
    assert ("<summary>1" in text or "<summary>2" in text) == (shape != "all right")
    # Each table has a header, a rule and rows that all have as many cells.
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_a_study_that_prints_nothing_leaves_dashes(finished, tmp_path):
    text = report(finished, printed=no_printed(tmp_path))
    assert "(reported" not in text
    assert not re.search(r"\b(nan|None|Undefined)\b", text)


def test_texts_of_posts_stay_texts_inside_the_report(finished):
    hostile = "</details><script>x</script> | `a` ![b](http://c.d) *e* \n\n# f\n- g"
    page = MARKDOWN.render(report(finished, text=hostile))
    assert "<script" not in page
    assert 'src="http' not in page
    assert "<h1>f" not in page
    assert page.count("<details>") == page.count("</details>") > 3


def text_of(page):
    """What a page shows, and the tags that make it."""
    tags = re.findall(r"</?(\w+)", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split()), set(tags)


def printed_characters(text):
    return all(escaped(c) or c.isspace() for c in text)


MARKUP = st.text(st.sampled_from(list("|`<>&*_[]()!#-+.:/@=~\\1a \n\t$\"'^{}")), max_size=30)
ANY = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@given(MARKUP | ANY)
def test_an_escaped_text_is_shown_as_it_is(text):
    text = "".join(c for c in text if printed_characters(c))
    shown, tags = text_of(MARKDOWN.render(f"> {escaped(text)}"))
    assert shown == " ".join(text.split())
    assert tags <= {"blockquote", "p"}
    table = pd.DataFrame({"a": [escaped(text)], "b": ["x"]})
    page = MARKDOWN.render(markdown_table(table))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.S)
    assert len(cells) == 2
    assert text_of(cells[0]) == (" ".join(text.split()), set())


def test_links_and_controls_are_no_links_and_not_there():
    for text in ("http://a.b", "www.a.b", "a@b.cd"):
        assert not re.search(r"(?<!\\)(://|@)|www\.", escaped(text))
    assert escaped("a\x00\x1b[31m\u202eb") == r"a\[31mb"


# Sentences


def scores(**rows):
    return pd.DataFrame(
        [
            {"experiment": name, "weighted_f1": value, "weighted_f1_low": value - 0.1,
             "weighted_f1_high": value + 0.1, "best_set": best}
            for name, (value, best) in rows.items()
        ]
    )  # fmt: skip


def test_a_winner_is_named_only_if_it_beats_each_other():
    alone = best_of(scores(a=(0.6, False), b=(0.7, True)), "version")
    assert "**b** is better than each other by a paired test" in alone
    together = best_of(scores(a=(0.6, False), b=(0.7, True), c=(0.69, True)), "version")
    assert "**b** has the highest weighted F1, 0.7000 [0.600, 0.800], but cannot be told apart " \
        "from c by a paired test. The other one is worse." in together  # fmt: skip
    assert "better" not in together
    assert best_of(scores(a=(0.6, True)), "version").startswith("There is one version, **a**")


def test_steps_are_counted_by_what_their_tests_say():
    def step(name, verdict):
        return {"first": name, "verdict": verdict, "weighted_f1": {"difference": 0.05}}

    (words,) = steps([step("b", "better"), step("c", "not distinguishable"), step("d", "worse")])
    assert words == (
        "Of the 3 steps from a version to the next, 1 gains: b (+0.0500); 1 loses: d (+0.0500); "
        "c cannot be told from the version before."
    )
    (words,) = steps([step("b", "not distinguishable")])
    assert words == (
        "Of the one step from a version to the next, none is a gain or a loss: b cannot be told "
        "from the version before."
    )
    assert steps([]) == []


# Settings


def test_changes_are_the_settings_that_differ_as_they_ran():
    files = [
        ROOT / EXPERIMENTS / f"{name}.yaml" for name in ("v4_balanced_clip", "v5_multi_fusion")
    ]
    before, now = map(load_experiment, files)
    table = changes_table(before, now).set_index("Setting")
    assert table.loc["Cleaning of the text"].tolist() == ["whitespace", "symbols"]
    assert table.loc["Turned neutral: confidence below"].tolist() == ["0.8", "-"]
    assert table.loc["Searched: fusion", "Now"] == "late, early, attention"
    assert "Batch" not in table.index
    adjusted = load_experiment(files[1], {"optimiser": {"batch_size": 64}})
    assert changes_table(before, adjusted).set_index("Setting").loc["Batch", "Now"] == "64"
    assert changes_table(now, now).empty
    alone = changes_table(None, now).set_index("Setting")
    assert alone.loc["Head: layers", "Value"] == "512, 256"


def test_every_setting_of_the_experiments_has_words():
    adjustments = load_adjustments(ROOT / "config/adjustments/offline.yaml", [])
    for path in sorted((ROOT / EXPERIMENTS).glob("v[0-9]*.yaml")):
        table = changes_table(None, load_experiment(path, adjustments.get(path.stem)))
        raw = [s for s in table["Setting"] if re.search(r"[a-z]: ", s) and s[0].islower()]
        assert all(setting.startswith("search: during") for setting in raw), raw


def test_the_grid_says_what_it_varies():
    folder = ROOT / EXPERIMENTS / "ablation"
    rows = [load_experiment(folder / f"{name}.yaml") for name in ("text_only", "multimodal_early")]
    assert varied_settings(rows) == ["Modality", "Fusion"]


# Remedies


def test_guids_are_matched_as_written_and_as_read(tmp_path):
    (tmp_path / "train.txt").write_text(
        "guid,tag\n1,neutral\n2.0,neutral\n03,positive\n4,neutral\n"
    )
    listing = read_listing(tmp_path / "train.txt", labelled=True)
    guids = ["1", "2", "3", "4"]
    texts = pd.DataFrame({"guid": guids, "file": [f"{guid}.txt" for guid in guids]})
    images = pd.DataFrame({"guid": guids[:3], "file": ["1.jpg", "2.jpg", "3.PNG"]})
    assert guid_matching([listing], texts, images) == {
        "listed": 4, "as_written": 1, "normalised": 3, "written_otherwise": 2
    }  # fmt: skip


def test_post_processing_is_measured_against_the_most_probable_class(finished):
    _, table = finished("v3_clip", 0.6, 3)
    turned = table.index[table["predicted"] == 2][:5]
    changed = table.copy()
    changed.loc[turned, "predicted"] = 1
    effect = postprocessing_effect({"v": changed})["v"]
    assert effect["changed"] == 5
    assert effect["before"] == postprocessing_effect({"v": table})["v"]["after"]
    assert effect["after"]["neutral"] == effect["before"]["neutral"] + 5


def test_an_encoder_is_listed_once_with_the_member_that_encodes(tmp_path):
    pair = {
        "clip": {"kind": "pair", "text": "text", "image": "image"},
        "text": {"source": "package:a/b", "sha256": "1" * 64, "revision": None},
        "image": {"source": "/home/me/weights.bin", "sha256": "2" * 64},
    }
    paths = []
    for name, encoder in (("clip/image.x", pair), ("clip/image.y", pair),
                          ("clip/text.x", pair), ("pixels/image.x", {"pixels": {}})):  # fmt: skip
        paths.append(tmp_path / f"{name}.safetensors")
        write_rows(paths[-1], {"vectors": np.zeros((1, 2))}, [""], {"encoder": encoder}, 7)
    image, text = encoders_of(paths)
    assert (image["modality"], image["files"], image["parameters"]) == ("image", 2, 7)
    assert image["weights"] == [{"source": "weights.bin", "sha256": "2" * 64, "revision": None}]
    assert [part["source"] for part in text["weights"]] == ["package:a/b"]


def test_an_experiment_is_efficient_if_none_is_as_good_in_less_time():
    table = pd.DataFrame({"experiment": list("abcd"), "weighted_f1": [0.6, 0.7, 0.65, 0.7],
                          "weighted_f1_low": 0.5, "weighted_f1_high": 0.8,
                          "trained_parameters": 1})  # fmt: skip
    seconds = pd.DataFrame({"experiment": list("dcba"), "train": [40, 30.0, 10, 5],
                            "search": [0, 0, 10.0, 0], "memory": 1.0})  # fmt: skip
    rows = efficiency_rows(table, seconds)
    assert [(r["experiment"], r["seconds"], r["efficient"]) for r in rows] == [
        ("a", 5, True), ("b", 20, True), ("c", 30, False), ("d", 40, False)
    ]  # fmt: skip
    assert rows[1]["f1_per_minute"] == pytest.approx(2.1)
    with pytest.raises(ValueError, match="no seconds of a"):
        efficiency_rows(table, seconds[:3])


# Cases that are shown


def wrong_table(*rows):
    columns = ["guid", "confidence", "group"]
    table = pd.DataFrame(rows, columns=columns).assign(label="neutral", predicted="positive")
    table[["p_negative", "p_neutral", "p_positive"]] = [0.1, 0.1, 0.8]
    return table.assign(conflict=False, text="t")


def test_cases_of_the_last_and_of_all_are_shown_one_of_each_group():
    first = wrong_table(("1", 0.9, "a"), ("3", 0.9, "c"), ("5", 0.2, "e"), ("6", 0.9, "f"))
    last = wrong_table(("1", 0.9, "a"), ("2", 0.8, "a"), ("4", 0.7, "d"), ("5", 0.6, "e"),
                       ("6", 0.5, "f"))  # fmt: skip
    folds = pd.DataFrame({"guid": list("123456"), "group": list("aacdef"),
                          "label": [1, 2, 1, 1, 1, 1]})  # fmt: skip
    shown = shown_cases({"x": first, "y": last}, folds, 2)
    assert [case["guid"] for case in shown["last"]] == ["1", "4"]
    # 2 is a near-duplicate of 1, and 4 is right in x.
    assert [case["guid"] for case in shown["common"]] == ["6", "5"]
    assert shown["common"][0]["mean_confidence"] == pytest.approx(0.7)
    assert shown["last"][0]["twins"] == [{"guid": "2", "label": "positive"}]
    assert shown["last"][1]["wrong_in"] == ["y"]
    assert shown_cases({"y": last}, folds, 2)["common"] == []


def test_a_thumbnail_is_small_and_always_the_same(tmp_path):
    Image.effect_noise((700, 400), 60).convert("RGBA").save(tmp_path / "1.jpg", "PNG")
    for name in ("a.jpg", "b.jpg"):
        write_thumbnail(tmp_path / "1.jpg", tmp_path / name)
    with Image.open(tmp_path / "a.jpg") as small:
        assert small.format == "JPEG"
        assert small.size == (LONGEST, 183)
        assert not small.getexif()
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
