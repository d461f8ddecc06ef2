"""What differs from an earlier run: nothing that did not change is claimed to have changed."""

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from jobs.compare_runs import compare_runs
from mmsent import paths
from mmsent.config.validation import ConfigError
from mmsent.errors import InputError
from mmsent.evaluation.pairs import paired_tests
from mmsent.evaluation.pooling import pooled
from mmsent.files import read_json, write_json, write_text
from mmsent.labels import LABELS
from mmsent.report.archive import write_archive
from mmsent.report.earlier import against_files, earlier_files
from mmsent.report.run_changes import Run, run_changes, run_changes_values
from mmsent.tables import read_table, write_table
from reports import PROVENANCE, report, runs_of

POSTS, FOLDS = 240, 3
BOOTSTRAP = {"resamples": 400, "level": 0.95, "seed": 1}
RIGHTS = {"v1": 0.5, "v2": 0.7, "v3": 0.71}
SETTINGS = {"dataset": "posts/", "versions": list(RIGHTS), "ablation": [], "vlm": [], "seed": 1,
            "folds": {"outer": FOLDS}}  # fmt: skip
CHOSEN = [str(number) for number in range(1, 80, 2)]  # 40 posts of 40 groups


def write_results(folder, rights=RIGHTS, change=lambda name, table: table):
    """A folder of results of artificial runs; ``change`` edits predictions and fold table."""
    results, predictions = folder / "results", {}
    for name, right in rights.items():
        runs, folds = runs_of(right, POSTS, FOLDS)
        folds = change("folds", folds)
        predictions[name] = [change(name, run) for run in runs]
        for fold, run in enumerate(predictions[name]):
            write_table(folder / paths.run(name, fold, paths.PREDICTIONS), run)
            write_text(folder / paths.run(name, fold, paths.CONFIG), "schedule: {epochs: 12}\n")
    tables = {name: pooled(runs, folds) for name, runs in predictions.items()}
    tests = paired_tests(tables, dict.fromkeys(rights, "both"), "consecutive", [], 400, 0.95, 1)
    write_json(folder / paths.paired_tests("versions"), tests)
    write_table(folder / paths.FOLDS, folds)
    for path, suffix in ((paths.TEXT_INDEX, "txt"), (paths.IMAGE_INDEX, "jpg")):
        rows = {"guid": folds["guid"], "file": [f"{guid}.{suffix}" for guid in folds["guid"]]}
        hashes = {"sha256": [f"{suffix}{guid}" for guid in folds["guid"]], "text": "a text"}
        write_table(folder / path, pd.DataFrame(rows | hashes))
    settings = SETTINGS | {"versions": list(rights)}
    files = {"config/profiles/offline.yaml": "1", "scripts/job.py": "2"}
    write_json(results / "provenance.json", PROVENANCE | {"settings": settings, "files": files})
    return results


def read(results):
    return Run(**earlier_files(results, str(results)))


def changes_of(tmp_path, now=None, then=None, deviations=None):
    """Numbers, changed predictions and text on two runs, each by arguments of write_results."""
    runs = []
    for name, about in (("now", now), ("then", then)):
        runs.append(read(write_results(tmp_path / name, **(about or {}))))
    numbers, predictions = run_changes(*runs, deviations or {}, BOOTSTRAP)
    return numbers, predictions, run_changes_values(json.loads(json.dumps(numbers)))


def relabelled(_, table):
    other = (table["label"] + 1) % 3
    return table.assign(label=table["label"].mask(table["guid"].isin(CHOSEN), other))


def removed(_, table):
    return table[~table["guid"].isin(CHOSEN)].reset_index(drop=True)


def other_predictions(_, table):
    """The chosen posts' predictions move to the next class."""
    if "predicted" not in table:
        return table
    other = (table["predicted"] + 1) % 3
    return table.assign(predicted=table["predicted"].mask(table["guid"].isin(CHOSEN), other))


def by_name(numbers):
    return {row["experiment"]: row for row in numbers["scores"]}


def test_if_nothing_changed_no_difference_is_claimed(tmp_path):
    # Not even if the seeds are noisy, as the same predictions were not drawn anew.
    noise = {metric: (0.05, 8) for metric in ("weighted_f1", "macro_f1", "accuracy")}
    numbers, predictions, values = changes_of(tmp_path, deviations=noise)
    assert values["identical"]
    assert predictions.empty
    for row in numbers["scores"]:
        test = row["test"]["weighted_f1"]
        assert (test["difference"], test["low"], test["high"], test["p_holm"]) == (0, 0, 0, 1)
        assert row["now"] == row["then"]
        assert row["test"]["verdict"] == "not distinguishable"
    assert not values["sentences"]


