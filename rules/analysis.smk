# What follows from the runs beside tables of metrics: curves, mistakes, submissions.


rule curves:
    input:
        code=sources("curves"),
        histories=[
            *PLAN.runs(PLAN.versions, "history.csv"),
            *PLAN.vlm.runs(PLAN.vlm.trained, "history.csv"),
        ],
        runs=[
            *PLAN.runs(PLAN.versions, "metrics.json"),
            *PLAN.vlm.runs(PLAN.vlm.trained, "metrics.json"),
        ],
    output:
        figures=report(
            expand(
                "results/figures/curves/{name}.png",
                name=[*PLAN.versions, *PLAN.vlm.trained],
            ),
            caption="captions/curves.rst",
            category="Training curves",
        ),
        vectors=expand(
            "results/figures/curves/{name}.svg",
            name=[*PLAN.versions, *PLAN.vlm.trained],
        ),
        numbers="results/figures/curves.json",
    log:
        "results/logs/curves.log",
    benchmark:
        "results/benchmarks/curves.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        names=[*PLAN.versions, *PLAN.vlm.trained],
    message:
        "Draw the training curves"
    shell:
        "python {input.code[0]:q} --experiments {params.names} --histories {input.histories:q}"
        " --runs {input.runs:q} --figures results/figures/curves --numbers {output.numbers:q} 2> {log:q}"


rule confusion:
    input:
        code=sources("confusion"),
        folds="results/data/folds.tsv",
        predictions=expand(
            "results/runs/{experiment}/{fold}/predictions.parquet",
            experiment=PLAN.versions,
            fold=range(CONFIG.folds.outer),
        ),
    output:
        figures=report(
            expand("results/figures/confusion/{version}.png", version=PLAN.versions),
            caption="captions/confusion.rst",
            category="Confusion matrices",
        ),
        vectors=expand("results/figures/confusion/{version}.svg", version=PLAN.versions),
        numbers="results/figures/confusion.json",
    log:
        "results/logs/confusion.log",
    benchmark:
        "results/benchmarks/confusion.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        versions=PLAN.versions,
    message:
        "Draw the confusion matrices"
    shell:
        "python {input.code[0]:q} --experiments {params.versions} --folds {input.folds:q}"
        " --predictions {input.predictions:q} --figures results/figures/confusion"
        " --numbers {output.numbers:q} 2> {log:q}"


rule bad_cases:
    input:
        code=sources("bad_cases"),
        folds="results/data/folds.tsv",
        posts="results/data/posts.parquet",
        predictions=expand(
            "results/runs/{experiment}/{fold}/predictions.parquet",
            experiment=PLAN.versions,
            fold=range(CONFIG.folds.outer),
        ),
    output:
        figures=report(
            expand("results/figures/bad_cases/{version}.png", version=PLAN.versions),
            caption="captions/bad_cases.rst",
            category="Mistakes",
        ),
        lists=expand("results/bad_cases/{version}.csv", version=PLAN.versions),
        # Those that the report shows; which they are is known once the mistakes are.
        thumbnails=directory("results/bad_cases/pictures"),
        numbers="results/bad_cases.json",
    log:
        "results/logs/bad_cases.log",
    benchmark:
        "results/benchmarks/bad_cases.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        images=PLAN.image_folder,
        versions=PLAN.versions,
    message:
        "List the posts that the versions get wrong"
    shell:
        "python {input.code[0]:q} --experiments {params.versions} --folds {input.folds:q}"
        " --posts {input.posts:q} --predictions {input.predictions:q} --images {params.images:q}"
        " --figures results/figures/bad_cases --lists results/bad_cases"
        " --thumbnails {output.thumbnails:q} --numbers {output.numbers:q} 2> {log:q}"


rule submission:
    input:
        code=sources("submission"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        predictions=expand(
            "results/runs/{{experiment}}/{fold}/predictions.parquet",
            fold=range(CONFIG.folds.outer),
        ),
        runs=expand(
            "results/runs/{{experiment}}/{fold}/metrics.json",
            fold=range(CONFIG.folds.outer),
        ),
        # The list of posts with a label is the first; the other may be missing.
        unlabelled=PLAN.label_lists()[1:],
    output:
        submission="results/submission/{experiment}.txt",
        numbers="results/submission/{experiment}.json",
    log:
        "results/logs/submission/{experiment}.log",
    benchmark:
        "results/benchmarks/submission/{experiment}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        adjust=lambda wildcards: PLAN.adjustment(wildcards.experiment),
        lists=LISTS,
    message:
        "Predict the posts without a label by {wildcards.experiment}"
    shell:
        "python {input.code[0]:q} --experiment {input.experiment[0]:q} --adjust {params.adjust:q}"
        " --predictions {input.predictions:q} --runs {input.runs:q}"
        " --unlabelled {input.unlabelled:q}"
        " --out {output.submission:q} --numbers {output.numbers:q} 2> {log:q}"
