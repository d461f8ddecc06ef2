# One trainer for every experiment and both protocols: a run is an experiment on a fold. What takes
# long has a job for each fold; where a fold takes less time than Python takes to start, one job does
# all folds of an experiment.


ruleorder: search_folds > search
ruleorder: train_folds > train


RUN = "results/runs/{{experiment}}/{fold}/{file}"


rule search:
    input:
        code=sources("search"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds=lambda wildcards: PLAN.fold_table(
            wildcards.protocol, wildcards.experiment
        ),
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
    output:
        "results/{protocol}search/{experiment}/{fold}.json",
    log:
        "results/logs/{protocol}search/{experiment}/{fold}.log",
    benchmark:
        "results/benchmarks/{protocol}search/{experiment}/{fold}.jsonl"
    priority: lambda wildcards: PLAN.priority(wildcards.experiment)
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_train(wildcards.experiment),
    params:
        seed=CONFIG.seed,
        adjust=lambda wildcards: PLAN.adjustment(wildcards.experiment),
        encoders=lambda wildcards: PLAN.trained_encoders(wildcards.experiment),
        fold=lambda wildcards: wildcards.fold,
    message:
        "Search the settings of {wildcards.protocol}{wildcards.experiment}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]:q} --experiment {input.experiment[0]:q}"
        " --adjust {params.adjust:q} --encoders {params.encoders:q}"
        " --posts {input.posts:q} --folds {input.folds:q} --fold {params.fold}"
        " --text {input.text:q} --images {input.images:q}"
        " --seed {params.seed} --gpus {resources.gpu} --out {output:q} 2> {log:q}"


use rule search as search_folds with:
    input:
        code=sources("search"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds="results/data/folds.tsv",
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
    output:
        expand("results/search/{{experiment}}/{fold}.json", fold=PLAN.outer_folds()),
    log:
        "results/logs/search/{experiment}/all.log",
    benchmark:
        "results/benchmarks/search/{experiment}/all.jsonl"
    wildcard_constraints:
        experiment="|".join(PLAN.light) or "(?!)",
    params:
        fold=list(PLAN.outer_folds()),
    message:
        "Search the settings of {wildcards.experiment}, all folds"


rule train:
    input:
        code=sources("train"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds=lambda wildcards: PLAN.fold_table(
            wildcards.protocol, wildcards.experiment
        ),
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
        search=lambda wildcards: PLAN.search(
            wildcards.experiment, [wildcards.fold], wildcards.protocol
        ),
    output:
        predictions="results/{protocol}runs/{experiment}/{fold}/predictions.parquet",
        history="results/{protocol}runs/{experiment}/{fold}/history.csv",
        metrics="results/{protocol}runs/{experiment}/{fold}/metrics.json",
        model="results/{protocol}runs/{experiment}/{fold}/model.safetensors",
        config="results/{protocol}runs/{experiment}/{fold}/config.yaml",
    log:
        "results/logs/{protocol}train/{experiment}/{fold}.log",
    benchmark:
        "results/benchmarks/{protocol}train/{experiment}/{fold}.jsonl"
    priority: lambda wildcards: PLAN.priority(wildcards.experiment)
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_train(wildcards.experiment),
    params:
        seed=CONFIG.seed,
        adjust=lambda wildcards: PLAN.adjustment(wildcards.experiment),
        encoders=lambda wildcards: PLAN.trained_encoders(wildcards.experiment),
        fold=lambda wildcards: wildcards.fold,
    message:
        "Train {wildcards.protocol}{wildcards.experiment}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]:q} --experiment {input.experiment[0]:q}"
        " --adjust {params.adjust:q} --encoders {params.encoders:q}"
        " --posts {input.posts:q} --folds {input.folds:q} --fold {params.fold}"
        " --text {input.text:q} --images {input.images:q}"
        " --seed {params.seed} --gpus {resources.gpu}"
        " --search {input.search:q} --out {output.predictions:q} 2> {log:q}"


use rule train as train_folds with:
    input:
        code=sources("train"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.experiment),
        posts="results/data/posts.parquet",
        folds="results/data/folds.tsv",
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
        search=lambda wildcards: PLAN.search(wildcards.experiment, PLAN.outer_folds()),
    output:
        predictions=expand(RUN, file="predictions.parquet", fold=PLAN.outer_folds()),
        history=expand(RUN, file="history.csv", fold=PLAN.outer_folds()),
        metrics=expand(RUN, file="metrics.json", fold=PLAN.outer_folds()),
        model=expand(RUN, file="model.safetensors", fold=PLAN.outer_folds()),
        config=expand(RUN, file="config.yaml", fold=PLAN.outer_folds()),
    log:
        "results/logs/train/{experiment}/all.log",
    benchmark:
        "results/benchmarks/train/{experiment}/all.jsonl"
    wildcard_constraints:
        experiment="|".join(PLAN.trained_together) or "(?!)",
    params:
        fold=list(PLAN.outer_folds()),
    message:
        "Train {wildcards.experiment}, all folds"
