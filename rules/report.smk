# Provenance, costs and the report itself.


rule provenance:
    input:
        code=sources("provenance"),
        data=[
            *PLAN.label_lists(),
            "results/index/text.tsv",
            "results/index/image.tsv",
        ],
        settings=PLAN.setting_files(),
        sources=all_sources(),
    output:
        "results/provenance.json",
    log:
        "results/logs/provenance.log",
    benchmark:
        "results/benchmarks/provenance.jsonl"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        settings=PLAN.public_settings(),
        lists=LISTS,
    message:
        "Record where the results come from"
    shell:
        "python {input.code[0]:q} --data {input.data:q} --settings {params.settings:q}"
        " --setting-files {input.settings:q} --sources {input.sources:q} --out {output:q} 2> {log:q}"


rule costs:
    input:
        code=sources("costs"),
        # Made last, so that the benchmark files are all there.
        after=[
            *expand("results/{table}.md", table=PLAN.tables),
            "results/seeds.md",
            *PLAN.vlm.tables("results/vlm.md"),
        ],
        benchmarks=PLAN.benchmarks(),
    output:
        rules=report(
            "results/costs.tsv",
            caption="captions/costs.rst",
            category="Tables",
            labels={"table": "costs"},
        ),
        experiments="results/seconds.tsv",
    log:
        "results/logs/costs.log",
    benchmark:
        "results/benchmarks/costs.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Sum up what the jobs cost"
    shell:
        "python {input.code[0]:q} --benchmarks {input.benchmarks:q} --out {output.rules:q}"
        " --experiments {output.experiments:q} 2> {log:q}"


rule efficiency_figure:
    input:
        code=sources("efficiency_figure"),
        scores=expand("results/{table}.csv", table=PLAN.tables),
        seconds="results/seconds.tsv",
    output:
        figure=report(
            "results/figures/efficiency.png",
            caption="captions/efficiency.rst",
            category="Trust",
            labels={"figure": "what a weighted F1 costs"},
        ),
        vector="results/figures/efficiency.svg",
        numbers="results/figures/efficiency.json",
    log:
        "results/logs/efficiency_figure.log",
    benchmark:
        "results/benchmarks/efficiency_figure.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Draw what a weighted F1 costs"
    shell:
        "python {input.code[0]:q} --scores {input.scores:q} --seconds {input.seconds:q}"
        " --figure {output.figure:q} --numbers {output.numbers:q} 2> {log:q}"


rule fixes:
    input:
        code=sources("fixes"),
        lists=PLAN.label_lists(),
        texts="results/index/text.tsv",
        images="results/index/image.tsv",
        embeddings=PLAN.embeddings(),
        folds="results/data/folds.tsv",
        predictions=PLAN.runs(PLAN.versions, "predictions.parquet"),
    output:
        "results/fixes.json",
    log:
        "results/logs/fixes.log",
    benchmark:
        "results/benchmarks/fixes.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    params:
        versions=PLAN.versions,
        lists=LISTS,
    message:
        "Measure what the remedies for the study's problems change"
    shell:
        "python {input.code[0]:q} --lists {input.lists:q} --texts {input.texts:q}"
        " --images {input.images:q} --embeddings {input.embeddings:q}"
        " --experiments {params.versions} --folds {input.folds:q}"
        " --predictions {input.predictions:q} --out {output:q} 2> {log:q}"


rule report:
    input:
        code=sources("report"),
        templates=templates(
            "report", "chapters/*", "notes", "sections", "cases", "vlm_section"
        ),
        experiments=PLAN.own_files(PLAN.rows),
        bases=PLAN.all_experiment_files([*PLAN.rows, *PLAN.vlm.names]),
        metrics=PLAN.metrics(PLAN.rows),
        runs=PLAN.runs(PLAN.rows, "metrics.json"),
        scores=expand("results/{table}.csv", table=PLAN.tables),
        tests=expand("results/paired_tests/{table}.json", table=PLAN.tables),
        spreads=expand(
            "results/seeds/{experiment}.json", experiment=CONFIG.seeds.experiments
        ),
        reported=CONFIG.paper_results,
        adjustments=CONFIG.adjustments,
        card="results/data/card.json",
        costs="results/costs.tsv",
        efficiency="results/figures/efficiency.json",
        efficiency_figure="results/figures/efficiency.png",
        fixes="results/fixes.json",
        deviations=CONFIG.deviations,
        curves="results/figures/curves.json",
        bad_cases="results/bad_cases.json",
        thumbnails="results/bad_cases/pictures",
        submissions=expand("results/submission/{version}.json", version=PLAN.versions),
        searches=PLAN.searches(),
        version_figures=expand(
            "results/figures/{kind}/{version}.png",
            kind=["curves", "confusion", "bad_cases"],
            version=PLAN.versions,
        ),
        table_figures=expand(
            "results/figures/{table}/{figure}.png",
            table=PLAN.tables,
            figure=TABLE_FIGURES,
        ),
        seed_figure=["results/figures/seeds.png"] if CONFIG.seeds.experiments else [],
        vlm=PLAN.vlm.tables("results/vlm.csv"),
        vlm_figures=expand("results/figures/curves/{name}.png", name=PLAN.vlm.trained),
        provenance="results/provenance.json",
        numbers=expand("results/eda/{figure}.json", figure=EDA_FIGURES),
        figures=expand("results/eda/{figure}.png", figure=EDA_FIGURES),
    output:
        "results/report.md",
    log:
        "results/logs/report.log",
    benchmark:
        "results/benchmarks/report.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Write the report"
    shell:
        "python {input.code[0]:q} --experiments {input.experiments:q} --metrics {input.metrics:q}"
        " --runs {input.runs:q} --reported {input.reported:q} --adjustments {input.adjustments:q}"
        " --card {input.card:q} --costs {input.costs:q} --fixes {input.fixes:q}"
        " --efficiency {input.efficiency:q}"
        " --provenance {input.provenance:q} --eda {input.numbers:q} --curves {input.curves:q}"
        " --bad-cases {input.bad_cases:q} --scores {input.scores:q} --tests {input.tests:q}"
        " --seeds {input.spreads:q}"
        " --submissions {input.submissions:q} --searches {input.searches:q}"
        " --deviations {input.deviations:q} --vlm {input.vlm:q}"
        " --out {output:q} 2> {log:q}"
