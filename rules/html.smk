# The report as one page for a browser.


rule report_html:
    input:
        code=sources("report_html"),
        templates=templates("page.html.j2", "page.css", "page.js"),
        markdown="results/report.md",
        # What the report shows is an input of the report itself.
        figures=pictures(rules.report.input),
        drawings=drawings(rules.report.input),
    output:
        report(
            "results/report.html",
            caption="captions/report.rst",
            category="Report",
            labels={"document": "the whole report"},
        ),
    log:
        "results/logs/report_html.log",
    benchmark:
        "results/benchmarks/report_html.jsonl"
    conda:
        "../envs/report.yaml"
    threads: 1
    resources:
        gpu=0,
    message:
        "Make the report a page for a browser"
    shell:
        "python {input.code[0]:q} --markdown {input.markdown:q}"
        " --figures {input.figures:q} {input.drawings:q} --out {output:q} 2> {log:q}"
