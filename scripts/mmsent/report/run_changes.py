"""What differs between a run and an earlier one: posts, settings, code, scores, conclusions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict

from mmsent import paths
from mmsent.config.validation import read_yaml
from mmsent.data.layout import guid_order
from mmsent.errors import InputError
from mmsent.evaluation.paired import BETTER, SAME, WORSE, Deviations
from mmsent.evaluation.pairs import tied_with_best
from mmsent.evaluation.pooling import pooled
from mmsent.evaluation.reruns import FLIPS, common_posts, flipped, rerun_scores
from mmsent.labels import STUDY_LABELS
from mmsent.paths import short_name
from mmsent.report import cells
from mmsent.report.cells import interval, listed, p_equals, p_value, value
from mmsent.report.changes import flat, shown_value
from mmsent.report.earlier import earlier_files
from mmsent.report.verification import opened
from mmsent.tables import Json, Table, as_cell, reading

#: Kinds of changes of posts. A guid whose text and image both differ names another post.
ADDED, REMOVED, REPLACED, RELABELLED = "added", "removed", "replaced", "relabelled"
EDITED = {"text": "text edited", "image": "image edited"}
KINDS = (ADDED, REMOVED, REPLACED, RELABELLED, *EDITED.values())

#: Posts of a kind of change that the document lists; the numbers have all.
SHOWN_POSTS = 20

#: Entries of the provenance that are compared beside packages.
_MACHINE = ("python", "system", "processor", "gpus")

_VERDICTS = {BETTER: ("significantly better", "than"), WORSE: ("significantly worse", "than"),
             SAME: ("not significantly different", "from")}  # fmt: skip


class Run(BaseModel):
    """What a comparison reads of a run; pydantic reads the files from their paths.

    Attributes
    ----------
    data
        The indexes of texts and images, or an archive's table of hashes; empty if it has neither.
    predictions, configs
        Predictions, and the settings that were trained with, of each fold by experiment.
    tests
        Paired tests by table.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    provenance: Json
    folds: Table
    data: list[Table]
    predictions: dict[str, list[Table]]
    configs: dict[str, list[Annotated[Any, BeforeValidator(reading(read_yaml))]]]
    tests: dict[str, Json]

    @property
    def classes(self) -> list[str]:
        """Names of the classes; before they were a setting, those of the study."""
        return list(self.provenance["settings"].get("labels", STUDY_LABELS))

    @property
    def labels(self) -> pd.Series:
        """Label of each labelled post, by guid."""
        return self.folds.set_index("guid")["label"].map(dict(enumerate(self.classes)))

    @property
    def hashes(self) -> pd.DataFrame | None:
        """Hash of each post's ``text`` and ``image`` by guid; None if they are not recorded."""
        tables = self.data
        if len(tables) == 1:
            is_text = tables[0]["words"].astype(str) != ""
            tables = [tables[0][is_text], tables[0][~is_text]]
        if not tables:
            return None
        columns = [table.groupby("guid")["sha256"].agg(" ".join) for table in tables]
        return pd.concat(columns, axis=1, keys=EDITED).fillna("")

    def pooled(self, which: str) -> dict[str, pd.DataFrame]:
        """Pooled test predictions of each experiment, on the folds that it ran.

        Vision-language models with random weights are left out: they are compared with nothing.

        Parameters
        ----------
        which
            What an error calls this run.

        Raises
        ------
        InputError
            If an experiment does not predict the test posts of its folds.
        """
        tables = {}
        for name, runs in self.predictions.items():
            if self.configs[name][0].get("vlm", {}).get("kind") == "tiny":
                continue
            tested = {fold for run in runs for fold in run["fold"].unique()}
            try:
                tables[name] = pooled(runs, self.folds[self.folds["fold"].isin(tested)])
            except ValueError as error:
                raise InputError(f"{which}: {name}: {error}") from error
        return tables


def archived_run(archive: Path) -> Run:
    """Read a run from its archive.

    Raises
    ------
    InputError
        If it is no archive of a report, was changed, or lacks files.
    """
    with opened(archive) as folder:
        return Run(**earlier_files(folder / paths.RESULTS, str(archive)))


