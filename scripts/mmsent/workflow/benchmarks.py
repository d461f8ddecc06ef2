"""Where the jobs that cost something leave what they cost."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmsent.workflow.plan import Plan

#: In place of the fold, where one job did all of them.
ALL_FOLDS = "all"


def benchmark_files(plan: Plan) -> list[str]:
    """The benchmark files of the jobs of a plan, as the rules name them."""
    first = "index_text index_image check_data check_posts posts groups folds encode_changes"
    jobs = first.split()
    jobs += ["demo"] if plan.is_demo else []
    for path in plan.embeddings():
        encoder, file = path.split("/")[-2:]
        modality, rest = file.removesuffix(".safetensors").split(".", 1)
        jobs.append(f"encode_{modality}/{encoder}.{rest}")
    jobs += [f"evaluate/{name}" for name in plan.rows]
    jobs += _by_fold(plan, "train_seeds", plan.config.seeds.experiments, plan.light)
    searched = [name for name in plan.rows if plan.experiments[name].search]
    for protocol in ("", "paper/") if plan.config.protocol == "both" else ("",):
        jobs += _by_fold(plan, "train", plan.rows, plan.trained_together, protocol)
        jobs += [f"{protocol}{job}" for job in plan.vlm.jobs(protocol)]
        jobs += _by_fold(plan, "search", searched, plan.light, protocol)
    return [f"results/benchmarks/{job}.jsonl" for job in jobs]


def _by_fold(
    plan: Plan, rule: str, names: Collection[str], together: Collection[str], protocol: str = ""
) -> list[str]:
    """The jobs of a rule: one for each fold of each experiment, or one for all of them."""
    return [
        f"{protocol}{rule}/{name}/{part}"
        for name in names
        for part in (
            [ALL_FOLDS] if name in together and not protocol else plan.outer_folds(protocol)
        )
    ]
