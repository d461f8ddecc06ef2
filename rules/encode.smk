# Frozen encoders see each text and each view of a picture once; everything that trains reads the
# stored embeddings. The encoders depend on the indexes alone: a changed label encodes nothing.


rule encode_text:
    input:
        code=sources("encode_text"),
        index="results/index/text.tsv",
        # Bad posts are refused before the first of them is encoded; that labels change later
        # encodes nothing again.
        checked=ancient("results/data/posts.parquet"),
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
        view=lambda wildcards: PLAN.text_view_settings(wildcards.view),
    message:
        "Encode the texts with {wildcards.encoder}, view {wildcards.view}"
    shell:
        "python {input.code[0]} --index {input.index} --encoder {params.encoder:q}"
        " --cleaning {params.view[cleaning]} --max-tokens {params.view[max_tokens]}"
        " --below {params.view[below]} --augmentation {params.view[augmentation]:q}"
        " --number {params.view[number]} --seed {params.view[seed]} --gpus {resources.gpu} --out {output}"
        " 2> >(tee {log} >&2)"


rule encode_image:
    input:
        code=sources("encode_image"),
        index="results/index/image.tsv",
        checked=ancient("results/data/posts.parquet"),
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
        gpu=PLAN.gpus(),
    params:
        images=PLAN.image_folder,
        encoder=lambda wildcards: PLAN.encoder_settings(wildcards.encoder),
        view=lambda wildcards: PLAN.view_settings(wildcards.view),
    message:
        "Encode the pictures with {wildcards.encoder}, view {wildcards.view}"
    shell:
        "python {input.code[0]} --index {input.index} --images {params.images:q}"
        " --encoder {params.encoder:q} --augmentation {params.view[augmentation]:q}"
        " --number {params.view[number]} --seed {params.view[seed]}"
        " --gpus {resources.gpu} --out {output}"
        " 2> >(tee {log} >&2)"
