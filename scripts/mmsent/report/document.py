"""What the report's template is filled with."""

from collections.abc import Mapping
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
from mmsent.report.overview import findings_in_words, headline_table, listed, majority
from mmsent.report.problems import encoders_table, postprocessing_table
from mmsent.report.results import PrintedFigures, Result
from mmsent.report.statistics import FAMILIES, seeds_table, test_tables
from mmsent.report.versions import (
    Findings,
    class_table,
    comparisons,
    distribution_table,
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


def chapters(absent: set[str]) -> dict[str, int]:
    """Number of each chapter that the report has, by the name of its template."""
    return {name: n for n, name in enumerate((c for c in CHAPTERS if c not in absent), start=1)}


def report_values(
    results: list[Result],
    printed: PrintedFigures,
    findings: Findings,
    vlm: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Tables and numbers of the report, by the names that the template uses.

    Parameters
    ----------
    results
        Of every row of the tables.
    vlm
        Scores of the vision-language models, if there are any.
    """
    scores = findings.scores
    by_name = {result.name: result for result in results}
    versions = [by_name[name] for name in scores["versions"]["experiment"]]
    every = pd.concat(scores.values(), ignore_index=True).drop_duplicates("experiment")
    absent = {"ablation"} - set(scores) | ({"vlm"} if vlm is None else set())
    families = {table: numbers["families"] for table, numbers in findings.tests.items()}
    rows = [] if vlm is None else vlm.to_dict("records")
    values = {
        "chapter": chapters(absent),
        "titles": CHAPTERS,
        "headline": headline_table(every, printed),
        "in_words": findings_in_words(scores, families, rows),
        "majority": majority(results[0].metrics),  # the labels are those of every experiment
        "calibration_table": calibration_table(every),
        "seeds_table": seeds_table(findings.spreads, "weighted_f1"),
        "every": every,
        "families": FAMILIES,
        "printed": printed,
        "findings": findings,
        "comparisons": comparisons(findings),
        "efficiency_table": efficiency_table(findings.efficiency["rows"]),
        "postprocessing": postprocessing_table(findings.fixes["postprocessing"]),
        "encoders": encoders_table(findings.fixes["encoders"]),
        "vlm": None if vlm is None else vlm_values(vlm, printed),
        "tests_number": sum(len(pairs) for own in families.values() for pairs in own.values()),
        "reach": {m: _reach(every, m) for m in ("weighted_f1", *(f"f1_{n}" for n in LABELS))},
    }
    if "ablation" in scores:
        grid = [by_name[name].experiment for name in scores["ablation"]["experiment"]]
        values["varied"] = listed([words.lower() for words in varied_settings(grid)])
    return values | _versions(versions, printed, findings) | _tables(printed, findings, vlm)


def _versions(
    versions: list[Result], printed: PrintedFigures, findings: Findings
) -> dict[str, Any]:
    """A table or two of each version, by its name."""
    given = {row["experiment"]: row for row in findings.scores["versions"].to_dict("records")}
    before = [None, *(version.experiment for version in versions)]
    submissions = findings.submissions
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
        "search_tables": {n: search_table(folds) for n, folds in findings.searches.items()},
        "weights_tables": {v.name: weights_table(v) for v in versions},
    }


def _tables(
    printed: PrintedFigures, findings: Findings, vlm: pd.DataFrame | None
) -> dict[str, Any]:
    """The tables of versions, of the ablation and of the comparison."""
    scores, tests = findings.scores, findings.tests
    verdicts = {name: row["verdict"] for name, row in comparisons(findings).items()}
    compared = comparison_table(scores["versions"], printed, verdicts, vlm)
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
