"""What goes into the archive of a report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmsent.workflow.plan import Plan

#: Files of a run that its archive has: all but the trained weights.
_OF_A_RUN = ("predictions.parquet", "metrics.json", "config.yaml")


def archived_numbers(plan: Plan) -> list[str]:
    """Predictions, the folds that they belong to, and what was computed from them."""
    repeated = plan.config.seeds.experiments
    files = ["data/folds.tsv", "data/groups.tsv", "data/card.json", "data/problems.tsv"]
    files += ["provenance.json", "costs.tsv", "seconds.tsv", "fixes.json", "comparison.csv"]
    files += plan.vlm.tables("vlm.csv")
    for table in plan.tables:
        files += [f"{table}.csv", f"paired_tests/{table}.json", f"paired_tests/{table}.csv"]
        files += [f"robustness/{table}.csv", f"slices/{table}.csv"]
    files += [f"seeds/{name}.{kind}" for name in repeated for kind in ("json", "csv")]
    files += [f"seeds/{n}/{fold}.parquet" for n in repeated for fold in plan.outer_folds()]
    files += [f"submission/{name}.{kind}" for name in plan.versions for kind in ("json", "txt")]
    paths = [f"results/{file}" for file in files] + plan.metrics(plan.rows)
    for file in _OF_A_RUN:
        paths += plan.runs(plan.rows, file) + plan.vlm.runs(plan.vlm.names, file)
    return [*paths, *_paper(plan)]


def _paper(plan: Plan) -> list[str]:
    if plan.config.protocol != "both":
        return []
    names = [*plan.rows, *plan.vlm.names]
    files = [f"results/paper/runs/{name}/0/{file}" for name in names for file in _OF_A_RUN]
    splits = {plan.fold_table("paper/", name) for name in names}
    return [*files, *sorted(splits), *plan.paper_metrics(names)]


def archived_settings(plan: Plan, configuration: list[str | Path]) -> list[str]:
    """Files of settings and of the environments, by their paths from the project's folder."""
    files = [*configuration, *plan.setting_files(), *sorted(Path("envs").glob("*.yaml"))]
    return [os.path.relpath(path) for path in files]
