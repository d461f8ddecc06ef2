# Documents of tables: scores, figures, and what supports them.


use rule _job as write_table with:
    input:
        code=[*sources("write_table"), *templates("table", "notes", "sections")],
        metrics=paths.metrics("{table}"),
        runs=lambda w: PLAN.runs(PLAN.tables[w.table], paths.METRICS),
        tests=paths.paired_tests("{table}"),
        selection=paths.selection("{table}"),
        folds=paths.FOLDS,
        baselines=lambda w: flat(PLAN.lines(w.table)),
        robustness=paths.robustness("{table}"),
        slices=paths.slices("{table}"),
        paper=lambda w: PLAN.paper_metrics(w.table),
        reported=CONFIG.paper_results,
    output:
        scores=in_report(paths.scores("{table}"), "scores", "Tables", table="{table}"),
        figures=in_report(
            paths.figures("{table}", TABLE_FIGURES),
            "table_figures",
            "Figures of the tables",
            subcategory="{table}",
        ),
        figure_numbers=paths.figure("{table}", "json"),
        after=paths.figures("{table}", TABLE_FIGURES, "svg"),
        document=paths.document("{table}"),
    pathvars:
        job="write_table/{table}",
    params:
        **call(lambda w: PLAN.table(w.table)),


use rule _job as write_baselines with:
    input:
        code=[*sources("write_baselines"), *templates("baselines", "notes", "sections")],
        metrics=paths.metrics(paths.BASELINES),
        runs=PLAN.runs(PLAN.baselines, paths.METRICS),
        tests=paths.paired_tests(paths.BASELINES),
    output:
        scores=in_report(paths.scores(paths.BASELINES), "scores", "Tables", table=paths.BASELINES),
        document=paths.document(paths.BASELINES),
    pathvars:
        job="write_baselines",
    params:
        **call(PLAN.baseline_table),


use rule _job as write_seeds with:
    input:
        code=[*sources("write_seeds"), *templates("seeds")],
        scores=[paths.seeds(name, "csv") for name in PLAN.repeated],
        spreads=[paths.seeds(name, "json") for name in PLAN.repeated],
        reported=CONFIG.paper_results,
    output:
        figures=in_report(PLAN.seed_figure("png"), "seeds", "Trust", figure="repeated runs"),
        after=PLAN.seed_figure("svg"),
        document=paths.SEEDS,
    pathvars:
        job="write_seeds",
    params:
        **call(
            scores={name: paths.seeds(name, "csv") for name in PLAN.repeated},
            spreads={name: paths.seeds(name, "json") for name in PLAN.repeated},
        ),


use rule _job as find_label_issues with:
    input:
        code=[*sources("find_label_issues"), *templates("label_noise", "label_noise_section")],
        folds=paths.FOLDS,
        posts=paths.POSTS,
        predictions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
        tests=paths.paired_tests("versions"),
    output:
        figures=in_report(
            paths.figures(paths.LABEL_NOISE, LABEL_SHEETS), "label_noise", "Label noise"
        ),
        csv=paths.analysis(paths.LABEL_NOISE, "csv"),
        numbers=paths.analysis(paths.LABEL_NOISE, "json"),
        document=paths.analysis(paths.LABEL_NOISE, "md"),
    pathvars:
        job="find_label_issues",
    params:
        **call(PLAN.label_issues),


use rule _job as write_learning_curve with:
    input:
        code=[
            *sources("write_learning_curve"),
            *templates("learning_curve", "learning_curve_section"),
        ],
        folds=paths.FOLDS,
        predictions=flat(PLAN.learning_curve["predictions"]),
        runs=flat(PLAN.learning_curve["runs"]),
        versions=PLAN.runs(PLAN.versions, paths.PREDICTIONS),
    output:
        figure=in_report(
            paths.figure(paths.LEARNING_CURVE), "learning_curve", "Trust", figure="learning curve"
        ),
        after=paths.figure(paths.LEARNING_CURVE, "svg"),
        csv=paths.analysis(paths.LEARNING_CURVE, "csv"),
        numbers=paths.analysis(paths.LEARNING_CURVE, "json"),
        document=paths.analysis(paths.LEARNING_CURVE, "md"),
    pathvars:
        job="write_learning_curve",
    params:
        **call(PLAN.learning_curve),


use rule _job as write_comparison with:
    input:
        code=[*sources("write_comparison"), *templates("comparison", "notes")],
        scores=paths.scores("versions"),
        tests=paths.paired_tests("versions"),
        selection=paths.selection("versions"),
        vlm=PLAN.if_vlms(paths.VLM_SCORES),
        reported=CONFIG.paper_results,
    output:
        document=paths.COMPARISON,
        csv=in_report(
            paths.COMPARISON_SCORES, "comparison", "Tables", table="comparison with the study"
        ),
    pathvars:
        job="write_comparison",


use rule _job as write_vlm with:
    input:
        code=[*sources("write_vlm"), *templates("vlm", "vlm_section")],
        folds=paths.FOLDS,
        predictions=PLAN.runs([*PLAN.vlms, *PLAN.versions], paths.PREDICTIONS),
        runs=PLAN.runs([*PLAN.vlms, *PLAN.versions], paths.METRICS),
        costs=flat(PLAN.vlm_costs),
        paper=PLAN.paper_metrics("vlm"),
        reported=CONFIG.paper_results,
        after=paths.figures("curves", PLAN.trained_vlms),
    output:
        document=paths.VLM,
        csv=in_report(paths.VLM_SCORES, "vlm", "Tables", table="vision-language models"),
    pathvars:
        job="write_vlm",
    params:
        **call(PLAN.vlm_table),
