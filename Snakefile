"""From raw posts to the finished report; see README.md."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


report: "rules/captions/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/eda.smk"
include: "rules/encode.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/analysis.smk"
include: "rules/statistics.smk"
include: "rules/tables.smk"
include: "rules/seeds.smk"
include: "rules/vlm.smk"
include: "rules/report.smk"
include: "rules/html.smk"


onstart:
    check_writable(Path("results"), Path(".snakemake"))
    hold_folder()


onsuccess:
    announce(workflow.dag_settings.targets, PLAN.tables)


rule all:
    default_target: True
    input:
        "results/preflight.json",
        "results/report.md",
        "results/report.html",
        expand("results/{table}.md", table=PLAN.tables),
        "results/comparison.md",
        "results/seeds.md",
        PLAN.vlm.tables("results/vlm.md"),
        "results/data/card.md",


include: "rules/archive.smk"
