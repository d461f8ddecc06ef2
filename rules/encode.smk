# Frozen encoders see each text and each view of an image once; everything that trains reads the
# stored embeddings. The encoders depend on the indexes alone: a changed label encodes nothing. What
# an earlier run encoded is kept in results/store, by the content of each post.


use rule _torch_job as preflight with:
    input:
        code=sources("preflight"),
        posts=paths.POSTS,
    output:
        checked=paths.PREFLIGHT,
    pathvars:
        job="preflight",
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
        threads: PLAN.encoding_threads(job, workflow.cores)
        resources:
            **PLAN.encoding_resources(job),
        params:
            identity=job.identity,
            call=call(PLAN.encoding(job))["call"],
        shell:
            COMMAND
