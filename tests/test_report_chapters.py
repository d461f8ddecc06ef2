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

from conftest import write_rows
from mmsent.evaluation.bad_cases import shown_cases
from mmsent.figures.efficiency import efficiency_rows
from mmsent.figures.sheets import LONGEST, write_thumbnail
from mmsent.labels import LABELS
from mmsent.report.changes import changes_table, varied_settings
from mmsent.report.document import CHAPTERS
from mmsent.report.fixes import encoders_of, guid_matching, postprocessing_effect
from mmsent.report.overview import best_of, steps
from mmsent.report.render import escaped, markdown_table
from mmsent.report.reported import PrintedFigures
from reports import ENCODERS, evaluated, report, settings_of

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


SHAPES = {
    "whole": {},
    "both protocols": {"also": ["paper"]},
    "nothing without label": {"unlabelled": 0},
    "no ablation": {"ablation": {}},
    "one version": {"versions": {"v4_balanced_clip": 0.7}},
    "one version and no ablation": {"versions": {"v4_balanced_clip": 0.7}, "ablation": {}},
    "versions left out": {"versions": {"v1_baseline": 0.5, "v6_adaptive": 0.6}},
    "one row of the ablation": {"ablation": {"ablation/multimodal_late": 0.7}},
    "no repeated row": {"without": "seeds"},
    "no baselines": {"without": "baselines"},
    "one fold": {"folds": 1},
    "a held-out test": {"also": ["held_out"]},
    "a held-out test of one version": {
        "versions": {"v4_balanced_clip": 0.7},
        "ablation": {},
        "also": ["held_out"],
    },
    "no learning curve": {"without": "learning_curve"},
    "all right": {"versions": {"v3_clip": 1.1, "v4_balanced_clip": 1.1}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shorter_run_gives_a_shorter_report(shape):
    text = report(**SHAPES[shape])
    also = SHAPES[shape].get("also", ())
    absent = {"vlm", "changes"} | ({"ablation"} if SHAPES[shape].get("ablation") == {} else set())
    absent |= {SHAPES[shape].get("without")}
    titles = [title for name, title in CHAPTERS.items() if name not in absent]
    assert re.findall(r"^## (.*)$", text, re.M) == [
        f"{n}. {title}" for n, title in enumerate(titles, start=1)
    ]
    assert not re.search(r"\b(nan|None|Undefined)\b", text)
    assert f"Chapter {titles.index('Threats to validity') + 1} discusses" in text
    assert ("Before post-processing" in text) == bool(SHAPES[shape].get("unlabelled", 9))
    assert ("Paper protocol F1 (optimistic)" in text) == ("paper" in also)
    assert ("figures/seeds.png" in text) == ("seeds" not in absent)
    assert ("figures/ablation/" in text) == ("ablation" not in absent)
    held_out = "held_out" in also
    assert text.count("### Held-out test\n") == held_out * (2 - ("ablation" in absent))
    assert ("31 with a label that is held out" in text) == held_out
    assert ("than the linear probe of the same modalities" in text) == ("baselines" not in absent)
    assert ("<summary>1" in text or "<summary>2" in text) == (shape != "all right")
    # Each table has a header, a rule and rows that all have as many cells.
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_a_study_that_prints_nothing_leaves_dashes(tmp_path):
    (tmp_path / "none.csv").write_text("section,row,metric,value,note\n")
    text = report(printed=PrintedFigures(tmp_path / "none.csv"))
    assert "(reported" not in text
    assert not re.search(r"\b(nan|None|Undefined)\b", text)


def test_texts_of_posts_stay_texts_inside_the_report():
    hostile = "</details><script>x</script> | `a` ![b](http://c.d) *e* \n\n# f\n- g"
    page = MARKDOWN.render(report(text=hostile))
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
    assert "**b** is significantly better than each of the others" in alone
    together = best_of(scores(a=(0.6, False), b=(0.7, True), c=(0.69, True)), "version")
    assert "**b** has the highest weighted F1, 0.7000 [0.600, 0.800], but is not significantly " \
        "different from c. The other one is worse." in together  # fmt: skip
    assert "better" not in together
    assert best_of(scores(a=(0.6, True)), "version").startswith("There is one version, **a**")


def test_steps_are_counted_by_the_verdicts_of_their_tests():
    def step(name, verdict):
        return {"first": name, "verdict": verdict, "weighted_f1": {"difference": 0.05}}

    (words,) = steps([step("b", "better"), step("c", "not distinguishable"), step("d", "worse")])
    assert words == (
        "Of the 3 steps from a version to the next, 1 gains: b (+0.0500); 1 loses: d (+0.0500); "
        "c is not significantly different from the version before."
    )
    assert steps([]) == []


def test_without_clip_the_first_page_names_what_stands_in_its_place():
    said = (
        "**This run does not use CLIP.** In its place, the profile `offline` has a text encoder "
        "(`minilm`) and an image encoder (`efficientnet`)"
    )
    assert said in report().split("## 2.")[0]
    real = [encoder | {"stands_in": False} for encoder in ENCODERS]
    assert "does not use CLIP" not in report(encoders=real)


# Settings


def test_changes_are_the_settings_that_differ_as_they_ran():
    before, now = settings_of("v4_balanced_clip"), settings_of("v5_multi_fusion")
    table = changes_table(before, now).set_index("Setting")
    assert table.loc["text.cleaning"].tolist() == ["whitespace", "symbols"]
    assert table.loc["postprocessing.confidence_below"].tolist() == ["0.8", "-"]
    assert table.loc["search.space.fusion", "Now"] == "late, early, attention"
    assert "optimiser.batch_size" not in table.index
    assert changes_table(now, now).empty
    alone = changes_table(None, now).set_index("Setting")
    assert alone.loc["head.hidden", "Value"] == "512, 256"
    assert not alone.index.intersection(["title", "vectors.standardise"]).size


def test_settings_of_a_modality_that_is_not_seen_are_left_out():
    table = changes_table(None, settings_of("ablation/text_only"))["Setting"]
    assert not table.str.startswith("image").any()
    rows = [settings_of(f"ablation/{name}") for name in ("text_only", "multimodal_early")]
    assert varied_settings(rows) == ["modality", "fusion"]


# Remedies


def test_guids_are_matched_as_written_and_as_read():
    listed = pd.DataFrame({"written": ["1", "2.0", "03", "4"], "guid": list("1234")})
    guids = ["1", "2", "3", "4"]
    texts = pd.DataFrame({"guid": guids, "file": [f"{guid}.txt" for guid in guids]})
    images = pd.DataFrame({"guid": guids[:3], "file": ["1.jpg", "2.jpg", "3.PNG"]})
    counts = {"listed": 4, "as_written": 1, "normalised": 3, "written_otherwise": 2}
    assert guid_matching(listed, texts, images) == counts
    table = texts.assign(file="posts.csv")
    assert guid_matching(listed, table, images) == counts


def test_post_processing_is_measured_against_the_most_probable_class():
    _, table = evaluated(0.6, 90, 3, tuple(LABELS))
    turned = table.index[table["predicted"] == 2][:5]
    changed = table.copy()
    changed.loc[turned, "predicted"] = 1
    effect = postprocessing_effect({"v": changed})["v"]
    assert effect["changed"] == 5
    assert effect["before"] == postprocessing_effect({"v": table})["v"]["after"]
    assert effect["after"]["predicted"] == effect["before"]["predicted"] + 5


def test_an_encoder_is_listed_once_with_the_member_that_stands_in_its_place(tmp_path):
    text = {"source": "package:a/b", "sha256": "1" * 64, "revision": None}
    image = {"source": "/home/me/w.bin", "sha256": "2" * 64, "architecture": "net"}
    pair = {"clip": {"kind": "pair", "text": "text", "image": "image"}, "text": text,
            "image": image}  # fmt: skip
    encoders = {"clip/image": pair, "text/text": {"text": text}, "pixels/image": {"pixels": {}}}
    embeddings = {key: [tmp_path / key / view for view in "xy"] for key in encoders}
    for key, paths in embeddings.items():
        for path in paths:
            write_rows(path, {"vectors": np.zeros((1, 2))}, [""], {"encoder": encoders[key]}, 7)
    shared = {"parameters": 7, "files": 2}
    assert encoders_of(embeddings) == [
        {"encoder": "clip", "modality": "image", "stands_in": True, **shared, "weights": [
            {"model": "net", "source": "w.bin", "sha256": "2" * 64, "revision": None}]},
        {"encoder": "text", "modality": "text", "stands_in": False, **shared, "weights": [
            {"model": "a", "source": "package:a/b", "sha256": "1" * 64, "revision": None}]},
    ]  # fmt: skip


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


def test_a_thumbnail_is_small_without_metadata_and_always_the_same(tmp_path):
    Image.effect_noise((700, 400), 60).convert("RGBA").save(tmp_path / "1.jpg", "PNG")
    for name in ("a.jpg", "b.jpg"):
        write_thumbnail(tmp_path / "1.jpg", tmp_path / name)
    with Image.open(tmp_path / "a.jpg") as small:
        assert small.format == "JPEG"
        assert small.size == (LONGEST, 183)
        assert not small.getexif()
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
