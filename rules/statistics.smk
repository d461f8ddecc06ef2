# What is said of the experiments of a table together: tests, robustness, slices, scores, figures.


rule paired_tests:
    input:
        code=sources("paired_tests"),
        folds="results/data/folds.tsv",
        predictions=lambda wildcards: PLAN.runs(
            PLAN.tables[wildcards.table], "predictions.parquet"
        ),
        spreads=lambda wildcards: PLAN.spreads(wildcards.table),
    output:
        csv="results/paired_tests/{table}.csv",
        numbers="results/paired_tests/{table}.json",
    log:
        "results/logs/paired_tests/{table}.log",
    benchmark:
        "results/benchmarks/paired_tests/{table}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        experiments=lambda wildcards: PLAN.tables[wildcards.table],
        modalities=lambda wildcards: PLAN.modalities(wildcards.table),
        pairs=lambda wildcards: TABLE_PAIRS[wildcards.table],
        bootstrap=BOOTSTRAP,
    message:
        "Test the differences between the rows of {wildcards.table}"
    shell:
        "python {input.code[0]:q} --experiments {params.experiments}"
        " --modalities {params.modalities:q} --pairs {params.pairs}"
        " --folds {input.folds:q} --predictions {input.predictions:q} {params.bootstrap}"
        " --spreads {input.spreads:q}"
        " --csv {output.csv:q} --numbers {output.numbers:q} 2> {log:q}"


rule robustness:
    input:
        code=sources("robustness"),
        folds="results/data/folds.tsv",
        predictions=lambda wildcards: PLAN.runs(
            PLAN.tables[wildcards.table], "predictions.parquet"
        ),
    output:
        "results/robustness/{table}.csv",
    log:
        "results/logs/robustness/{table}.log",
    benchmark:
        "results/benchmarks/robustness/{table}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        experiments=lambda wildcards: PLAN.tables[wildcards.table],
        modalities=lambda wildcards: PLAN.modalities(wildcards.table),
        bootstrap=BOOTSTRAP,
    message:
        "Measure the rows of {wildcards.table} without a modality"
    shell:
        "python {input.code[0]:q} --experiments {params.experiments}"
        " --modalities {params.modalities:q}"
        " --folds {input.folds:q} --predictions {input.predictions:q} {params.bootstrap}"
        " --out {output:q} 2> {log:q}"


rule slices:
    input:
        code=sources("slices"),
        folds="results/data/folds.tsv",
        posts="results/data/posts.parquet",
        predictions=lambda wildcards: PLAN.runs(
            PLAN.tables[wildcards.table], "predictions.parquet"
        ),
    output:
        "results/slices/{table}.csv",
    log:
        "results/logs/slices/{table}.log",
    benchmark:
        "results/benchmarks/slices/{table}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        experiments=lambda wildcards: PLAN.tables[wildcards.table],
        modalities=lambda wildcards: PLAN.modalities(wildcards.table),
        bootstrap=BOOTSTRAP,
    message:
        "Measure the rows of {wildcards.table} on slices of the posts"
    shell:
        "python {input.code[0]:q} --experiments {params.experiments}"
        " --modalities {params.modalities:q} --posts {input.posts:q}"
        " --folds {input.folds:q} --predictions {input.predictions:q} {params.bootstrap}"
        " --out {output:q} 2> {log:q}"


rule scores:
    input:
        code=sources("scores"),
        experiments=lambda wildcards: PLAN.own_files(PLAN.tables[wildcards.table]),
        bases=lambda wildcards: PLAN.all_experiment_files(PLAN.tables[wildcards.table]),
        metrics=lambda wildcards: PLAN.metrics(PLAN.tables[wildcards.table]),
        runs=lambda wildcards: PLAN.runs(PLAN.tables[wildcards.table], "metrics.json"),
        paired="results/paired_tests/{table}.json",
        paper=lambda wildcards: PLAN.paper_metrics(PLAN.tables[wildcards.table]),
        reported=CONFIG.paper_results,
        adjustments=CONFIG.adjustments,
    output:
        report(
            "results/{table}.csv",
            caption="captions/scores.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        "results/logs/scores/{table}.log",
    benchmark:
        "results/benchmarks/scores/{table}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Put the scores of {wildcards.table} together"
    shell:
        "python {input.code[0]:q} --experiments {input.experiments:q} --metrics {input.metrics:q}"
        " --runs {input.runs:q} --reported {input.reported:q} --adjustments {input.adjustments:q}"
        " --paired {input.paired:q} --paper {input.paper:q} --out {output:q} 2> {log:q}"


rule table_figures:
    input:
        code=sources("table_figures"),
        scores="results/{table}.csv",
        paired="results/paired_tests/{table}.json",
        metrics=lambda wildcards: PLAN.metrics(PLAN.tables[wildcards.table]),
        reported=CONFIG.paper_results,
    output:
        figures=report(
            expand("results/figures/{{table}}/{figure}.png", figure=TABLE_FIGURES),
            caption="captions/table_figures.rst",
            category="Figures of the tables",
            subcategory="{table}",
        ),
        vectors=expand("results/figures/{{table}}/{figure}.svg", figure=TABLE_FIGURES),
        numbers="results/figures/{table}.json",
    log:
        "results/logs/table_figures/{table}.log",
    benchmark:
        "results/benchmarks/table_figures/{table}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        experiments=lambda wildcards: PLAN.tables[wildcards.table],
        title=lambda wildcards: wildcards.table.capitalize(),
    message:
        "Draw the figures of {wildcards.table}"
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --paired {input.paired:q}"
        " --experiments {params.experiments} --metrics {input.metrics:q}"
        " --reported {input.reported:q} --title {params.title:q}"
        " --figures results/figures/{wildcards.table:q} --numbers {output.numbers:q} 2> {log:q}"