def run_changes(
    now: Run, then: Run, deviations: Deviations, bootstrap: Mapping[str, Any]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Compare a run with an earlier one.

    Parameters
    ----------
    deviations
        Seed standard deviations, from :func:`mmsent.evaluation.seeds.seed_deviations`.
    bootstrap
        ``resamples``, ``level`` and ``seed``.

    Returns
    -------
    numbers
        ``posts`` (:func:`_post_changes`); ``settings``, ``experiments``, ``software``: what differs
        with its values ``then`` and ``now``; ``files``: those of code and settings that differ, or
        None if the earlier run does not record them, with ``same_code`` and ``commits``; ``scores``
        (:func:`mmsent.evaluation.reruns.rerun_scores`); ``only_now``, ``only_then``: experiments;
        ``conclusions`` (:func:`_conclusions`); ``level``; ``tests`` (how many are corrected
        together) and ``seed_noise`` (whether they account for the seeds).
    predictions
        Each changed prediction: ``experiment``, ``guid``, ``label_then``, ``label``, ``then``,
        ``now``, ``flip``.

    Raises
    ------
    InputError
        If the runs have other classes, or predictions do not fit to the folds.
    """
    if now.classes != then.classes:
        raise InputError(
            f"against: the labels of that run are {', '.join(then.classes)}, those of this one "
            f"{', '.join(now.classes)}: predictions of other classes cannot be compared"
        )
    posts, same = _post_changes(now, then)
    tables, before = now.pooled("this run"), then.pooled("the earlier run")
    scores = rerun_scores(tables, before, same, deviations, **bootstrap)
    old, new = then.provenance, now.provenance
    names = [row["experiment"] for row in scores]
    trained = [{name: _trained_with(run.configs[name]) for name in names} for run in (then, now)]
    software = [{key: run[key] for key in _MACHINE} | run["packages"] for run in (old, new)]
    numbers = {
        "posts": posts,
        "settings": _differing(old["settings"], new["settings"]),
        "experiments": [
            {"experiment": name} | row
            for name in names
            for row in _differing(*(settings[name] for settings in trained))
        ],
        "files": _file_changes(old["files"], new["files"]) if "files" in old else None,
        "same_code": old["code_sha256"] == new["code_sha256"],
        "commits": {"then": old["commit"], "now": new["commit"]},
        "software": _differing(*software),
        "scores": scores,
        "only_then": [name for name in before if name not in tables],
        "only_now": [name for name in tables if name not in before],
        "conclusions": {
            table: _conclusions(tests["families"], then.tests[table]["families"])
            for table, tests in now.tests.items()
            if table in then.tests
        },
        "level": bootstrap["level"],
        "tests": sum("test" in row for row in scores),
        "seed_noise": bool(deviations),
    }
    changed = [
        flipped(*common_posts(tables[name], before[name], same)).assign(experiment=name)
        for name in names
    ]
    return numbers, _predictions(pd.concat(changed) if changed else pd.DataFrame(), then)


def _post_changes(now: Run, then: Run) -> tuple[dict[str, Any], list[str]]:
    """What became of the posts, and the guids that name the same post in both runs.

    The dictionary has the numbers of labelled posts ``then``, ``now`` and in ``both``; by kind of
    change their ``counts``, None where hashes are missing; ``changed``: each changed post with its
    labels; ``others``: counts of posts without a label.
    """
    labels = pd.concat([then.labels, now.labels], axis=1, keys=["then", "now"])
    old, new = then.hashes, now.hashes
    guids = sorted(labels.index, key=guid_order)
    differs = pd.DataFrame(False, index=guids, columns=list(EDITED))
    others = None
    if old is not None and new is not None:
        every = old.index.union(new.index)
        old, new = old.reindex(every), new.reindex(every)
        unlike = old.ne(new) & old.notna() & new.notna()
        differs = unlike.reindex(guids, fill_value=False)
        rest = every.difference(labels.index)
        others = {
            ADDED: int(old.loc[rest, "text"].isna().sum()),
            REMOVED: int(new.loc[rest, "text"].isna().sum()),
            "edited": int(unlike.loc[rest].any(axis=1).sum()),
        }
    rows = []
    for guid, before, after, text, image in labels.join(differs).loc[guids].itertuples():
        if kinds := _kinds(before, after, text, image):
            old_label, new_label = (None if pd.isna(label) else label for label in (before, after))
            rows.append({"guid": guid, "kinds": kinds, "then": old_label, "now": new_label})
    gone = {row["guid"] for row in rows if {ADDED, REMOVED, REPLACED} & {*row["kinds"]}}
    same = [guid for guid in guids if guid not in gone]
    counts: dict[str, int | None] = {
        kind: sum(kind in row["kinds"] for row in rows) for kind in KINDS
    }
    if others is None:
        counts |= dict.fromkeys((REPLACED, *EDITED.values()))
    posts = {"then": len(then.folds), "now": len(now.folds), "both": len(same)}
    return posts | {"counts": counts, "changed": rows, "others": others}, same


def _kinds(then: Any, now: Any, text: bool, image: bool) -> list[str]:
    if pd.isna(then) or pd.isna(now):
        return [ADDED if pd.isna(then) else REMOVED]
    if text and image:
        return [REPLACED]
    happened = {RELABELLED: then != now, EDITED["text"]: text, EDITED["image"]: image}
    return [kind for kind, is_so in happened.items() if is_so]


def _trained_with(configs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Settings by dotted key; what a search chose on a fold is among them."""
    folds = [flat(config) for config in configs]
    keys = dict.fromkeys(key for fold in folds for key in fold)
    return {
        key: " / ".join(dict.fromkeys(shown_value(fold.get(key)) for fold in folds)) for key in keys
    }


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, str]]:
    """Entries that differ, by dotted key; a dash where one is missing."""
    old, new = flat(then), flat(now)
    return [
        {"key": key, "then": shown_value(old.get(key)), "now": shown_value(new.get(key))}
        for key in {**new, **old}
        if old.get(key) != new.get(key)
    ]


