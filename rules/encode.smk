# Frozen encoders see each text and each view of an image once; everything that trains reads the
# stored embeddings. The encoders depend on the indexes alone: a changed label encodes nothing. What
# an earlier run encoded is kept in results/store, by the content of each post.


use rule _torch_job as preflight with:
    pathvars:
        job="preflight",
    input:
        code=sources("preflight"),
        posts=paths.POSTS,
    output:
        checked=paths.PREFLIGHT,
    # Nothing waits for it, or a change of it would make everything stale: it goes first.
    priority: 100
    resources:
        gpu=PLAN.gpus,
    params:
        **call(PLAN.preflight),


# One job for each encoder and modality makes all of its views; a view that is added later has another
# job, or all that reads the earlier ones would train again. The job's identity stands for what it
# makes: of the views that one job has made, a later run may need fewer.
for job in PLAN.encodings:

    rule:
        name:
            job.name
        input:
            code=sources("encode"),
            index=job.index,
            after=paths.CHECKED,
        output:
            embeddings=[view.path for view in job.views],
        log:
            f"<logs>/{job.name}.log",
        benchmark:
            f"<benchmarks>/{job.name}.jsonl"
        priority: 100
        conda:
            "../envs/torch.yaml"
        threads: workflow.cores
        resources:
            gpu=PLAN.gpus_to_encode(job),
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=lambda wildcards, attempt: 60 * attempt,
        params:
            identity=job.identity,
            call=call(PLAN.encoding(job))["call"],
        message:
            "{rule}"
        shell:
            "python scripts/job.py {params.call} --gpus {resources.gpu}"
            " --threads {threads} 2> >(tee {log:q} >&2)"
