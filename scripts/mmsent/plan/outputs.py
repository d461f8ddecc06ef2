"""Files of a whole run: what its jobs cost, what its archive contains, what its page shows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from snakemake.io import report

from mmsent import paths
from mmsent.plan.call import flat
from mmsent.sources import ROOT

if TYPE_CHECKING:
    from mmsent.plan.plan import Plan

#: Files of a run that the archive contains: all except the trained weights.
_ARCHIVED = (paths.PREDICTIONS, paths.METRICS, paths.CONFIG)

#: Figures of photographs have no drawing (SVG) beside them.
PHOTOGRAPHS = (
    paths.data_figure("augmentation"),
    paths.data_figure("duplicates"),
    f"{paths.RESULTS}/figures/bad_cases/",
    f"{paths.RESULTS}/figures/{paths.LABEL_NOISE}/",
)


class Job(NamedTuple):
    """A job that costs something; ``experiment`` is empty where it serves several."""

    rule: str
    experiment: str
    name: str


def costly_jobs(plan: Plan) -> list[Job]:
    """The jobs that read posts, encode, search, train and evaluate."""
    once = ["index_texts", "index_images", "check_data", "list_posts", "build_posts",
            "group_duplicates", "assign_folds", *(job.name for job in plan.encodings)]  # fmt: skip
    jobs = [Job(rule, "", rule) for rule in (["generate_demo"] if plan.is_demo else []) + once]
    jobs += [Job("evaluate", "", paths.job("evaluate", table)) for table in plan.tables]
    if plan.baselines:
        jobs += [Job(rule, "", rule) for rule in ("train_baselines", "evaluate_baselines")]
    for protocol in plan.protocols:
        for rule, names in (
            ("train", plan.rows),
            ("search", [name for name in plan.rows if plan.experiments[name].search]),
            ("fine_tune_vlm", plan.trained_vlms),
            ("predict_zero_shot", plan.zero_shot_vlms),
        ):
            for name in names:
                together = not protocol and name in plan.all_folds_in_one_job
                folds = [paths.ALL_FOLDS] if together else plan.folds(name, protocol)
                jobs += [
                    Job(f"{protocol}{rule}", name, paths.job(rule, name, fold, protocol=protocol))
                    for fold in folds
                ]
    for name in plan.repeated:
        if name in plan.all_folds_in_one_job:
            names = [paths.job("train_all_seeds", name, paths.ALL_FOLDS)]
        else:
            seeds = plan.seed_folders
            names = [paths.job("train", name, n, seed=s) for s in seeds for n in plan.folds()]
        jobs += [Job("train_all_seeds", "", job) for job in names]
    rule = "train_fraction"
    jobs += [Job(rule, "", paths.job(rule, n, f)) for n in plan.reduced for f in plan.fractions]
    rule = "train_baselines_on_fraction"
    jobs += [Job(rule, "", paths.job(rule, f)) for f in plan.fractions if plan.curve_probe]
    return jobs


def archived_files(plan: Plan) -> list[str]:
    """Predictions, the folds that they belong to, and what was computed from them."""
    files = [paths.FOLDS, paths.GROUPS, paths.CARD_NUMBERS, paths.PROBLEMS, paths.PROVENANCE,
             paths.COSTS, paths.SECONDS, paths.FIXES, paths.COMPARISON_SCORES]  # fmt: skip
    files += [paths.VLM_SCORES] if plan.vlms else []
    files += plan.if_against(paths.CHANGES_NUMBERS, paths.CHANGED_PREDICTIONS)
    for table in plan.tables:
        files += [paths.metrics(table), paths.scores(table), paths.robustness(table)]
        files += [paths.paired_tests(table), paths.paired_tests(table, "csv"), paths.slices(table)]
        files += [paths.selection(table)]
    files += plan.if_held_out(paths.TEST_LABELS)
    for table in plan.if_held_out(*plan.tables):
        files += [paths.held_out(table), paths.held_out(table, "csv")]
    if plan.baselines:
        files += [paths.metrics(paths.BASELINES), paths.scores(paths.BASELINES)]
        files += [paths.paired_tests(paths.BASELINES, kind) for kind in ("json", "csv")]
        files += plan.runs([*plan.baselines, *plan.average], paths.PREDICTIONS)
        files += plan.runs(plan.baselines, paths.METRICS)
    files += [paths.seeds(name, kind) for name in plan.repeated for kind in ("json", "csv")]
    files += flat(plan.repeated)
    files += [paths.analysis(paths.LABEL_NOISE, "json")]
    for kind in ("json", "csv"):
        files += plan.if_curve(paths.analysis(paths.LEARNING_CURVE, kind))
    files += map(paths.fraction_folds, plan.fractions)
    files += flat(plan.learning_curve["predictions"]) + flat(plan.learning_curve["runs"])
    files += [paths.submission(name, kind) for name in plan.versions for kind in ("json", "txt")]
    names = [*plan.rows, *plan.vlms]
    for protocol in plan.protocols:
        files += [path for file in _ARCHIVED for path in plan.runs(names, file, protocol)]
    if plan.paper_tables:
        files += [paths.metrics(table, paths.PAPER) for table in plan.paper_tables]
        files += sorted({plan.fold_table(paths.PAPER, name) for name in names})
    return files


def archived_settings(plan: Plan, configuration: Iterable[str | Path]) -> list[str]:
    """Files of settings and of the environments, by their paths from the working folder."""
    environments = [ROOT / "requirements.txt", *sorted(ROOT.glob("envs/*.yaml"))]
    files = [*configuration, *plan.setting_files, *environments]
    return [os.path.relpath(path) for path in files]


def in_report(
    files: Any, caption: str, category: str, subcategory: str | None = None, **labels: str
) -> Any:
    """Show files in Snakemake's report (``snakemake --report``), by the caption of that name."""
    path = f"captions/{caption}.rst"
    return report(files, path, category, subcategory=subcategory, labels=labels or None)


def images_in(files: Iterable[str]) -> list[str]:
    """The figures and folders of images among some files, and the drawings beside the figures."""
    shown = [path for path in files if Path(path).suffix in ("", ".png", ".jpg")]
    drawn = [path for path in shown if path.endswith(".png") and not path.startswith(PHOTOGRAPHS)]
    return [*shown, *(str(Path(path).with_suffix(".svg")) for path in drawn)]