def test_relabelled_posts_count_with_the_new_label_in_both_runs(tmp_path):
    numbers, predictions, values = changes_of(tmp_path, {"change": relabelled})
    assert numbers["posts"]["counts"]["relabelled"] == len(CHOSEN)
    assert [row["guid"] for row in numbers["posts"]["changed"]] == CHOSEN
    assert len(values["posts_table"]) == 20
    assert values["posts_left_out"] == 20
    labels = read_table(tmp_path / "then" / paths.FOLDS).set_index("guid")["label"]
    first = numbers["posts"]["changed"][0]
    assert first["then"] == LABELS[labels["1"]]
    assert first["now"] == LABELS[(labels["1"] + 1) % 3]
    row = by_name(numbers)["v3"]
    # The score moved by the labels alone, and the models did not.
    assert row["now"] < row["then"] - 0.05
    assert row["test"]["weighted_f1"]["second"] == pytest.approx(row["now"], abs=1e-6)
    assert row["test"]["weighted_f1"]["p"] == 1
    assert predictions.empty
    assert not values["identical"]


@pytest.mark.parametrize("removed_now", [True, False])
def test_posts_of_one_run_alone_are_in_no_test(tmp_path, removed_now):
    # They would be flips, and a difference.
    whole, part = {"change": other_predictions}, {"change": removed}
    now, then = (part, whole) if removed_now else (whole, part)
    numbers, predictions, _ = changes_of(tmp_path, now, then)
    kind = "removed" if removed_now else "added"
    assert numbers["posts"]["counts"] | {kind: 0} == dict.fromkeys(numbers["posts"]["counts"], 0)
    assert [row["guid"] for row in numbers["posts"]["changed"]] == CHOSEN
    assert predictions.empty
    row = by_name(numbers)["v2"]
    assert (row["posts"], {row["now_posts"], row["then_posts"]}) == (200, {200, 240})
    assert row["test"]["weighted_f1"]["difference"] == 0
    table = pd.concat(runs_of(0.7, POSTS, FOLDS)[0])
    table = table[(table["subset"] == "test") & ~table["guid"].isin(CHOSEN)]
    score = f1_score(table["label"], table["predicted"], average="weighted")
    assert row["test"]["weighted_f1"]["first"] == pytest.approx(score, abs=1e-6)


def test_changed_predictions_are_counted_and_listed(tmp_path):
    numbers, predictions, values = changes_of(tmp_path, {"change": other_predictions})
    table = pd.concat(runs_of(RIGHTS["v1"], POSTS, FOLDS)[0])
    table = table[(table["subset"] == "test") & table["guid"].isin(CHOSEN)]
    was = table["predicted"] == table["label"]
    becomes = (table["predicted"] + 1) % 3 == table["label"]
    flips = by_name(numbers)["v1"]["flips"]
    assert flips == {
        "wrong to right": becomes.sum(), "right to wrong": was.sum(),
        "wrong to wrong": (~was & ~becomes).sum(),
    }  # fmt: skip
    assert sum(flips.values()) == 40
    listed = predictions[predictions["experiment"] == "v1"].set_index("guid")
    assert sorted(listed.index) == sorted(CHOSEN)
    row = table.iloc[0]
    assert listed.loc[row["guid"], "then"] == LABELS[row["predicted"]]
    assert listed.loc[row["guid"], "now"] == LABELS[(row["predicted"] + 1) % 3]
    assert values["flips_table"]["Same class"].tolist() == ["200"] * 3


def test_a_conclusion_that_no_longer_holds_is_named(tmp_path):
    numbers, _, values = changes_of(tmp_path, {"rights": RIGHTS | {"v1": 0.9}})
    rows = by_name(numbers)
    assert [rows[name]["test"]["verdict"] for name in RIGHTS] == [
        "better",
        *["not distinguishable"] * 2,
    ]
    tied, step = values["sentences"]
    assert tied.startswith(
        "versions: statistically tied with the best were v2 and v3; now it is v1."
    )
    assert step.startswith("versions: v2 was significantly better than v1 (+0.")
    assert "; now it is significantly worse (-0." in step
    assert "Conclusions that are no longer the same: 2." in values["in_words"]


