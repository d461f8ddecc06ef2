# The metrics of one experiment, from its predictions alone, under each protocol.


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
        bootstrap=BOOTSTRAP,
    message:
        "Evaluate {wildcards.experiment} on its out-of-fold predictions"
    shell:
        "python {input.code[0]:q} --folds {input.folds:q} --predictions {input.predictions:q}"
        " {params.bootstrap} --out {output:q} 2> {log:q}"


rule evaluate_paper:
    input:
        code=sources("evaluate_paper"),
        split=lambda wildcards: PLAN.fold_table("paper/", wildcards.experiment),
        predictions="results/paper/runs/{experiment}/0/predictions.parquet",
    output:
        "results/paper/metrics/{experiment}.json",
    log:
        "results/logs/evaluate_paper/{experiment}.log",
    benchmark:
        "results/benchmarks/evaluate_paper/{experiment}.jsonl"
    wildcard_constraints:
        experiment="|".join([*PLAN.experiments, *PLAN.vlm.names]),
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        bootstrap=BOOTSTRAP,
    message:
        "Evaluate {wildcards.experiment} under the study's own protocol"
    shell:
        "python {input.code[0]:q} --split {input.split:q} --predictions {input.predictions:q}"
        " {params.bootstrap} --out {output:q} 2> {log:q}"
