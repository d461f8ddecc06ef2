# Tables of several experiments, from metrics that come from predictions.


rule ablation:
    input:
        code=sources("ablation"),
        template="scripts/mmsent/report/templates/ablation.md.j2",
        experiments=[PLAN.experiment_file(name) for name in PLAN.ablation],
        bases=PLAN.all_experiment_files(PLAN.ablation),
        metrics=expand("results/metrics/{experiment}.json", experiment=PLAN.ablation),
        runs=expand(
            "results/runs/{experiment}/{fold}/metrics.json",
            experiment=PLAN.ablation,
            fold=range(CONFIG.folds.outer),
        ),
        reported=CONFIG.paper_results,
        adjustments=CONFIG.adjustments,
    output:
        markdown="results/ablation.md",
        csv="results/ablation.csv",
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
        "Write the ablation table"
    shell:
        "python {input.code[0]} --experiments {input.experiments} --metrics {input.metrics}"
        " --runs {input.runs} --reported {input.reported} --adjustments {input.adjustments}"
        " --markdown {output.markdown} --csv {output.csv} 2> {log}"


rule versions:
    input:
        code=sources("versions"),
        template="scripts/mmsent/report/templates/versions.md.j2",
        experiments=[PLAN.experiment_file(name) for name in PLAN.versions],
        bases=PLAN.all_experiment_files(PLAN.versions),
        metrics=expand("results/metrics/{experiment}.json", experiment=PLAN.versions),
        runs=expand(
            "results/runs/{experiment}/{fold}/metrics.json",
            experiment=PLAN.versions,
            fold=range(CONFIG.folds.outer),
        ),
        reported=CONFIG.paper_results,
        adjustments=CONFIG.adjustments,
    output:
        markdown="results/versions.md",
        csv="results/versions.csv",
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
        "python {input.code[0]} --experiments {input.experiments} --metrics {input.metrics}"
        " --runs {input.runs} --reported {input.reported} --adjustments {input.adjustments}"
        " --markdown {output.markdown} --csv {output.csv} 2> {log}"
