# One trainer for every experiment and both protocols: a run is an experiment on a fold.


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
        "Search the settings of {wildcards.protocol}{wildcards.experiment}, fold {wildcards.fold}"
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
        folds=lambda wildcards: PLAN.fold_table(
            wildcards.protocol, wildcards.experiment
        ),
        text=lambda wildcards: PLAN.text_embeddings(wildcards.experiment),
        images=lambda wildcards: PLAN.image_embeddings(wildcards.experiment),
        search=lambda wildcards: PLAN.search(
            wildcards.experiment, wildcards.fold, wildcards.protocol
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
        "Train {wildcards.protocol}{wildcards.experiment}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]} --experiment {input.experiment[0]}"
        " --adjust {params.adjust:q} --encoders {params.encoders:q}"
        " --posts {input.posts} --folds {input.folds} --fold {wildcards.fold}"
        " --text {input.text} --images {input.images}"
        " --seed {params.seed} --gpus {resources.gpu}"
        " --search {input.search} --out {params.folder} 2> {log}"
