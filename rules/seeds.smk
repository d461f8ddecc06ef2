# Identical runs that differ in their seed alone: how far do they lie apart?


ruleorder: train_seeds_folds > train_seeds


rule train_seeds:
    input:
        code=sources("train_seeds"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds="results/data/folds.tsv",
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
        search=lambda wildcards: PLAN.search(wildcards.experiment, [wildcards.fold]),
    output:
        "results/seeds/{experiment}/{fold}.parquet",
    log:
        "results/logs/train_seeds/{experiment}/{fold}.log",
    benchmark:
        "results/benchmarks/train_seeds/{experiment}/{fold}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_train(wildcards.experiment),
    params:
        seed=CONFIG.seed,
        number=CONFIG.seeds.number,
        adjust=lambda wildcards: PLAN.adjustment(wildcards.experiment),
        encoders=lambda wildcards: PLAN.trained_encoders(wildcards.experiment),
        fold=lambda wildcards: wildcards.fold,
    message:
        "Train {wildcards.experiment}, fold {wildcards.fold}, with {params.number} seeds"
    shell:
        "python {input.code[0]:q} --experiment {input.experiment[0]:q}"
        " --adjust {params.adjust:q} --encoders {params.encoders:q}"
        " --posts {input.posts:q} --folds {input.folds:q} --fold {params.fold}"
        " --text {input.text:q} --images {input.images:q}"
        " --seed {params.seed} --number {params.number} --gpus {resources.gpu}"
        " --search {input.search:q} --out {output:q} 2> {log:q}"


use rule train_seeds as train_seeds_folds with:
    input:
        code=sources("train_seeds"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds="results/data/folds.tsv",
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
        search=lambda wildcards: PLAN.search(wildcards.experiment, PLAN.outer_folds()),
    output:
        expand("results/seeds/{{experiment}}/{fold}.parquet", fold=PLAN.outer_folds()),
    log:
        "results/logs/train_seeds/{experiment}/all.log",
    benchmark:
        "results/benchmarks/train_seeds/{experiment}/all.jsonl"
    wildcard_constraints:
        experiment="|".join(PLAN.light) or "(?!)",
    params:
        fold=list(PLAN.outer_folds()),
    message:
        "Train {wildcards.experiment}, all folds, with {params.number} seeds"


rule seed_spread:
    input:
        code=sources("seed_spread"),
        folds="results/data/folds.tsv",
        predictions=expand(
            "results/seeds/{{experiment}}/{fold}.parquet",
            fold=range(CONFIG.folds.outer),
        ),
    output:
        scores="results/seeds/{experiment}.csv",
        spread="results/seeds/{experiment}.json",
    log:
        "results/logs/seed_spread/{experiment}.log",
    benchmark:
        "results/benchmarks/seed_spread/{experiment}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Measure the spread of {wildcards.experiment} over seeds"
    shell:
        "python {input.code[0]:q} --folds {input.folds:q} --predictions {input.predictions:q}"
        " --scores {output.scores:q} --spread {output.spread:q} 2> {log:q}"


rule seed_figure:
    input:
        code=sources("seed_figure"),
        scores=expand(
            "results/seeds/{experiment}.csv", experiment=CONFIG.seeds.experiments
        ),
        reported=CONFIG.paper_results,
    output:
        figure=report(
            "results/figures/seeds.png",
            caption="captions/seeds.rst",
            category="Trust",
            labels={"figure": "identical runs"},
        ),
        vector="results/figures/seeds.svg",
    log:
        "results/logs/seed_figure.log",
    benchmark:
        "results/benchmarks/seed_figure.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        experiments=CONFIG.seeds.experiments,
    message:
        "Draw the spread over seeds"
    shell:
        "python {input.code[0]:q} --experiments {params.experiments} --scores {input.scores:q}"
        " --reported {input.reported:q} --figure {output.figure:q} 2> {log:q}"


rule seeds:
    input:
        code=sources("seeds"),
        templates=templates("seeds"),
        spreads=expand(
            "results/seeds/{experiment}.json", experiment=CONFIG.seeds.experiments
        ),
        figure=["results/figures/seeds.png"] if CONFIG.seeds.experiments else [],
        reported=CONFIG.paper_results,
    output:
        "results/seeds.md",
    log:
        "results/logs/seeds.log",
    benchmark:
        "results/benchmarks/seeds.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        experiments=CONFIG.seeds.experiments,
    message:
        "Write how far identical runs lie apart"
    shell:
        "python {input.code[0]:q} --experiments {params.experiments} --spreads {input.spreads:q}"
        " --reported {input.reported:q} --markdown {output:q} 2> {log:q}"
