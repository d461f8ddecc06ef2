# Frozen encoders see each text and each view of a picture once; everything that trains reads the
# stored embeddings. The encoders depend on the indexes alone: a changed label encodes nothing. What an
# earlier run encoded is kept in results/store: of changed posts, few are encoded for all views in one
# job, many by the job of each view, and the others are taken from the store.


rule check_encoder:
    input:
        code=sources("check_encoder"),
    output:
        "results/encoders/{encoder}.json",
    log:
        "results/logs/check_encoder/{encoder}.log",
    benchmark:
        "results/benchmarks/check_encoder/{encoder}.jsonl"
    # Before anything else: weights that do not fit are found out before hours are spent on others.
    priority: 100
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_encode(wildcards.encoder),
    params:
        encoder=lambda wildcards: PLAN.encoder_settings(wildcards.encoder),
    message:
        "Load the weights of {wildcards.encoder}, and encode a batch"
    shell:
        "python {input.code[0]:q} --encoder {params.encoder:q} --gpus {resources.gpu}"
        " --out {output:q} 2> >(tee {log:q} >&2)"


rule preflight:
    input:
        code=sources("preflight"),
        encoders=encoder_checks(PLAN),
        posts="results/data/posts.parquet",
    output:
        "results/preflight.json",
    log:
        "results/logs/preflight.log",
    benchmark:
        "results/benchmarks/preflight.jsonl"
    # Nothing waits for it, or a change of it would make everything stale: it goes first.
    priority: 100
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=PLAN.gpus(),
    params:
        reads=canonical_json(reads(PLAN)),
        pictures=PLAN.image_folder,
        vlm=PLAN.vlm.model,
        experiments=PLAN.vlm.experiments(),
    message:
        "Check that disk, memory and GPU are enough"
    shell:
        "python {input.code[0]:q} --reads {params.reads:q} --encoders {input.encoders:q}"
        " --posts {input.posts:q} --pictures {params.pictures:q} --vlm {params.vlm:q}"
        " --vlm-experiments {params.experiments:q} --gpus {resources.gpu}"
        " --out {output:q} 2> >(tee {log:q} >&2)"


rule encode_changes:
    input:
        code=sources("encode_changes"),
        texts="results/index/text.tsv",
        pictures="results/index/image.tsv",
        checked="results/data/checked.json",
    output:
        "results/store/changes.json",
    log:
        "results/logs/encode_changes.log",
    benchmark:
        "results/benchmarks/encode_changes.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=PLAN.gpus(),
    params:
        images=PLAN.image_folder,
        encoders=PLAN.encoders(),
    message:
        "Encode what few posts changed, for all stored views"
    shell:
        "python {input.code[0]:q} --texts {input.texts:q} --pictures {input.pictures:q}"
        " --images {params.images:q} --encoders {params.encoders:q}"
        " --store results/store --gpus {resources.gpu} --out {output:q} 2> >(tee {log:q} >&2)"


rule encode_text:
    input:
        code=sources("encode_text"),
        index="results/index/text.tsv",
        weights="results/encoders/{encoder}.json",
        changes="results/store/changes.json",
    output:
        "results/embeddings/{encoder}/text.{view}.safetensors",
    log:
        "results/logs/encode_text/{encoder}.{view}.log",
    benchmark:
        "results/benchmarks/encode_text/{encoder}.{view}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=PLAN.gpus(),
    params:
        encoder=lambda wildcards: PLAN.encoder_settings(wildcards.encoder),
        store=lambda wildcards, output: stored(output[0]),
        view=lambda wildcards: PLAN.text_view_settings(wildcards.view),
    message:
        "Encode the texts with {wildcards.encoder}, view {wildcards.view}"
    shell:
        "python {input.code[0]:q} --index {input.index:q} --encoder {params.encoder:q}"
        " --cleaning {params.view[cleaning]} --max-tokens {params.view[max_tokens]}"
        " --below {params.view[below]} --augmentation {params.view[augmentation]:q}"
        " --number {params.view[number]} --seed {params.view[seed]} --gpus {resources.gpu}"
        " --store {params.store} --out {output:q}"
        " 2> >(tee {log:q} >&2)"


rule encode_image:
    input:
        code=sources("encode_image"),
        index="results/index/image.tsv",
        weights="results/encoders/{encoder}.json",
        changes="results/store/changes.json",
    output:
        "results/embeddings/{encoder}/image.{view}.safetensors",
    log:
        "results/logs/encode_image/{encoder}.{view}.log",
    benchmark:
        "results/benchmarks/encode_image/{encoder}.{view}.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: PLAN.gpus_to_encode(wildcards.encoder),
    params:
        images=PLAN.image_folder,
        encoder=lambda wildcards: PLAN.encoder_settings(wildcards.encoder),
        store=lambda wildcards, output: stored(output[0]),
        view=lambda wildcards: PLAN.view_settings(wildcards.view),
    message:
        "Encode the pictures with {wildcards.encoder}, view {wildcards.view}"
    shell:
        "python {input.code[0]:q} --index {input.index:q} --images {params.images:q}"
        " --encoder {params.encoder:q} --augmentation {params.view[augmentation]:q}"
        " --number {params.view[number]} --seed {params.view[seed]}"
        " --gpus {resources.gpu} --store {params.store} --out {output:q}"
        " 2> >(tee {log:q} >&2)"
