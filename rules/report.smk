# Provenance, costs, the report itself, and its archive.


use rule _torch_job as record_provenance with:
    input:
        code=sources("record_provenance"),
        data=[*PLAN.label_lists, paths.TEXT_INDEX, paths.IMAGE_INDEX],
        setting_files=PLAN.setting_files,
        sources=all_sources(),
    output:
        record=paths.PROVENANCE,
    pathvars:
        job="record_provenance",
    params:
        **call(settings=PLAN.public_settings),
        list_hashes=PLAN.list_hashes,


COSTLY_JOBS = costly_jobs(PLAN)


use rule _job as sum_costs with:
    input:
        code=sources("sum_costs"),
        # Last, so that the benchmark files of all jobs are there.
        after=PLAN.table_documents,
        benchmarks=[paths.benchmark(job.name) for job in COSTLY_JOBS],
        scores=[paths.scores(table) for table in PLAN.tables],
    output:
        costs=in_report(paths.COSTS, "costs", "Tables", table="costs"),
        seconds=paths.SECONDS,
        figure=in_report(
            paths.figure("efficiency"), "efficiency", "Trust", figure="cost of a weighted F1"
        ),
        after=paths.figure("efficiency", "svg"),
        numbers=paths.figure("efficiency", "json"),
    pathvars:
        job="sum_costs",
    params:
        **call(
            rules=[job.rule for job in COSTLY_JOBS],
            experiments=[job.experiment for job in COSTLY_JOBS],
        ),


use rule _job as measure_fixes with:
    input:
        code=sources("measure_fixes"),
        listed=paths.LISTED,
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
        embeddings=flat(PLAN.embeddings_by_encoder),
        folds=paths.FOLDS,
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
    output:
        numbers=paths.FIXES,
    pathvars:
        job="measure_fixes",
    params:
        **call(
            **PLAN.by_file(PLAN.versions, predictions=paths.PREDICTIONS),
            embeddings=PLAN.embeddings_by_encoder,
        ),
        rare_class=PLAN.rare_class,


if CONFIG.against:

    use rule _job as compare_runs with:
        input:
            code=[*sources("compare_runs"), *templates("changes", "changes_section")],
            now=flat(PLAN.comparison["now"]),
            then=flat(PLAN.comparison["then"]),
            spreads=[paths.seeds(name, "json") for name in PLAN.repeated],
        output:
            document=paths.CHANGES,
            numbers=paths.CHANGES_NUMBERS,
            csv=in_report(paths.CHANGED_PREDICTIONS, "changes", "Tables", table="what changed"),
        pathvars:
            job="compare_runs",
        params:
            **call(PLAN.comparison),


use rule _job as write_report with:
    input:
        code=[*sources("write_report"), *templates("*", "chapters/*")],
        inputs=flat(PLAN.report["inputs"]),
        after=PLAN.report_figures,
    output:
        report=paths.REPORT,
    pathvars:
        job="write_report",
    params:
        **call(PLAN.report),


use rule _job as write_html with:
    input:
        code=[*sources("write_html"), *templates("page.html.j2", "page.css", "page.js")],
        report=paths.REPORT,
        figures=images_in(PLAN.report_figures),
    output:
        html=in_report(paths.HTML, "report", "Report", document="the whole report"),
    pathvars:
        job="write_html",


use rule _job as write_archive with:
    input:
        code=sources("write_archive"),
        files=[
            *PLAN.documents,
            *[path for path in PLAN.report_figures if path != paths.BAD_CASE_IMAGES],
            *archived_files(PLAN),
            *archived_settings(PLAN, workflow.configfiles),
            *all_sources(),
        ],
        texts=paths.TEXT_INDEX,
        images=paths.IMAGE_INDEX,
    output:
        archive=paths.ARCHIVE,
    pathvars:
        job="write_archive",


use rule _job as verify_archive with:
    input:
        code=sources("verify_archive"),
        archive=paths.ARCHIVE,
    output:
        checked=paths.ARCHIVE_CHECK,
    pathvars:
        job="verify_archive",
