# The finished report in one file, from which its numbers can be derived without posts and weights.


rule archive:
    input:
        code=sources("archive"),
        documents=rules.all.input,
        figures=[
            *rules.report.input.version_figures,
            *rules.report.input.table_figures,
            *rules.report.input.figures,
            rules.report.input.efficiency_figure,
            *rules.report.input.seed_figure,
            *rules.report.input.vlm_figures,
        ],
        numbers=archived_numbers(PLAN),
        settings=archived_settings(PLAN, workflow.configfiles),
        software=["requirements.txt", *all_sources()],
        texts="results/index/text.tsv",
        images="results/index/image.tsv",
    output:
        "results/archive.zip",
    log:
        "results/logs/archive.log",
    benchmark:
        "results/benchmarks/archive.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Put the report and what its numbers follow from into one file"
    shell:
        "python {input.code[0]:q} --texts {input.texts:q} --images {input.images:q} --out {output:q}"
        " --files {input.documents:q} {input.figures:q} {input.numbers:q} {input.settings:q}"
        " {input.software:q} 2> {log:q}"


rule verify_archive:
    input:
        code=sources("verify_archive"),
        archive="results/archive.zip",
    output:
        "results/archive.json",
    log:
        "results/logs/verify_archive.log",
    benchmark:
        "results/benchmarks/verify_archive.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Derive the numbers of the archive from its predictions"
    shell:
        "python {input.code[0]:q} {input.archive:q} --out {output:q} 2> {log:q}"
