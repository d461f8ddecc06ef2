# The documents of tables: the ablation, the versions, the study's final table beside ours.


rule ablation:
    input:
        code=sources("ablation"),
        templates=templates("ablation", "notes", "sections"),
        scores="results/ablation.csv",
        paired="results/paired_tests/ablation.json",
        robustness="results/robustness/ablation.csv",
        slices="results/slices/ablation.csv",
        reported=CONFIG.paper_results,
        figures=expand("results/figures/ablation/{figure}.png", figure=TABLE_FIGURES),
    output:
        "results/ablation.md",
    log:
        "results/logs/ablation.log",
    benchmark:
        "results/benchmarks/ablation.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Write the ablation"
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --paired {input.paired:q}"
        " --robustness {input.robustness:q} --slices {input.slices:q} --reported {input.reported:q}"
        " --markdown {output:q} 2> {log:q}"


rule versions:
    input:
        code=sources("versions"),
        templates=templates("versions", "notes", "sections"),
        experiments=PLAN.own_files(PLAN.versions),
        bases=PLAN.all_experiment_files(PLAN.versions),
        scores="results/versions.csv",
        paired="results/paired_tests/versions.json",
        robustness="results/robustness/versions.csv",
        slices="results/slices/versions.csv",
        reported=CONFIG.paper_results,
        figures=expand("results/figures/versions/{figure}.png", figure=TABLE_FIGURES),
    output:
        "results/versions.md",
    log:
        "results/logs/versions.log",
    benchmark:
        "results/benchmarks/versions.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Write the table of the model versions"
    shell:
        "python {input.code[0]:q} --experiments {input.experiments:q}"
        " --scores {input.scores:q} --paired {input.paired:q}"
        " --robustness {input.robustness:q} --slices {input.slices:q} --reported {input.reported:q}"
        " --markdown {output:q} 2> {log:q}"


rule comparison:
    input:
        code=sources("comparison"),
        templates=templates("comparison", "notes"),
        scores="results/versions.csv",
        paired="results/paired_tests/versions.json",
        vlm=PLAN.vlm.tables("results/vlm.csv"),
        reported=CONFIG.paper_results,
    output:
        markdown="results/comparison.md",
        csv=report(
            "results/comparison.csv",
            caption="captions/comparison.rst",
            category="Tables",
            labels={"table": "the study beside ours"},
        ),
    log:
        "results/logs/comparison.log",
    benchmark:
        "results/benchmarks/comparison.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Write the study's final table beside ours"
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --paired {input.paired:q}"
        " --vlm {input.vlm:q} --reported {input.reported:q}"
        " --markdown {output.markdown:q} --csv {output.csv:q} 2> {log:q}"
