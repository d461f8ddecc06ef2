# Metrics, intervals and tests of the experiments of a table, from their predictions alone.


use rule _job as evaluate with:
    input:
        code=sources("evaluate"),
        folds=paths.FOLDS,
        posts=paths.POSTS,
        predictions=lambda w: PLAN.runs(PLAN.tables[w.table], paths.PREDICTIONS),
        spreads=lambda w: PLAN.spreads(w.table),
    output:
        metrics=paths.metrics("{table}"),
        tests=paths.paired_tests("{table}"),
        tests_csv=paths.paired_tests("{table}", "csv"),
        selection=paths.selection("{table}"),
        robustness=paths.robustness("{table}"),
        slices=paths.slices("{table}"),
    pathvars:
        job="evaluate/{table}",
    params:
        **call(lambda w: PLAN.evaluation(w.table)),


use rule _job as average_versions with:
    input:
        code=sources("average_versions"),
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
    output:
        average=PLAN.runs(PLAN.average, paths.PREDICTIONS),
    pathvars:
        job="average_versions",
    params:
        **call(**PLAN.by_file(PLAN.versions, predictions=paths.PREDICTIONS)),


use rule _job as evaluate_baselines with:
    input:
        code=sources("evaluate_baselines"),
        folds=paths.FOLDS,
        baselines=PLAN.runs(PLAN.baselines, paths.PREDICTIONS),
        average=PLAN.runs(PLAN.average, paths.PREDICTIONS),
        predictions=PLAN.runs(PLAN.rows, paths.PREDICTIONS),
        spreads=[paths.seeds(name, "json") for name in PLAN.repeated if name in PLAN.rows],
    output:
        metrics=paths.metrics(paths.BASELINES),
        tests=paths.paired_tests(paths.BASELINES),
        tests_csv=paths.paired_tests(paths.BASELINES, "csv"),
    pathvars:
        job="evaluate_baselines",
    params:
        **call(PLAN.baseline_evaluation),


use rule _job as evaluate_seeds with:
    input:
        code=sources("evaluate_seeds"),
        folds=paths.FOLDS,
        predictions=flat(PLAN.repeated),
    output:
        scores=[paths.seeds(name, "csv") for name in PLAN.repeated],
        spreads=[paths.seeds(name, "json") for name in PLAN.repeated],
    pathvars:
        job="evaluate_seeds",
    params:
        **call(predictions=PLAN.repeated),


use rule _job as evaluate_paper with:
    input:
        code=sources("evaluate_paper"),
        splits=lambda w: PLAN.paper_splits(w.table),
        predictions=lambda w: PLAN.runs(
            PLAN.paper_tables[w.table], paths.PREDICTIONS, protocol=paths.PAPER
        ),
    output:
        metrics=paths.metrics("{table}", paths.PAPER),
    pathvars:
        job="evaluate_paper/{table}",
    wildcard_constraints:
        table="|".join(PLAN.paper_tables),
    params:
        **call(lambda w: PLAN.paper_evaluation(w.table)),


use rule _job as predict_unlabelled with:
    input:
        code=sources("predict_unlabelled"),
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
        runs=PLAN.runs(PLAN.versions, paths.METRICS),
        # The list of posts with a label is the first; the other may be missing.
        lists=PLAN.label_lists[1:],
    output:
        tags=[paths.submission(name, "txt") for name in PLAN.versions],
        numbers=[paths.submission(name, "json") for name in PLAN.versions],
    pathvars:
        job="predict_unlabelled",
    params:
        **call(
            **PLAN.by_file(PLAN.versions, predictions=paths.PREDICTIONS, runs=paths.METRICS),
            postprocessing={n: PLAN.settings(n)["postprocessing"] for n in PLAN.versions},
        ),
        list_hashes=PLAN.list_hashes,


use rule _job as plot_versions with:
    input:
        code=sources("plot_versions"),
        folds=paths.FOLDS,
        histories=PLAN.runs(PLAN.curves, paths.HISTORY),
        runs=PLAN.runs(PLAN.curves, paths.METRICS),
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
    output:
        curves=in_report(paths.figures("curves", PLAN.curves), "curves", "Training curves"),
        curve_numbers=paths.figure("curves", "json"),
        confusions=in_report(
            paths.figures("confusion", PLAN.versions), "confusion", "Confusion matrices"
        ),
        confusion_numbers=paths.figure("confusion", "json"),
        after=PLAN.version_drawings,
    pathvars:
        job="plot_versions",
    params:
        **call(
            **PLAN.by_file(PLAN.curves, histories=paths.HISTORY, runs=paths.METRICS),
            **PLAN.by_file(PLAN.versions, predictions=paths.PREDICTIONS),
        ),


use rule _job as list_bad_cases with:
    input:
        code=sources("list_bad_cases"),
        folds=paths.FOLDS,
        posts=paths.POSTS,
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
    output:
        figures=in_report(paths.figures("bad_cases", PLAN.versions), "bad_cases", "Bad cases"),
        lists=[paths.bad_cases(name) for name in PLAN.versions],
        # Those that the report shows; which they are is known once the predictions are.
        thumbnails=directory(paths.BAD_CASE_IMAGES),
        numbers=paths.BAD_CASES,
    pathvars:
        job="list_bad_cases",
    params:
        **call(
            **PLAN.by_file(PLAN.versions, predictions=paths.PREDICTIONS),
            images=PLAN.image_folder,
        ),
