"""The report's first page: one short table, and what the tests allow to be said of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.evaluation.paired import BETTER, SAME, WORSE
from mmsent.labels import LABELS
from mmsent.paths import short_name
from mmsent.report import cells
from mmsent.report.cells import Row, listed, value, with_interval
from mmsent.report.reported import PrintedFigures


def headline_table(scores: pd.DataFrame, printed: PrintedFigures) -> pd.DataFrame:
    """Every experiment in one short table, the study's figure last."""
    columns = {
        "Experiment": cells.name,
        "Weighted F1": cells.best_f1,
        "Accuracy": value("accuracy", "{:.4f}"),
        "Macro F1": value("macro_f1", "{:.4f}"),
    }
    if rare := LABELS.rare_class:
        columns[f"F1 {rare}"] = value(f"f1_{rare}", "{:.4f}")
    columns["Reported F1"] = printed.cell("weighted_f1")
    return cells.shown(scores, columns)


def majority(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Accuracy and F1 of always answering with the most frequent class.

    The metrics are those of any experiment: the labels are the same.
    """
    counts = [sum(row) for row in metrics["confusion"]]
    share = max(counts) / metrics["posts"]
    f1 = 2 * share / (1 + share)  # precision is the share, recall 1
    return {"accuracy": share, "weighted_f1": share * f1, "macro_f1": f1 / len(counts)}


def findings_in_words(
    scores: Mapping[str, pd.DataFrame],
    families: Mapping[str, Mapping[str, Sequence[Row]]],
    vlm: pd.DataFrame | None,
) -> list[str]:
    """Sentences that the tests support; a winner is named only if it beats every other.

    Parameters
    ----------
    scores, families
        Of each table, by its name: its experiments, and the tests of its pairs.
    vlm
        From :func:`mmsent.report.vlm.vlm_scores`, if there are vision-language models.
    """
    sentences = [best_of(scores["versions"], "version")]
    sentences += steps(families["versions"].get("consecutive", []))
    if "ablation" in scores:
        sentences.append(best_of(scores["ablation"], "configuration"))
        sentences += _fusion(scores["ablation"], families["ablation"])
    return sentences + ([] if vlm is None else _vision_language(vlm))


def best_of(scores: pd.DataFrame, noun: str) -> str:
    """Which experiments of a table are the best, as far as its tests can tell."""
    rows = scores.to_dict("records")
    top = max(rows, key=lambda row: float(row["weighted_f1"]))
    name, score = f"**{short_name(top['experiment'])}**", with_interval(top, "weighted_f1")
    if len(rows) == 1:
        return f"There is one {noun}, {name}: weighted F1 {score}."
    level = [short_name(r["experiment"]) for r in rows if r["best_set"] and r is not top]
    if not level:
        return (
            f"Of {len(rows)} {noun}s {name} is significantly better than each of the others: "
            f"weighted F1 {score}."
        )
    rest = len(rows) - 1 - len(level)
    others = {0: "", 1: " The other one is worse."}.get(rest, f" The other {rest} are worse.")
    return (
        f"Of {len(rows)} {noun}s {name} has the highest weighted F1, {score}, but is not "
        f"significantly different from {listed(level)}.{others}"
    )


def steps(tests: Sequence[Row]) -> list[str]:
    """How many steps from a version to the next are a gain."""
    if not tests:
        return []
    parts = []
    for verdict, words in ((BETTER, "gain"), (WORSE, "lose")):
        changed = [
            f"{test['first']} ({test['weighted_f1']['difference']:+.4f})"
            for test in tests
            if test["verdict"] == verdict
        ]
        if changed:
            parts.append(
                f"{len(changed)} {words}{'s' if len(changed) == 1 else ''}: {listed(changed)}"
            )
    same = [test["first"] for test in tests if test["verdict"] == SAME]
    if same:
        verb = "is" if len(same) == 1 else "are"
        parts.append(f"{listed(same)} {verb} not significantly different from the version before")
    count = "the one step" if len(tests) == 1 else f"the {len(tests)} steps"
    return [f"Of {count} from a version to the next, {'; '.join(parts)}."]


def _fusion(scores: pd.DataFrame, families: Mapping[str, Sequence[Row]]) -> list[str]:
    """How many of the rows of both modalities beat each modality alone."""
    fused = set(scores.loc[scores["modality"] == "both", "experiment"])
    counts = []
    for family, words in (("over_text", "text alone"), ("over_image", "images alone")):
        verdicts = [t["verdict"] for t in families.get(family, []) if t["first"] in fused]
        if verdicts:
            better = verdicts.count(BETTER)
            counts.append(f"{better} of {len(verdicts)} are better than {words}")
    if not counts:
        return []
    return [f"Of the configurations with both text and image, {listed(counts)}."]


def _vision_language(scores: pd.DataFrame) -> list[str]:
    is_vlm = scores["beside"] == scores["experiment"]
    models = scores[is_vlm & ~scores["exercise"]]
    if models.empty:
        return ["The vision-language models have random weights and are not compared."]
    sentences = []
    for model in models.to_dict("records"):
        others = scores[(scores["beside"] == model["experiment"]) & ~is_vlm]
        verdicts = others["verdict"].tolist()
        kinds = ((WORSE, "worse"), (SAME, "not distinguishable"), (BETTER, "better"))
        counts = [f"{verdicts.count(kind)} {words}" for kind, words in kinds if kind in verdicts]
        sentences.append(
            f"{model['experiment']} has an accuracy of {with_interval(model, 'accuracy')} on its "
            f"{int(model['posts']):,} test posts; of the versions there {listed(counts)}."
        )
    return sentences