def test_experiments_of_one_run_alone_are_named_and_not_tested(tmp_path):
    numbers, _, values = changes_of(
        tmp_path, {"rights": RIGHTS | {"v4": 0.9}}, {"rights": {"v0": 0.4} | RIGHTS}
    )
    assert (numbers["only_now"], numbers["only_then"]) == (["v4"], ["v0"])
    assert list(by_name(numbers)) == list(RIGHTS)
    assert "Only the present run has v4." in values["in_words"]
    assert numbers["conclusions"]["versions"] | {"tied": {}, "verdicts": []} == {
        "tied": {}, "verdicts": [], "pairs": 2, "only_then": 1, "only_now": 1}  # fmt: skip


def test_the_noise_of_the_seeds_widens_what_was_trained_anew(tmp_path):
    noise = {metric: (0.05, 8) for metric in ("weighted_f1", "macro_f1", "accuracy")}
    now = {"rights": RIGHTS | {"v1": 0.6}}
    plain, noisy = (
        by_name(changes_of(tmp_path / str(number), now, deviations=some)[0])
        for number, some in enumerate(({}, noise))
    )
    widths = [rows["v1"]["test"]["weighted_f1"]["high"] - rows["v1"]["test"]["weighted_f1"]["low"]
              for rows in (plain, noisy)]  # fmt: skip
    assert widths[1] > widths[0] + 0.1
    assert plain["v2"] == noisy["v2"]


def test_p_values_are_corrected_for_the_number_of_experiments(tmp_path):
    numbers, _, _ = changes_of(tmp_path, {"rights": dict.fromkeys(RIGHTS, 0.8)})
    tests = [row["test"]["weighted_f1"] for row in numbers["scores"]]
    lowest = min(tests, key=lambda test: test["p"])
    assert lowest["p"] < 0.05
    assert lowest["p_holm"] == pytest.approx(3 * lowest["p"])


def test_the_folds_need_not_be_the_same(tmp_path):
    def moved(_, table):
        return table.assign(fold=(table["fold"] + 1) % FOLDS)

    numbers, predictions, _ = changes_of(tmp_path, {"change": moved})
    assert predictions.empty
    assert all(row["posts"] == POSTS for row in numbers["scores"])


def edit(results, guid, *files):
    for file in files:
        path = results / "index" / file
        table = read_table(path)
        table.loc[table["guid"] == guid, "sha256"] = "other"
        write_table(path, table)


def test_edited_posts_are_found_and_a_guid_of_another_post_is_not_compared(tmp_path):
    now, then = (write_results(tmp_path / name) for name in ("now", "then"))
    edit(now, "3", "text.tsv")
    edit(now, "4", "image.tsv")
    edit(now, "5", "text.tsv", "image.tsv")
    numbers, _ = run_changes(read(now), read(then), {}, BOOTSTRAP)
    kinds = {row["guid"]: row["kinds"] for row in numbers["posts"]["changed"]}
    assert kinds == {"3": ["text edited"], "4": ["image edited"], "5": ["replaced"]}
    assert {row["posts"] for row in numbers["scores"]} == {POSTS - 1}


def test_without_hashes_edited_posts_are_not_known(tmp_path):
    now, then = (write_results(tmp_path / name) for name in ("now", "then"))
    shutil.rmtree(then / "index")
    numbers, _ = run_changes(read(now), read(then), {}, BOOTSTRAP)
    assert numbers["posts"]["counts"]["text edited"] is None
    assert "edited posts are not known" in run_changes_values(numbers)["in_words"][0]


def test_settings_files_and_software_that_differ_are_listed(tmp_path):
    now, then = (write_results(tmp_path / name) for name in ("now", "then"))
    record = read_json(now / "provenance.json")
    record["settings"]["folds"]["outer"] = FOLDS
    record["settings"]["seed"] = 2
    record["packages"] = {"torch": "3"}
    record["files"] = {"scripts/job.py": "3", "scripts/new.py": "1"}
    write_json(now / "provenance.json", record)
    config = tmp_path / "now" / paths.run("v2", 1, paths.CONFIG)
    config.write_text("schedule: {epochs: 9}\n")  # as a search chooses on a fold
    numbers, _ = run_changes(read(now), read(then), {}, BOOTSTRAP)
    assert numbers["settings"] == [{"key": "seed", "then": "1", "now": "2"}]
    assert numbers["software"] == [{"key": "torch", "then": "2", "now": "3"}]
    assert numbers["experiments"] == [
        {"experiment": "v2", "key": "schedule.epochs", "then": "12", "now": "12 / 9"}
    ]
    assert numbers["files"] == {
        "changed": ["scripts/job.py"], "added": ["scripts/new.py"],
        "removed": ["config/profiles/offline.yaml"],
    }  # fmt: skip


