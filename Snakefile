"""From raw posts to the finished report; see README.md."""

from snakemake.utils import min_version

min_version("9.27")


# Without it, or without a key in it, the file beside this Snakefile decides.
if Path("config/config.yaml").exists():

    configfile: "config/config.yaml"


report: "rules/captions/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/encode.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/documents.smk"
include: "rules/report.smk"


onstart:
    check_writable(Path("results"), Path(".snakemake"))
    hold_folder()


onsuccess:
    announce(workflow.dag_settings.targets, PLAN.tables)


rule all:
    default_target: True
    input:
        PLAN.documents,
