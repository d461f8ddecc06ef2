# One trainer for every experiment: a run is an experiment on a fold.


rule search:
    input:
        code=sources("search"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds="results/data/folds.tsv",
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
    output:
        "results/search/{experiment}/{fold}.json",
    log:
        "results/logs/search/{experiment}/{fold}.log",
    benchmark:
        "results/benchmarks/search/{experiment}/{fold}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_train(wildcards.experiment),
    params:
        seed=CONFIG.seed,
        adjust=lambda wildcards: PLAN.adjustment(wildcards.experiment),
        encoders=lambda wildcards: PLAN.trained_encoders(wildcards.experiment),
    message:
        "Search the settings of {wildcards.experiment}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]} --experiment {input.experiment[0]}"
        " --adjust {params.adjust:q} --encoders {params.encoders:q}"
        " --posts {input.posts} --folds {input.folds} --fold {wildcards.fold}"
        " --text {input.text} --images {input.images}"
        " --seed {params.seed} --gpus {resources.gpu} --out {output} 2> {log}"


rule train:
    input:
        code=sources("train"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds="results/data/folds.tsv",
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
        search=lambda wildcards: PLAN.search(wildcards.experiment, wildcards.fold),
    output:
        predictions="results/runs/{experiment}/{fold}/predictions.parquet",
        history="results/runs/{experiment}/{fold}/history.csv",
        metrics="results/runs/{experiment}/{fold}/metrics.json",
        model="results/runs/{experiment}/{fold}/model.safetensors",
        config="results/runs/{experiment}/{fold}/config.yaml",
    log:
        "results/logs/train/{experiment}/{fold}.log",
    benchmark:
        "results/benchmarks/train/{experiment}/{fold}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_train(wildcards.experiment),
    params:
        seed=CONFIG.seed,
        adjust=lambda wildcards: PLAN.adjustment(wildcards.experiment),
        encoders=lambda wildcards: PLAN.trained_encoders(wildcards.experiment),
        folder=subpath(output.predictions, parent=True),
    message:
        "Train {wildcards.experiment}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]} --experiment {input.experiment[0]}"
        " --adjust {params.adjust:q} --encoders {params.encoders:q}"
        " --posts {input.posts} --folds {input.folds} --fold {wildcards.fold}"
        " --text {input.text} --images {input.images}"
        " --seed {params.seed} --gpus {resources.gpu}"
        " --search {input.search} --out {params.folder} 2> {log}"


rule evaluate:
    input:
        code=sources("evaluate"),
        folds="results/data/folds.tsv",
        predictions=expand(
            "results/runs/{{experiment}}/{fold}/predictions.parquet",
            fold=range(CONFIG.folds.outer),
        ),
    output:
        "results/metrics/{experiment}.json",
    log:
        "results/logs/evaluate/{experiment}.log",
    benchmark:
        "results/benchmarks/evaluate/{experiment}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        intervals=CONFIG.intervals.model_dump() | {"seed": CONFIG.seed},
    message:
        "Evaluate {wildcards.experiment} on its out-of-fold predictions"
    shell:
        "python {input.code[0]} --folds {input.folds} --predictions {input.predictions}"
        " --resamples {params.intervals[resamples]} --level {params.intervals[level]}"
        " --seed {params.intervals[seed]} --out {output} 2> {log}"