def _file_changes(then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, list[str]]:
    """Files of code and settings that were changed, added and removed."""
    return {
        "changed": sorted(n for n in now.keys() & then.keys() if now[n] != then[n]),
        ADDED: sorted(now.keys() - then.keys()),
        REMOVED: sorted(then.keys() - now.keys()),
    }


def _conclusions(now: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """Conclusions of a table's tests in both runs.

    ``tied``: experiments tied with the best ``then`` and ``now``; ``verdicts``: the pairs in both
    runs whose verdict is another one, with both tests; ``pairs``: how many are in both;
    ``only_then``, ``only_now``: how many are not.
    """
    old, new = _tests_by_pair(then), _tests_by_pair(now)
    best_other = {"then": then["best_other"], "now": now["best_other"]}
    both = [pair for pair in new if pair in old]
    verdicts = [
        {"first": pair[0], "second": pair[1]}
        | {
            when: {"verdict": tests[pair]["verdict"], **tests[pair]["weighted_f1"]}
            for when, tests in (("then", old), ("now", new))
        }
        for pair in both
        if old[pair]["verdict"] != new[pair]["verdict"]
    ]
    return {
        "tied": {
            when: tied_with_best(tests, [test["first"] for test in tests])
            for when, tests in best_other.items()
        },
        "verdicts": verdicts,
        "pairs": len(both),
        "only_then": len(old) - len(both),
        "only_now": len(new) - len(both),
    }


def _tests_by_pair(families: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Tests by pair, one of each; which experiment the best is, is no conclusion by itself."""
    tests: dict[tuple[str, str], Any] = {}
    for family, rows in families.items():
        for row in rows if family != "best_other" else ():
            if (row["second"], row["first"]) not in tests:
                tests.setdefault((row["first"], row["second"]), row)
    return tests


def _predictions(changed: pd.DataFrame, then: Run) -> pd.DataFrame:
    """The changed predictions, with classes by name, for a file that people open."""
    columns = ["experiment", "guid", "label_then", "label", "then", "now", "flip"]
    if changed.empty:
        return pd.DataFrame(columns=columns)
    names = dict(enumerate(then.classes))
    table = changed.assign(label_then=changed["guid"].map(then.labels))
    for column in ("label", "then", "now"):
        table[column] = table[column].map(names)
    return table.assign(guid=table["guid"].map(as_cell))[columns]


def run_changes_values(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Tables and sentences on the numbers of :func:`run_changes`, by the names in templates."""
    scores, posts = numbers["scores"], numbers["posts"]
    shown = pd.DataFrame(
        [row | {"change": listed(row["kinds"])} for row in posts["changed"]],
        columns=["guid", "change", "then", "now"],
    )
    shown = shown.sort_values("change", kind="stable").groupby("change").head(SHOWN_POSTS)
    between = {"Then": value("then"), "Now": value("now")}
    return {
        **numbers,
        "in_words": _in_words(numbers),
        "identical": _identical(numbers),
        "sentences": _conclusions_in_words(numbers["conclusions"]),
        "posts_table": cells.shown(
            shown,
            {"Post": value("guid"), "Change": value("change")}
            | {f"Label {when.lower()}": cell for when, cell in between.items()},
        ),
        "posts_left_out": len(posts["changed"]) - len(shown),
        "settings_table": cells.shown(numbers["settings"], {"Setting": value("key"), **between}),
        "experiments_table": cells.shown(
            numbers["experiments"],
            {"Experiment": cells.name, "Setting": value("key"), **between},
        ),
        "software_table": cells.shown(
            numbers["software"], {"Software and machine": value("key"), **between}
        ),
        "scores_table": cells.shown(scores, _SCORES),
        "flips_table": cells.shown([row for row in scores if _changed(row)], _FLIPS),
    }


def _test(show: cells.Cell) -> cells.Cell:
    """A cell of the paired test in weighted F1; a dash if there is no post in both runs."""
    return lambda row: show(row["test"]["weighted_f1"]) if row["posts"] else "-"


_SCORES: dict[str, cells.Cell] = {
    "Experiment": cells.name,
    "Then": interval("then"),
    "Now": interval("now"),
    "Posts in both": value("posts", "{:,}"),
    "Then, on these": _test(value("second", "{:.4f}")),
    "Now, on these": _test(value("first", "{:.4f}")),
    "Now - then": _test(cells.tested),
    "p": _test(lambda test: p_value(test["p_holm"])),
    "Now is": _test(value("verdict")),
}


def _changed(row: Mapping[str, Any]) -> int:
    """How many predictions of an experiment changed on the posts in both runs."""
    return sum(row.get("flips", {}).values())


def _flips(flip: str) -> cells.Cell:
    return lambda row: f"{row['flips'][flip]:,}"


_FLIPS: dict[str, cells.Cell] = {
    "Experiment": cells.name,
    "Posts in both": value("posts", "{:,}"),
    "Same class": lambda row: f"{row['posts'] - _changed(row):,}",
    **{flip.capitalize(): _flips(flip) for flip in FLIPS.values()},
}


def _identical(numbers: Mapping[str, Any]) -> bool:
    """Whether nothing differs, the software aside."""
    differing = ("settings", "experiments", "only_then", "only_now")
    posts = numbers["posts"]
    return (
        numbers["same_code"]
        and not any(numbers[key] for key in differing)
        and not any((numbers["files"] or {}).values())
        and not posts["changed"]
        and not any((posts["others"] or {}).values())
        and not any(map(_changed, numbers["scores"]))
    )


def _in_words(numbers: Mapping[str, Any]) -> list[str]:
    """What differs, in sentences."""
    posts, scores = numbers["posts"], numbers["scores"]
    counts = [f"{n:,} {kind}" for kind, n in posts["counts"].items() if n]
    happened = f"{listed(counts)}" if counts else "none was added, removed, relabelled or edited"
    unknown = " The earlier run has no hashes: edited posts are not known."
    sentences = [
        f"Labelled posts: {posts['then']:,} then, {posts['now']:,} now, {posts['both']:,} in both; "
        f"{happened}.{unknown if posts['others'] is None else ''}"
    ]
    different = {
        "settings": numbers["settings"] or numbers["experiments"],
        "code": not numbers["same_code"],
        "software": numbers["software"],
    }
    for words, are in (("are the same", False), ("differ", True)):
        if parts := [part for part, differs in different.items() if bool(differs) is are]:
            sentences.append(f"{listed(parts).capitalize()} {words}.")
    tested = [row for row in scores if row["posts"]]
    if tested and not any(map(_changed, tested)):
        sentences.append(
            f"All predictions of the {len(tested)} experiments in both runs are the same on the "
            f"posts in both: no difference between the runs is claimed."
        )
    elif tested:
        verdicts = [row["test"]["verdict"] for row in tested]
        parts = [f"{verdicts.count(key)} {words}" for key, (words, _) in _VERDICTS.items()]
        sentences.append(
            f"Of {len(tested)} experiments in both runs, on the posts in both: now {listed(parts)}."
        )
    else:
        sentences.append("No experiment predicts the same post in both runs: nothing is tested.")
    for key, words in (("only_then", "earlier run"), ("only_now", "present run")):
        if numbers[key]:
            names = listed([short_name(name) for name in numbers[key]])
            sentences.append(f"Only the {words} has {names}.")
    changed = len(_conclusions_in_words(numbers["conclusions"]))
    sentences.append(
        f"Conclusions that are no longer the same: {changed or 'none'}."
        if numbers["conclusions"]
        else "The runs have no table in common."
    )
    return sentences


def _conclusions_in_words(conclusions: Mapping[str, Any]) -> list[str]:
    """Each conclusion that is no longer the same, by table."""
    sentences = []
    for table, numbers in conclusions.items():
        then, now = ([*map(short_name, numbers["tied"][when])] for when in ("then", "now"))
        if then and now and {*then} != {*now}:
            sentences.append(
                f"{table}: statistically tied with the best {'were' if then[1:] else 'was'} "
                f"{listed(then)}; now {'they are' if now[1:] else 'it is'} {listed(now)}."
            )
        for row in numbers["verdicts"]:
            first, second = short_name(row["first"]), short_name(row["second"])
            old, new = row["then"], row["now"]
            words, than = _VERDICTS[old["verdict"]]
            sentences.append(
                f"{table}: {first} was {words} {than} {second} ({_in_brackets(old)}); now it is "
                f"{_VERDICTS[new['verdict']][0]} ({_in_brackets(new)})."
            )
    return sentences


def _in_brackets(test: Mapping[str, Any]) -> str:
    return f"{cells.tested(test)}, p {p_equals(test['p_holm'])}"
