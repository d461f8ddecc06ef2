# Documents of tables: scores, figures, and what supports them.


use rule _job as write_table with:
    pathvars:
        job="write_table/{table}",
    input:
        code=[*sources("write_table"), *templates("table", "notes", "sections")],
        metrics=paths.metrics("{table}"),
        runs=lambda w: PLAN.runs(PLAN.tables[w.table], paths.METRICS),
        tests=paths.paired_tests("{table}"),
        robustness=paths.robustness("{table}"),
        slices=paths.slices("{table}"),
        paper=PLAN.paper_metrics,
        reported=CONFIG.paper_results,
    output:
        scores=report(
            paths.scores("{table}"),
            caption="captions/scores.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
        figures=report(
            [paths.figure(f"{{table}}/{name}") for name in TABLE_FIGURES],
            caption="captions/table_figures.rst",
            category="Figures of the tables",
            subcategory="{table}",
        ),
        figure_numbers=paths.figure("{table}", "json"),
        after=[paths.figure(f"{{table}}/{name}", "svg") for name in TABLE_FIGURES],
        document=paths.document("{table}"),
    params:
        call=call(lambda w: PLAN.table(w.table)),


use rule _job as write_seeds with:
    pathvars:
        job="write_seeds",
    input:
        code=[*sources("write_seeds"), *templates("seeds")],
        scores=[paths.seeds(name, "csv") for name in PLAN.repeated],
        spreads=[paths.seeds(name, "json") for name in PLAN.repeated],
        reported=CONFIG.paper_results,
    output:
        figures=report(
            PLAN.seed_figure("png"),
            caption="captions/seeds.rst",
            category="Trust",
            labels={"figure": "repeated runs"},
        ),
        after=PLAN.seed_figure("svg"),
        document=paths.SEEDS,
    params:
        call=call(
            scores={name: paths.seeds(name, "csv") for name in PLAN.repeated},
            spreads={name: paths.seeds(name, "json") for name in PLAN.repeated},
        ),


use rule _job as write_comparison with:
    pathvars:
        job="write_comparison",
    input:
        code=[*sources("write_comparison"), *templates("comparison", "notes")],
        scores=paths.scores("versions"),
        tests=paths.paired_tests("versions"),
        vlm=PLAN.if_vlms(paths.VLM_SCORES),
        reported=CONFIG.paper_results,
    output:
        document=paths.COMPARISON,
        csv=report(
            paths.COMPARISON_SCORES,
            caption="captions/comparison.rst",
            category="Tables",
            labels={"table": "comparison with the study"},
        ),


use rule _job as write_vlm with:
    pathvars:
        job="write_vlm",
    input:
        code=[*sources("write_vlm"), *templates("vlm", "vlm_section")],
        folds=paths.FOLDS,
        predictions=PLAN.runs([*PLAN.vlms, *PLAN.versions], paths.PREDICTIONS),
        runs=PLAN.runs([*PLAN.vlms, *PLAN.versions], paths.METRICS),
        costs=flat(PLAN.vlm_costs),
        paper=PLAN.paper_metrics,
        reported=CONFIG.paper_results,
        after=[paths.figure(f"curves/{name}") for name in PLAN.trained_vlms],
    output:
        document=paths.VLM,
        csv=report(
            paths.VLM_SCORES,
            caption="captions/vlm.rst",
            category="Tables",
            labels={"table": "vision-language models"},
        ),
    params:
        call=call(PLAN.vlm_table),
