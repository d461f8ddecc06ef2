# From files on disk to checked, grouped and split posts. Only the two index rules depend on the
# thousands of files; whatever comes later depends on their small tables.

if PLAN.is_demo:

    rule demo:
        input:
            code=sources("demo"),
        output:
            PLAN.demo_files,
        log:
            "results/logs/demo.log",
        benchmark:
            "results/benchmarks/demo.jsonl"
        conda:
            "../envs/data.yaml"
        threads: 1
        resources:
            gpu=0,
        params:
            folder=lambda wildcards, output: os.path.commonpath(output),
            demo=CONFIG.demo.model_dump(),
        message:
            "Generate the demo data set"
        shell:
            "python {input.code[0]:q} --labelled {params.demo[labelled]}"
            " --unlabelled {params.demo[unlabelled]} --seed {params.demo[seed]}"
            " --alone --out {params.folder:q} 2> {log:q}"


rule index_text:
    input:
        code=sources("index_text"),
        files=PLAN.texts,
    output:
        "results/index/text.tsv",
    log:
        "results/logs/index_text.log",
    benchmark:
        "results/benchmarks/index_text.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        dataset=lambda wildcards, input: str(Path(input.files[0]).parents[1]),
        # A file that was replaced under an older date is noticed by the sum of the sizes.
        total_bytes=total_bytes(PLAN, PLAN.texts),
    message:
        "Index the posts' texts"
    shell:
        "python {input.code[0]:q} --dataset {params.dataset:q} --out {output:q} 2> {log:q}"


rule index_image:
    input:
        code=sources("index_image"),
        files=PLAN.images,
    output:
        "results/index/image.tsv",
    log:
        "results/logs/index_image.log",
    benchmark:
        "results/benchmarks/index_image.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        dataset=lambda wildcards, input: str(Path(input.files[0]).parents[1]),
        total_bytes=total_bytes(PLAN, PLAN.images),
    message:
        "Index the posts' pictures"
    shell:
        "python {input.code[0]:q} --dataset {params.dataset:q} --out {output:q} 2> {log:q}"


# What later jobs would refuse is refused here, before a post is encoded. A changed label encodes
# nothing, so the lists are ancient: then the later jobs themselves see to it. Of a job that waits for
# others by ancient() alone, Snakemake would not notice what else made it stale.
rule check_data:
    input:
        code=sources("check_data"),
        lists=ancient(PLAN.label_lists()),
        texts="results/index/text.tsv",
        images="results/index/image.tsv",
    output:
        "results/data/checked.json",
    log:
        "results/logs/check_data.log",
    benchmark:
        "results/benchmarks/check_data.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        dataset=lambda wildcards, input: str(Path(input.lists[0]).parent),
        policy=CONFIG.on_bad_post,
        duplicates=CONFIG.duplicates.model_dump(),
        folds=CONFIG.folds.model_dump() | {"seed": CONFIG.seed},
    message:
        "Check that the posts can be used and shared out to folds"
    shell:
        "python {input.code[0]:q} --dataset {params.dataset:q} --texts {input.texts:q}"
        " --images {input.images:q} --on-bad-post {params.policy}"
        " --phash-distance {params.duplicates[phash_distance]}"
        " --minimum-words {params.duplicates[minimum_words]}"
        " --outer {params.folds[outer]} --inner {params.folds[inner]}"
        " --seed {params.folds[seed]} --out {output:q} 2> {log:q}"


rule check_posts:
    input:
        code=sources("check_posts"),
        lists=PLAN.label_lists(),
        texts="results/index/text.tsv",
        images="results/index/image.tsv",
    output:
        posts="results/data/listed.parquet",
        problems="results/data/problems.tsv",
    log:
        "results/logs/check_posts.log",
    benchmark:
        "results/benchmarks/check_posts.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        dataset=lambda wildcards, input: str(Path(input.lists[0]).parent),
        policy=CONFIG.on_bad_post,
        lists=LISTS,
    message:
        "Check the posts"
    shell:
        "python {input.code[0]:q} --dataset {params.dataset:q} --texts {input.texts:q}"
        " --images {input.images:q} --on-bad-post {params.policy}"
        " --posts {output.posts:q} --problems {output.problems:q} 2> {log:q}"


rule posts:
    input:
        code=sources("posts"),
        listed="results/data/listed.parquet",
        problems="results/data/problems.tsv",
        checked="results/data/checked.json",
    output:
        "results/data/posts.parquet",
    log:
        "results/logs/posts.log",
    benchmark:
        "results/benchmarks/posts.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Apply the policy on bad posts"
    shell:
        "python {input.code[0]:q} --listed {input.listed:q} --problems {input.problems:q}"
        " --out {output:q} 2> {log:q}"


rule groups:
    input:
        code=sources("groups"),
        texts="results/index/text.tsv",
        images="results/index/image.tsv",
    output:
        "results/data/groups.tsv",
    log:
        "results/logs/groups.log",
    benchmark:
        "results/benchmarks/groups.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        duplicates=CONFIG.duplicates.model_dump(),
    message:
        "Group near-duplicate posts"
    shell:
        "python {input.code[0]:q} --texts {input.texts:q} --images {input.images:q}"
        " --phash-distance {params.duplicates[phash_distance]}"
        " --minimum-words {params.duplicates[minimum_words]} --out {output:q} 2> {log:q}"


rule folds:
    input:
        code=sources("folds"),
        posts="results/data/posts.parquet",
        groups="results/data/groups.tsv",
    output:
        "results/data/folds.tsv",
    log:
        "results/logs/folds.log",
    benchmark:
        "results/benchmarks/folds.jsonl"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        folds=CONFIG.folds.model_dump() | {"seed": CONFIG.seed},
    message:
        "Share the posts out to folds"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q} --groups {input.groups:q}"
        " --outer {params.folds[outer]} --inner {params.folds[inner]}"
        " --seed {params.folds[seed]} --out {output:q} 2> {log:q}"


rule paper_split:
    input:
        code=sources("paper_split"),
        posts="results/data/posts.parquet",
        groups="results/data/groups.tsv",
    output:
        "results/paper/split/{share}.tsv",
    log:
        "results/logs/paper_split/{share}.log",
    benchmark:
        "results/benchmarks/paper_split/{share}.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Split the posts as the study does, {wildcards.share} for validation"
    shell:
        "python {input.code[0]:q} --posts {input.posts:q} --groups {input.groups:q}"
        " --share {wildcards.share:q} --out {output:q} 2> {log:q}"


rule card:
    input:
        code=sources("card"),
        templates="scripts/mmsent/report/templates/card.md.j2",
        lists=PLAN.label_lists(),
        posts="results/data/posts.parquet",
        problems="results/data/problems.tsv",
        groups="results/data/groups.tsv",
        folds="results/data/folds.tsv",
    output:
        card="results/data/card.md",
        numbers="results/data/card.json",
    log:
        "results/logs/card.log",
    benchmark:
        "results/benchmarks/card.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        lists=LISTS,
    message:
        "Write the data card"
    shell:
        "python {input.code[0]:q} --lists {input.lists:q} --posts {input.posts:q}"
        " --problems {input.problems:q} --groups {input.groups:q} --folds {input.folds:q}"
        " --card {output.card:q} --numbers {output.numbers:q} 2> {log:q}"