def test_an_archive_and_its_folder_give_the_same_document(tmp_path):
    now = write_results(tmp_path / "now", change=relabelled)
    then = write_results(tmp_path / "then", change=other_predictions)
    with contextlib.chdir(tmp_path / "then"):
        files = [
            path for path in sorted(Path("results").rglob("*.*")) if path.parent.name != "index"
        ]
        indexes = (Path(paths.TEXT_INDEX), Path(paths.IMAGE_INDEX))
        write_archive(tmp_path / "then.zip", files, *indexes)
    documents = []
    for kind, earlier in (("zip", tmp_path / "then.zip"), ("folder", read(then))):
        outputs = [tmp_path / f"{kind}.{suffix}" for suffix in ("md", "json", "csv")]
        compare_runs(read(now), earlier, [], BOOTSTRAP, *outputs)
        documents.append([path.read_bytes() for path in outputs])
    assert documents[0] == documents[1]
    assert b"40 relabelled" in documents[0][0]


def test_what_is_missing_in_a_run_of_another_version_is_named_in_one_line(tmp_path):
    then = write_results(tmp_path)
    (then / "paired_tests/versions.json").unlink()
    shutil.rmtree(then / "runs/v2")
    with pytest.raises(InputError) as caught:
        earlier_files(then, "old.zip")
    assert str(caught.value) == (
        "old.zip: not complete, or of another version: it lacks paired_tests/versions.json, "
        "runs/v2/0/predictions.parquet, runs/v2/1/predictions.parquet, "
        "runs/v2/2/predictions.parquet, runs/v2/0/config.yaml and 2 more"
    )
    record = read_json(then / "provenance.json")
    del record["settings"]["versions"]
    write_json(then / "provenance.json", record)
    with pytest.raises(InputError, match="of another version: its settings lack 'versions'"):
        earlier_files(then, "old.zip")


def test_runs_of_other_classes_are_not_compared(tmp_path):
    now, then = (write_results(tmp_path / name) for name in ("now", "then"))
    record = read_json(now / "provenance.json")
    write_json(
        now / "provenance.json",
        record | {"settings": SETTINGS | {"labels": ["a", "b"], "versions": list(RIGHTS)}},
    )
    with pytest.raises(InputError, match="those of this one a, b: predictions of other classes"):
        run_changes(read(now), read(then), {}, BOOTSTRAP)


def test_predictions_that_do_not_fit_to_the_folds_are_refused(tmp_path):
    now, then = (write_results(tmp_path / name) for name in ("now", "then"))
    folds = read_table(then / "data/folds.tsv")
    write_table(then / "data/folds.tsv", folds.assign(fold=np.roll(folds["fold"], 1)))
    with pytest.raises(InputError, match="the earlier run: v1: a post was predicted by a run"):
        run_changes(read(now), read(then), {}, BOOTSTRAP)


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("old.zip", "against: no such file or folder: old.zip"),
        ("results/archive.zip", "against: results/archive.zip is written by this run"),
        ("link.zip", "against: link.zip is written by this run"),
        ("results", "against: results is written by this run"),
        ("old", "against: old: no results of a run: it lacks provenance.json; name old/results"),
    ],
)
def test_no_run_is_compared_with_itself_or_with_nothing(tmp_path, monkeypatch, against, message):
    monkeypatch.chdir(tmp_path)
    write_results(tmp_path / "old")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/archive.zip").touch()
    (tmp_path / "link.zip").symlink_to("results/archive.zip")
    with pytest.raises(ConfigError) as caught:
        against_files(against)
    assert str(caught.value).startswith(message)


def test_the_report_has_the_chapter_if_there_is_an_earlier_run(tmp_path):
    numbers, _, _ = changes_of(tmp_path, {"rights": RIGHTS | {"v1": 0.9}})
    text = report(changes=[json.loads(json.dumps(numbers))])
    chapter = text.split(". What changed\n")[1]
    assert "v2 was significantly better than v1" in chapter
    assert "### Scores" in chapter
    assert "What changed" not in report()
