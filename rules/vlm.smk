# Vision-language models: fine-tuned on a fold, or asked without training. A picture that changes
# changes the hashes in the posts table.


rule train_vlm:
    input:
        code=sources("train_vlm"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.vlm),
        posts="results/data/posts.parquet",
        folds=lambda wildcards: PLAN.fold_table(wildcards.protocol, wildcards.vlm),
    output:
        predictions="results/{protocol}runs/{vlm}/{fold}/predictions.parquet",
        history="results/{protocol}runs/{vlm}/{fold}/history.csv",
        metrics="results/{protocol}runs/{vlm}/{fold}/metrics.json",
        model="results/{protocol}runs/{vlm}/{fold}/model.safetensors",
        config="results/{protocol}runs/{vlm}/{fold}/config.yaml",
        cost="results/{protocol}costs/vlm/{vlm}/{fold}.json",
    log:
        "results/logs/{protocol}train_vlm/{vlm}/{fold}.log",
    benchmark:
        "results/benchmarks/{protocol}train_vlm/{vlm}/{fold}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=PLAN.gpus(),
    params:
        seed=CONFIG.seed,
        adjust=lambda wildcards: PLAN.adjustment(wildcards.vlm),
        model=PLAN.vlm.model,
        pictures=PLAN.image_folder,
        # Survives a kill, unlike the outputs; the script removes it when all are written.
        state="results/{protocol}states/{vlm}/{fold}.pt",
        folder=subpath(output.predictions, parent=True),
    message:
        "Fine-tune {wildcards.protocol}{wildcards.vlm}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]:q} --experiment {input.experiment[0]:q}"
        " --adjust {params.adjust:q} --model {params.model:q}"
        " --posts {input.posts:q} --pictures {params.pictures:q}"
        " --folds {input.folds:q} --fold {wildcards.fold:q}"
        " --seed {params.seed} --gpus {resources.gpu} --state {params.state}"
        " --cost {output.cost:q} --out {params.folder} 2> >(tee {log:q} >&2)"


rule zero_shot:
    input:
        code=sources("zero_shot"),
        experiment=lambda wildcards: PLAN.experiment_files(wildcards.asked),
        posts="results/data/posts.parquet",
        folds=lambda wildcards: PLAN.fold_table(wildcards.protocol, wildcards.asked),
    output:
        predictions="results/{protocol}runs/{asked}/{fold}/predictions.parquet",
        metrics="results/{protocol}runs/{asked}/{fold}/metrics.json",
        config="results/{protocol}runs/{asked}/{fold}/config.yaml",
        cost="results/{protocol}costs/vlm/{asked}/{fold}.json",
    log:
        "results/logs/{protocol}zero_shot/{asked}/{fold}.log",
    benchmark:
        "results/benchmarks/{protocol}zero_shot/{asked}/{fold}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=PLAN.gpus(),
    params:
        adjust=lambda wildcards: PLAN.adjustment(wildcards.asked),
        model=PLAN.vlm.model,
        pictures=PLAN.image_folder,
        folder=subpath(output.predictions, parent=True),
    message:
        "Ask {wildcards.protocol}{wildcards.asked}, fold {wildcards.fold}"
    shell:
        "python {input.code[0]:q} --experiment {input.experiment[0]:q}"
        " --adjust {params.adjust:q} --model {params.model:q}"
        " --posts {input.posts:q} --pictures {params.pictures:q}"
        " --folds {input.folds:q} --fold {wildcards.fold:q}"
        " --gpus {resources.gpu} --cost {output.cost:q} --out {params.folder} 2> >(tee {log:q} >&2)"


rule vlm:
    input:
        code=sources("vlm"),
        templates=templates("vlm", "vlm_section"),
        experiments=PLAN.own_files(PLAN.vlm.names),
        bases=PLAN.all_experiment_files(PLAN.vlm.names),
        adjustments=CONFIG.adjustments,
        folds="results/data/folds.tsv",
        predictions=[
            *PLAN.vlm.runs(PLAN.vlm.names, "predictions.parquet"),
            *PLAN.runs(PLAN.versions, "predictions.parquet"),
        ],
        runs=[
            *PLAN.vlm.runs(PLAN.vlm.names, "metrics.json"),
            *PLAN.runs(PLAN.versions, "metrics.json"),
        ],
        costs=PLAN.vlm.costs(),
        paper=PLAN.paper_metrics(PLAN.vlm.names),
        reported=CONFIG.paper_results,
        figures=expand("results/figures/curves/{name}.png", name=PLAN.vlm.trained),
    output:
        markdown="results/vlm.md",
        csv=report(
            "results/vlm.csv",
            caption="captions/vlm.rst",
            category="Tables",
            labels={"table": "vision-language models"},
        ),
    log:
        "results/logs/vlm.log",
    benchmark:
        "results/benchmarks/vlm.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        names=PLAN.vlm.names,
        versions=PLAN.versions,
        bootstrap=BOOTSTRAP,
    message:
        "Write the table of the vision-language models"
    shell:
        "python {input.code[0]:q} --experiments {params.names} --versions {params.versions}"
        " --adjustments {input.adjustments:q} --folds {input.folds:q}"
        " --predictions {input.predictions:q} --runs {input.runs:q} --costs {input.costs:q}"
        " --paper {input.paper:q}"
        " --reported {input.reported:q} {params.bootstrap}"
        " --markdown {output.markdown:q} --csv {output.csv:q} 2> {log:q}"
