"""What the report is made of, and the values that its template is filled with."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from mmsent.report.baselines import baseline_values
from mmsent.report.card import data_values
from mmsent.report.cells import listed
from mmsent.report.changes import (
    changes_table,
    class_table,
    distribution_table,
    overrides_table,
    search_table,
    varied_settings,
    weights_table,
)
from mmsent.report.costs import efficiency_table, memory_table
from mmsent.report.fixes import encoders_table, postprocessing_table
from mmsent.report.label_noise import label_noise_values
from mmsent.report.learning_curve import learning_curve_values
from mmsent.report.overview import findings_in_words, headline_table, majority
from mmsent.report.reported import Reported
from mmsent.report.statistics import (
    calibration_table,
    comparisons,
    seeds_table,
    test_families,
)
from mmsent.report.table import comparison_parts, comparison_table, table_values
from mmsent.report.vlm import vlm_values
from mmsent.tables import Json, Numbers, Table

#: Chapters in the order of the study: template in ``chapters/`` and title.
CHAPTERS = {
    "overview": "Summary",
    "data": "Data",
    "versions": "Model versions",
    "ablation": "Ablation",
    "baselines": "Baselines",
    "vlm": "Vision-language model",
    "bad_cases": "Error analysis",
    "label_noise": "Label noise",
    "learning_curve": "Learning curve",
    "problems": "Problems and fixes",
    "comparison": "Comparison with the study",
    "efficiency": "Efficiency",
    "deviations": "Deviations from the study",
    "threats": "Threats to validity",
    "provenance": "Reproducibility",
}


class ReportInputs(BaseModel):
    """The files that the report is made of; pydantic reads them from their paths.

    Attributes
    ----------
    metrics, scores, tests
        Of each table, by its name.
    selection
        Of each table, the optimism of selecting its best.
    baseline_scores, baseline_tests
        Scores of the baselines and tests against them, if there are any.
    spreads, submissions, searches
        Standard deviations over seeds, counts of the predicted posts without a label, and trials of
        each fold, by experiment.
    vlm
        Scores of vision-language models, if there are any.
    costs, deviations, reported
        Costs by rule, where the study was left, and the figures that it prints.
    card, images, text_lengths
        Numbers of the data card, and of figures of the data set.
    curves, bad_cases, efficiency, fixes, provenance
        Numbers of figures and measurements.
    label_noise, learning_curve
        Numbers of the doubtful labels, and of the learning curve if there is one.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    metrics: dict[str, Json]
    scores: dict[str, Numbers]
    tests: dict[str, Json]
    selection: dict[str, Json]
    baseline_scores: list[Numbers]
    baseline_tests: list[Json]
    spreads: dict[str, Json]
    submissions: dict[str, Json]
    searches: dict[str, list[Json]]
    vlm: list[Numbers]
    costs: Table
    deviations: Table
    reported: Reported
    card: Json
    images: Json
    text_lengths: Json
    curves: Json
    bad_cases: Json
    efficiency: Json
    fixes: Json
    provenance: Json
    label_noise: Json
    learning_curve: list[Json]


def report_values(
    inputs: ReportInputs,
    experiments: Mapping[str, Mapping[str, Any]],
    overrides: list[dict[str, Any]],
) -> dict[str, Any]:
    """Tables and numbers of the report, by the names that the template uses.

    Parameters
    ----------
    overrides
        What the profile overrides: experiment, key, value of the files, value of this run.
    """
    scores, printed = inputs.scores, inputs.reported
    vlm = inputs.vlm[0] if inputs.vlm else None
    all_scores = pd.concat(scores.values(), ignore_index=True).drop_duplicates("experiment")
    absent = {"ablation"} - set(scores) | ({"vlm"} if vlm is None else set())
    absent |= set() if inputs.learning_curve else {"learning_curve"}
    absent |= set() if inputs.baseline_tests else {"baselines"}
    families = {table: tests["families"] for table, tests in inputs.tests.items()}
    baselines, tested = None, dict(families)
    if inputs.baseline_tests:
        (table,), (tests,) = inputs.baseline_scores, inputs.baseline_tests
        baselines, tested["baselines"] = baseline_values(table, tests), tests["families"]
    steps = {row["first"]: row for row in families["versions"]["consecutive"]}
    verdicts = {name: row["verdict"] for name, row in steps.items()}
    whole, by_class = comparison_parts(comparison_table(scores["versions"], printed, verdicts, vlm))
    values = {
        "chapter": {name: n for n, name in enumerate((c for c in CHAPTERS if c not in absent), 1)},
        "titles": CHAPTERS,
        "headline": headline_table(all_scores, printed),
        "in_words": [
            *findings_in_words(scores, families, vlm),
            *(baselines["in_words"] if baselines else []),
        ],
        "baselines": baselines,
        "majority": majority(next(iter(inputs.metrics["versions"].values()))),
        "tables": {
            name: table_values(name, table, inputs.tests[name], printed)
            for name, table in scores.items()
        },
        "comparison_table": whole,
        "comparison_classes": by_class,
        "calibration_table": calibration_table(all_scores),
        "seeds_table": seeds_table(inputs.spreads, "weighted_f1"),
        "every": all_scores,
        "printed": printed,
        "inputs": inputs,
        "comparisons": steps,
        "efficiency_table": efficiency_table(inputs.efficiency["rows"]),
        "postprocessing": postprocessing_table(inputs.fixes["postprocessing"]),
        "encoders": encoders_table(inputs.fixes["encoders"]),
        "vlm": None if vlm is None else vlm_values(vlm, printed),
        "noise": label_noise_values(inputs.label_noise),
        "curve": next(map(learning_curve_values, inputs.learning_curve), None),
        "overrides": overrides_table(overrides),
        "memory": memory_table(inputs.costs),
        "tests_number": sum(map(comparisons, tested.values())),
        "test_families": test_families(tested),
        # Half the width of intervals, mean over experiments.
        "reach": {
            metric: (all_scores[f"{metric}_high"] - all_scores[f"{metric}_low"]).mean() / 2
            for metric in ("weighted_f1", "f1_neutral")
        },
    }
    values |= _version_values(inputs, {n: experiments[n] for n in scores["versions"]["experiment"]})
    if "ablation" in scores:
        grid = [experiments[name] for name in scores["ablation"]["experiment"]]
        values["varied"] = listed(varied_settings(grid))
    return values | data_values(inputs.card, inputs.images, printed)


def _version_values(
    inputs: ReportInputs, versions: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Tables of each version, by its name."""
    rows = {row["experiment"]: row for row in inputs.scores["versions"].to_dict("records")}
    metrics, submissions = inputs.metrics["versions"], inputs.submissions
    before = [None, *versions.values()]
    changes = {
        name: changes_table(old, now)
        for old, (name, now) in zip(before, versions.items(), strict=False)
    }
    return {
        "versions": versions,
        "changes": changes,
        "step_sizes": [len(changes[name]) for name in [*versions][1:]],
        "class_tables": {n: class_table(rows[n], metrics[n]["confusion"]) for n in versions},
        "distributions": {
            name: distribution_table(submissions[name], name, inputs.reported)
            for name in versions
            if submissions[name]["posts"]
        },
        "search_tables": {name: search_table(folds) for name, folds in inputs.searches.items()},
        "weights_tables": {n: weights_table(metrics[n]["fusion_weights"]) for n in versions},
    }
