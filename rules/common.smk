import os
import sys
from pathlib import Path

code = workflow.current_basedir.join("..")
if not code.is_local:
    # Snakemake fetches files of a hosted repository one by one, and modules import each other.
    hosted, code = code, Path(".snakemake/mmsent").absolute()
    if workflow.is_main_process:
        code.mkdir(parents=True, exist_ok=True)
        index = {"GIT_WORK_TREE": str(code), "GIT_INDEX_FILE": f"{code}.index"}
        hosted.hosted_repo.repo.git.read_tree("--reset", "-u", hosted.ref, env=index)
sys.path.insert(0, os.path.normpath(Path(code, "scripts")))

from mmsent import paths
from mmsent.plan.call import any_of, call, flat
from mmsent.plan.documents import announce
from mmsent.plan.lock import check_writable, hold_folder
from mmsent.plan.outputs import archived_files, archived_settings, costly_jobs, images_in, in_report
from mmsent.plan.plan import DATA_FIGURES, LABEL_SHEETS, TABLE_FIGURES, load_plan
from mmsent.sources import all_sources, sources, templates

# Validated settings and what follows from them; wrong settings end here, before any job.
PLAN = load_plan(
    config,
    workflow.configfiles,
    elsewhere=workflow.non_local_exec,
    first=workflow.is_main_process,
    results=workflow.modifier.path_modifier.replace_prefix(paths.RESULTS),
)
CONFIG = PLAN.config


pathvars:
    logs="results/logs",
    benchmarks="results/benchmarks",


wildcard_constraints:
    experiment=any_of(PLAN.experiments),
    # Vision-language models that are trained, and zero-shot ones.
    vlm=any_of(PLAN.trained_vlms),
    zero_shot=any_of(PLAN.zero_shot_vlms),
    fold=r"\d+",
    # Empty, or the study's own split beside the grouped folds.
    protocol=rf"({paths.PAPER})?",
    # Empty, or a repeated run.
    seed=r"(seed\d+/)?",
    # Of the training posts, as the learning curve has it.
    fraction=any_of(PLAN.fractions),
    table="|".join(PLAN.tables),


COMMAND = "python {params.call} --gpus {resources.gpu} --threads {threads} 2> >(tee {log:q} >&2)"


# Every rule is a variant of this one. A job is the function of its rule's name in scripts/jobs; it
# gets the rule's named inputs and outputs, and the settings of `params`, as one JSON object.
rule _job:
    output:
        "<results>/<job>",
    log:
        "<logs>/<job>.log",
    benchmark:
        "<benchmarks>/<job>.jsonl"
    pathvars:
        job="none",
    conda:
        "../envs/report.yaml"
    resources:
        gpu=0,
    params:
        **call(),
    message:
        "{rule} {wildcards}"
    shell:
        COMMAND


# Jobs that only read posts: without figures and statistics.
use rule _job as _data_job with:
    conda:
        "../envs/data.yaml"


# Jobs that encode and train.
use rule _job as _torch_job with:
    conda:
        "../envs/torch.yaml"
