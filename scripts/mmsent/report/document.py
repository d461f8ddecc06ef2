"""What the report's template is filled with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmsent.labels import LABELS
from mmsent.report.changes import changes_table, varied_settings
from mmsent.report.comparison import (
    ablation_beside_study,
    ablation_table,
    calibration_table,
    comparison_parts,
    comparison_table,
    optimism_table,
    short_name,
    versions_table,
    with_interval,
)
from mmsent.report.data import data_values
from mmsent.report.overview import findings_in_words, headline_table, listed, majority
from mmsent.report.problems import encoders_table, memory_table, postprocessing_table
from mmsent.report.results import PrintedFigures, Result
from mmsent.report.statistics import FAMILIES, seeds_table, test_tables
from mmsent.report.versions import (
    class_table,
    distribution_table,
    overrides_table,
    search_table,
    weights_table,
)
from mmsent.report.vlm import vlm_values

#: Chapters in the order of the study: template in ``chapters/`` and title.
CHAPTERS = {
    "overview": "Overview",
    "data": "Data",
    "versions": "Model versions",
    "ablation": "Ablation",
    "vlm": "Vision-language model",
    "bad_cases": "Bad cases",
    "problems": "Problems met, and their remedies",
    "comparison": "Final comparison",
    "efficiency": "Efficiency",
    "deviations": "Deviations from the study",
    "threats": "Threats to validity",
    "provenance": "Provenance",
}


@dataclass(frozen=True)
class ReportInputs:
    """Everything that the report shows beside the metrics.

    Attributes
    ----------
    scores, tests
        Of each table, by its name.
    spreads, submissions, searches
        Standard deviations over seeds, counts of the predicted posts without a label, and trials of
        each fold, by experiment.
    vlm
        Scores of vision-language models, if there are any.
    overrides, costs, deviations
        What the profile overrides, costs by rule, and where the study was left.
    card, labels, images, text_lengths, augmentation, duplicates
        Numbers of the data card and of the figures of the data set.
    curves, bad_cases, efficiency, fixes, provenance
        Numbers of figures and measurements.
    """

    scores: Mapping[str, pd.DataFrame]
    tests: Mapping[str, dict[str, Any]]
    spreads: Mapping[str, dict[str, Any]]
    submissions: Mapping[str, Any]
    searches: Mapping[str, list[dict[str, Any]]]
    vlm: pd.DataFrame | None
    overrides: Sequence[Mapping[str, Any]]
    costs: pd.DataFrame
    deviations: pd.DataFrame
    card: dict[str, Any]
    labels: dict[str, Any]
    images: dict[str, Any]
    text_lengths: dict[str, Any]
    augmentation: dict[str, Any]
    duplicates: dict[str, Any]
    curves: dict[str, Any]
    bad_cases: dict[str, Any]
    efficiency: dict[str, Any]
    fixes: dict[str, Any]
    provenance: dict[str, Any]

    @property
    def comparisons(self) -> dict[str, dict[str, Any]]:
        """Of each version but the first, its test against the version before."""
        return {row["first"]: row for row in self.tests["versions"]["families"]["consecutive"]}


def chapters(absent: set[str]) -> dict[str, int]:
    """Number of each chapter that the report has, by the name of its template."""
    return {name: n for n, name in enumerate((c for c in CHAPTERS if c not in absent), start=1)}


def report_values(
    results: list[Result], printed: PrintedFigures, inputs: ReportInputs
) -> dict[str, Any]:
    """Tables and numbers of the report, by the names that the template uses.

    Parameters
    ----------
    results
        Of every experiment of the tables.
    """
    vlm = inputs.vlm
    scores = inputs.scores
    by_name = {result.name: result for result in results}
    versions = [by_name[name] for name in scores["versions"]["experiment"]]
    every = pd.concat(scores.values(), ignore_index=True).drop_duplicates("experiment")
    absent = {"ablation"} - set(scores) | ({"vlm"} if vlm is None else set())
    families = {table: numbers["families"] for table, numbers in inputs.tests.items()}
    rows = [] if vlm is None else vlm.to_dict("records")
    values = {
        "chapter": chapters(absent),
        "titles": CHAPTERS,
        "headline": headline_table(every, printed),
        "in_words": findings_in_words(scores, families, rows),
        "majority": majority(results[0].metrics),  # the labels are those of every experiment
        "calibration_table": calibration_table(every),
        "seeds_table": seeds_table(inputs.spreads, "weighted_f1"),
        "every": every,
        "families": FAMILIES,
        "printed": printed,
        "inputs": inputs,
        "comparisons": inputs.comparisons,
        "efficiency_table": efficiency_table(inputs.efficiency["rows"]),
        "postprocessing": postprocessing_table(inputs.fixes["postprocessing"]),
        "encoders": encoders_table(inputs.fixes["encoders"]),
        "vlm": None if vlm is None else vlm_values(vlm, printed),
        "overrides": overrides_table(inputs.overrides),
        "memory": memory_table(inputs.costs),
        "tests_number": sum(len(pairs) for own in families.values() for pairs in own.values()),
        "reach": {m: _reach(every, m) for m in ("weighted_f1", *(f"f1_{n}" for n in LABELS))},
    }
    if "ablation" in scores:
        grid = [by_name[name].experiment for name in scores["ablation"]["experiment"]]
        values["varied"] = listed([words.lower() for words in varied_settings(grid)])
    values |= data_values(inputs.card, inputs.images, printed)
    return values | _versions(versions, printed, inputs) | _tables(printed, inputs)


def _versions(
    versions: list[Result], printed: PrintedFigures, inputs: ReportInputs
) -> dict[str, Any]:
    """A table or two of each version, by its name."""
    given = {row["experiment"]: row for row in inputs.scores["versions"].to_dict("records")}
    before = [None, *(version.experiment for version in versions)]
    submissions = inputs.submissions
    changed = {
        version.name: changes_table(old, version.experiment)
        for old, version in zip(before, versions, strict=False)
    }
    return {
        "versions": versions,
        "changes": changed,
        "step_sizes": [len(changed[version.name]) for version in versions[1:]],
        "class_tables": {v.name: class_table(given[v.name], v) for v in versions},
        "distributions": {
            v.name: distribution_table(submissions[v.name], v.name, printed)
            for v in versions
            if submissions[v.name]["posts"]
        },
        "search_tables": {n: search_table(folds) for n, folds in inputs.searches.items()},
        "weights_tables": {v.name: weights_table(v) for v in versions},
    }


def _tables(printed: PrintedFigures, inputs: ReportInputs) -> dict[str, Any]:
    """The tables of versions, of the ablation and of the comparison."""
    scores, tests = inputs.scores, inputs.tests
    verdicts = {name: row["verdict"] for name, row in inputs.comparisons.items()}
    compared = comparison_table(scores["versions"], printed, verdicts, inputs.vlm)
    whole, by_class = comparison_parts(compared)
    values: dict[str, Any] = {
        "versions_table": versions_table(scores["versions"], printed),
        "optimism_table": optimism_table(scores["versions"]),
        "comparison_table": whole,
        "comparison_classes": by_class,
    }
    if "ablation" in scores:
        values |= {
            "ablation_table": ablation_table(scores["ablation"]),
            "ablation_beside_study": ablation_beside_study(scores["ablation"], printed),
            "ablation_tests": _without_macro(test_tables(tests["ablation"]["families"])),
        }
    return values


def _without_macro(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tests without the columns of macro F1, which make them wider than a page."""
    macro = ["Macro F1", "p (macro)"]
    return {name: table.drop(columns=macro, errors="ignore") for name, table in tables.items()}


def _reach(scores: pd.DataFrame, metric: str) -> float:
    """Half the width of a metric's intervals, mean over experiments."""
    return float((scores[f"{metric}_high"] - scores[f"{metric}_low"]).mean() / 2)


def efficiency_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """What each experiment took, the cheapest first.

    Parameters
    ----------
    rows
        Of :func:`mmsent.figures.efficiency.efficiency_rows`.
    """
    return pd.DataFrame(
        [
            {
                "Experiment": short_name(row["experiment"]),
                "Weighted F1": with_interval(row, "weighted_f1"),
                "Trained parameters": f"{row['trained_parameters']:,}",
                "Seconds": f"{row['seconds']:,.1f}",
                "Peak memory [MiB]": f"{row['memory']:,.0f}",
                "F1 / minute": f"{row['f1_per_minute']:.3f}",
                "Another as good in less time": "no" if row["efficient"] else "yes",
            }
            for row in rows
        ]
    )
