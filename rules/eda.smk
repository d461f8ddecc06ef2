# Figures of the data, over all posts.

EDA_FIGURES = ["labels", "images", "text_lengths", "augmentation", "duplicates"]


rule eda_labels:
    input:
        code=sources("eda_labels"),
        posts="results/data/posts.parquet",
    output:
        figure=report(
            "results/eda/labels.png",
            caption="captions/eda.rst",
            category="Data",
            labels={"figure": "classes"},
        ),
        vector="results/eda/labels.svg",
        numbers="results/eda/labels.json",
    log:
        "results/logs/eda_labels.log",
    benchmark:
        "results/benchmarks/eda_labels.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Draw the label distribution"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q}"
        " --figure {output.figure:q} --numbers {output.numbers:q} 2> {log:q}"


rule eda_images:
    input:
        code=sources("eda_images"),
        posts="results/data/posts.parquet",
    output:
        figure=report(
            "results/eda/images.png",
            caption="captions/eda.rst",
            category="Data",
            labels={"figure": "sizes of the pictures"},
        ),
        vector="results/eda/images.svg",
        numbers="results/eda/images.json",
    log:
        "results/logs/eda_images.log",
    benchmark:
        "results/benchmarks/eda_images.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Draw the sizes of the pictures"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q}"
        " --figure {output.figure:q} --numbers {output.numbers:q} 2> {log:q}"


rule eda_text_lengths:
    input:
        code=sources("eda_text_lengths"),
        posts="results/data/posts.parquet",
        tokens=token_lengths(PLAN),
    output:
        figure=report(
            "results/eda/text_lengths.png",
            caption="captions/eda.rst",
            category="Data",
            labels={"figure": "lengths of the texts"},
        ),
        vector="results/eda/text_lengths.svg",
        numbers="results/eda/text_lengths.json",
    log:
        "results/logs/eda_text_lengths.log",
    benchmark:
        "results/benchmarks/eda_text_lengths.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        max_length=token_limit(PLAN),
    message:
        "Draw the lengths of the texts"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q} --tokens {input.tokens:q} --max-length {params.max_length}"
        " --figure {output.figure:q} --numbers {output.numbers:q} 2> {log:q}"


rule eda_augmentation:
    input:
        code=sources("eda_augmentation"),
        posts="results/data/posts.parquet",
    output:
        figure=report(
            "results/eda/augmentation.png",
            caption="captions/eda.rst",
            category="Data",
            labels={"figure": "augmentation"},
        ),
        numbers="results/eda/augmentation.json",
    log:
        "results/logs/eda_augmentation.log",
    benchmark:
        "results/benchmarks/eda_augmentation.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        images=PLAN.image_folder,
        gallery=gallery(PLAN),
        seed=CONFIG.seed,
    message:
        "Draw the augmentation gallery"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q}"
        " --images {params.images:q} --policy {params.gallery:q} --seed {params.seed}"
        " --figure {output.figure:q} --numbers {output.numbers:q} 2> {log:q}"


rule eda_duplicates:
    input:
        code=sources("eda_duplicates"),
        posts="results/data/posts.parquet",
        groups="results/data/groups.tsv",
    output:
        figure=report(
            "results/eda/duplicates.png",
            caption="captions/eda.rst",
            category="Data",
            labels={"figure": "near-duplicates"},
        ),
        numbers="results/eda/duplicates.json",
    log:
        "results/logs/eda_duplicates.log",
    benchmark:
        "results/benchmarks/eda_duplicates.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        images=PLAN.image_folder,
    message:
        "Draw the near-duplicate sheet"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q} --groups {input.groups:q}"
        " --images {params.images:q}"
        " --figure {output.figure:q} --numbers {output.numbers:q} 2> {log:q}"
