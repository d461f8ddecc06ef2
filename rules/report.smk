# Provenance, costs, the report itself, and its archive.


use rule _torch_job as record_provenance with:
    pathvars:
        job="record_provenance",
    input:
        code=sources("record_provenance"),
        data=[*PLAN.label_lists, paths.TEXT_INDEX, paths.IMAGE_INDEX],
        setting_files=PLAN.setting_files,
        sources=all_sources(),
    output:
        record=paths.PROVENANCE,
    params:
        call=call(settings=PLAN.public_settings),
        list_hashes=PLAN.list_hashes,


use rule _job as sum_costs with:
    pathvars:
        job="sum_costs",
    input:
        code=sources("sum_costs"),
        # Last, so that the benchmark files of all jobs are there.
        after=[
            *[paths.document(table) for table in PLAN.tables],
            paths.SEEDS,
            *PLAN.if_vlms(paths.VLM),
        ],
        benchmarks=[paths.benchmark(job.name) for job in costly_jobs(PLAN)],
        scores=[paths.scores(table) for table in PLAN.tables],
    output:
        costs=report(
            paths.COSTS,
            caption="captions/costs.rst",
            category="Tables",
            labels={"table": "costs"},
        ),
        seconds=paths.SECONDS,
        figure=report(
            paths.figure("efficiency"),
            caption="captions/efficiency.rst",
            category="Trust",
            labels={"figure": "cost of a weighted F1"},
        ),
        after=paths.figure("efficiency", "svg"),
        numbers=paths.figure("efficiency", "json"),
    params:
        call=call(
            rules=[job.rule for job in costly_jobs(PLAN)],
            experiments=[job.experiment for job in costly_jobs(PLAN)],
        ),


use rule _job as measure_fixes with:
    pathvars:
        job="measure_fixes",
    input:
        code=sources("measure_fixes"),
        lists=PLAN.label_lists,
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
        embeddings=flat(PLAN.embeddings_by_encoder),
        folds=paths.FOLDS,
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
    output:
        numbers=paths.FIXES,
    params:
        call=call(
            **PLAN.by_file(PLAN.versions, predictions=paths.PREDICTIONS),
            embeddings=PLAN.embeddings_by_encoder,
        ),
        list_hashes=PLAN.list_hashes,


use rule _job as write_report with:
    pathvars:
        job="write_report",
    input:
        code=[*sources("write_report"), *templates("*", "chapters/*")],
        inputs=flat(PLAN.report["inputs"]),
        after=PLAN.report_figures,
    output:
        report=paths.REPORT,
    params:
        call=call(PLAN.report),


use rule _job as write_html with:
    pathvars:
        job="write_html",
    input:
        code=[*sources("write_html"), *templates("page.html.j2", "page.css", "page.js")],
        report=paths.REPORT,
        figures=images_in(PLAN.report_figures),
    output:
        html=report(
            paths.HTML,
            caption="captions/report.rst",
            category="Report",
            labels={"document": "the whole report"},
        ),


use rule _job as write_archive with:
    pathvars:
        job="write_archive",
    input:
        code=sources("write_archive"),
        files=[
            *PLAN.documents,
            *[path for path in PLAN.report_figures if path != paths.BAD_CASE_IMAGES],
            *archived_files(PLAN),
            *archived_settings(PLAN, workflow.configfiles),
            "requirements.txt",
            *all_sources(),
        ],
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
    output:
        archive=paths.ARCHIVE,


use rule _job as verify_archive with:
    pathvars:
        job="verify_archive",
    input:
        code=sources("verify_archive"),
        archive=paths.ARCHIVE,
    output:
        checked=paths.ARCHIVE_CHECK,
