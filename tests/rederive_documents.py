"""Every cell of the Markdown tables, formatted anew from the CSV and JSON files beside them."""

import json
import re

import pandas as pd

from rederive_scores import CHANCES, CLASSES, all_scores

TITLES = {
    "over_text": "Over text alone",
    "over_image": "Over pictures alone",
    "fusions": "Between fusions",
    "consecutive": "Against the version before",
    "best_other": "Against the best of the others",
}
SHOWN = ["positive", "neutral", "negative"]
STUDY = {"F1": "weighted_f1", "accuracy": "accuracy"} | {f"F1 {c}": f"f1_{c}" for c in SHOWN}


def check_documents(run, found):
    """Compare ablation.md, versions.md, comparison.md, comparison.csv, seeds.md and report.md."""
    for table in run.tables:
        files = [f"{table}.csv", f"robustness/{table}.csv", f"slices/{table}.csv"]
        if all(found.read(file) is not None for file in [*files, f"paired_tests/{table}.json"]):
            check_document(run, table, found)
    check_comparison(run, found)
    check_seeds_document(run, found)
    if (run.results / "report.md").is_file():
        check_report(run, found)


def check_document(run, table, found):
    """The document of the ablation or of the versions."""
    scores = rows_of(run, f"{table}.csv")
    tests = json.loads((run.results / f"paired_tests/{table}.json").read_text())
    robustness = [lost(row) for row in rows_of(run, f"robustness/{table}.csv")]
    slices = rows_of(run, f"slices/{table}.csv")
    if table == "ablation":
        expected = [("Ablation", [configuration(row) for row in scores])]
        expected += [("Beside the study", [beside_study(run, row) for row in scores])]
        expected += [("Classes", [classes(row) for row in scores])]
    else:
        expected = [("Model versions", [version(run, row) for row in scores])]
        expected += [("Optimism and training", [optimism(run, row) for row in scores])]
    for family, title in TITLES.items():
        expected.append((title, [tested(pair) for pair in tests["families"].get(family, [])]))
    expected.append(("Without a modality", robustness))
    common = [row for row in slices if row["kind"] != "confidence"]
    expected += [
        ("On slices of the posts", wide(common, sliced, ("kind", "slice", "posts"))),
        ("On slices of the posts", wide(
            [row for row in common if not pd.isna(row["difference"])],
            lambda row: signed(row, "difference"), ("kind", "slice", "posts"))),
        ("On slices of the posts", wide(
            [row for row in slices if row["kind"] == "confidence"], confident, ("slice",))),
        ("Calibration", [calibrated(row) for row in scores]),
    ]  # fmt: skip
    text = compare_tables(f"{table}.md", expected, found)
    if text is not None:
        check_notes(run, f"{table}.md", text, scores, found)
        # A row alone is compared with nothing.
        if len(scores) > 1:
            pattern = r"paired bootstrap \(([\d,]+) resamples of ([\d,]+) near-duplicate groups\)"
            found.figures(f"{table}.md", text, pattern, [tests["resamples"], run.groups])


def check_notes(run, file, text, scores, found):
    """The sentences below a table of scores."""
    found.figures(file, text, r"Measured on ([\d,]+) posts", [len(run.folds)])
    pattern = (
        r"(\d+) % intervals from ([\d,]+) bootstrap resamples over ([\d,]+) near-duplicate groups"
    )
    level = round(100 * run.level)
    found.figures(file, text, pattern, [level, run.resamples, run.groups])
    if not run.has_paper:
        return
    pattern = r"more training posts bring \(([\d,]+) against ([\d,]+)\)"
    there = max(row["paper_train_posts"] for row in scores)
    here = sum(row["train_posts"] for row in scores) / len(scores)
    found.figures(file, text, pattern, [there, round(here)])
    text = text.split("of its validation posts")[-1].split("near-duplicate")[0]
    pattern = r"([\d,]+) of ([\d,]+)"
    split = {row["paper_posts"]: row["paper_with_twin"] for row in scores}
    written = [list(pair) for pair in re.findall(pattern, text)]
    found.tree(f"{file}, twins", written, [[str(split[n]), str(n)] for n in sorted(split)])


def check_comparison(run, found):
    """The study's final table, as Markdown and CSV."""
    if found.read("versions.csv") is None or found.read("paired_tests/versions.json") is None:
        return
    scores = rows_of(run, "versions.csv")
    steps = steps_of(run)
    rows = final_rows(run, scores, steps)
    whole, by_class = final_parts(rows)
    tables = [("The study's final table, and ours", whole), ("Class by class", by_class)]
    text = compare_tables("comparison.md", tables, found)
    found.csv("comparison.csv", rows, ["Model"])
    if text is not None:
        check_notes(run, "comparison.md", text, scores, found)
        written = [line for line in text.splitlines() if line.startswith("- **")]
        found.tree("comparison.md, steps", written, [step(row) for row in steps.values()])


def steps_of(run):
    """The tests of each version against the one before, by its name."""
    tests = json.loads((run.results / "paired_tests/versions.json").read_text())
    return {row["first"]: row for row in tests["families"]["consecutive"]}


def final_rows(run, scores, steps):
    study = run.printed.loc[run.printed["section"] == 10, "row"]
    ours = {row["experiment"]: row for row in scores}
    names = dict.fromkeys([*ours, *study])
    if run.settings.vlm:
        rows = [row for row in rows_of(run, "vlm.csv") if row["beside"] == row["experiment"]]
        ours |= {row["experiment"]: row for row in rows}
    return filled([final(run, n, ours.get(n), steps) for n in dict.fromkeys([*names, *ours])])


def final_parts(rows):
    """The comparison without its classes, and its classes alone, those of the study first."""
    pairs = [title for c in SHOWN for title in (f"Study: F1 {c}", f"F1 {c}")]
    second = ["Model", *pairs, "Macro F1"]
    return (
        [{t: cell for t, cell in row.items() if t == "Model" or t not in second} for row in rows],
        [{title: row[title] for title in second} for row in rows],
    )


def check_report(run, found):
    """The tables of the report that repeat those of the documents."""
    tables = markdown_tables(found.read("report.md"))
    # Two tables of a heading differ in their first two columns.
    written = {(plain(heading), *cells[0][:2]): cells for heading, cells in tables}
    for heading, rows in report_tables(run):
        first, second = list(rows[0])[:2]
        if (heading, first, second) not in written:
            found.say("report.md", f"{heading}: no table of {first}, {second}")
            continue
        found.cells("report.md", heading, written[heading, first, second], rows)


def plain(heading):
    """A heading without the number that its chapter happens to have."""
    return re.sub(r"^[\d.]+ ", "", heading)


def report_tables(run):
    """Heading and rows of each table of the report whose numbers can be derived."""
    scores = {table: rows_of(run, f"{table}.csv") for table in run.tables}
    every = [row for rows in scores.values() for row in rows]
    spreads = {n: json.loads((run.results / f"seeds/{n}.json").read_text()) for n in run.repeated}
    whole, by_class = final_parts(final_rows(run, scores["versions"], steps_of(run)))
    expected = [
        ("Overview", [headline_row(run, row) for row in every]),
        ("Model versions", [version(run, row) for row in scores["versions"]]),
        ("Model versions", [optimism(run, row) for row in scores["versions"]]),
        ("Calibration", [calibrated(row) for row in every]),
        ("Final comparison", whole),
        ("Class by class", by_class),
        ("Efficiency", efficiency_rows(run, every)),
        ("Unequal classes", [remedied(run, row["experiment"]) for row in scores["versions"]]),
        ("Identical runs", spread_rows(spreads, "weighted_f1")),
    ]
    if "ablation" in scores:
        tests = json.loads((run.results / "paired_tests/ablation.json").read_text())["families"]
        expected += [
            ("Ablation", [configuration(row) for row in scores["ablation"]]),
            ("Beside the study", [beside_study(run, row) for row in scores["ablation"]]),
        ]
        for family, pairs in tests.items():
            rows = [tested(pair) for pair in pairs]
            for row in rows:
                del row["Macro F1"], row["p (macro)"]
            expected.append((TITLES[family], rows))
    for row in scores["versions"]:
        name = row["experiment"]
        metrics = json.loads((run.results / f"metrics/{name}.json").read_text())
        heading = f"{name}: {row['title']}"
        expected.append((heading, [weighed(*part) for part in metrics["fusion_weights"].items()]))
        expected.append((heading, [by_class_row(run, row, c) for c in SHOWN]))
        expected.append((heading, distribution(run, name)))
    return [(heading, filled(rows)) for heading, rows in expected if rows]


def check_seeds_document(run, found):
    """How far identical runs lie apart."""
    spreads = {name: found.read(f"seeds/{name}.json") for name in run.repeated}
    if None in spreads.values():
        return
    spreads = {name: json.loads(text) for name, text in spreads.items()}
    metrics = {"Weighted F1": "weighted_f1", "Macro F1": "macro_f1", "Accuracy": "accuracy"}
    expected = [(title, spread_rows(spreads, metric)) for title, metric in metrics.items()]
    text = compare_tables("seeds.md", expected, found)
    if text is not None and spreads:
        (apart,) = run.printed_figures("identical_runs", "weighted_f1_difference")
        found.figures("seeds.md", text, r"trained (\d+) times", [run.settings.seeds.number])
        found.figures("seeds.md", text, r"got ([\d.]+\d) weighted F1", [f"{apart:.4f}"])


def compare_tables(file, expected, found):
    """Compare the tables of a document; returns its text, or None if it is missing."""
    text = found.read(file)
    if text is None:
        return None
    written = markdown_tables(text)
    expected = [(heading, filled(rows)) for heading, rows in expected if rows]
    if [heading for heading, _ in written] != [heading for heading, _ in expected]:
        found.say(
            file, f"tables written {[h for h, _ in written]}, derived {[h for h, _ in expected]}"
        )
        return text
    for (heading, cells), (_, rows) in zip(written, expected, strict=True):
        found.cells(file, heading, cells, rows)
    return text


def markdown_tables(text):
    """Heading above, and rows of cells with the header first, of every table."""
    tables, heading, open_table = [], "", False
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not line.startswith("|"):
            open_table = False
            continue
        if not open_table:
            tables.append((heading, []))
            open_table = True
        cells = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            tables[-1][1].append(cells)
    return tables


def rows_of(run, file):
    return pd.read_csv(run.results / file).to_dict("records")


def filled(rows):
    """Rows with the same columns each, a dash where one has no cell."""
    columns = dict.fromkeys(title for row in rows for title in row)
    return [{title: row.get(title, "-") for title in columns} for row in rows]


def short(name):
    return name.split("/")[-1]


def interval(row, metric):
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return f"{row[metric]:.4f} [{low:.3f}, {high:.3f}]"


def signed(row, name):
    if pd.isna(row[name]):
        return "-"
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return f"{row[name]:+.4f} [{low:+.3f}, {high:+.3f}]"


def bold_if_best(row):
    """Weighted F1, bold if no other is better."""
    mark = "**" if row["best_set"] else ""
    return f"{mark}{interval(row, 'weighted_f1')}{mark}"


def study(run, name, metric, digits=4):
    values = run.printed_figures(name, metric)
    return " / ".join(dict.fromkeys(f"{value:.{digits}f}" for value in values)) or "-"


def paper(run, row):
    if not run.has_paper:
        return {}
    return {
        "Paper protocol F1 (optimistic)": interval(row, "paper_weighted_f1"),
        "Paper protocol accuracy (optimistic)": f"{row['paper_accuracy']:.4f}",
        "Optimism (paper - grouped F1)": f"{row['paper_gap']:+.4f}",
    }


def configuration(row):
    """A row of the ablation."""
    cells = {
        "Configuration": short(row["experiment"]),
        "Modality": "text + image" if row["modality"] == "both" else row["modality"],
        "Fusion": "-" if pd.isna(row["fusion"]) else row["fusion"],
        "Weighted F1": bold_if_best(row),
        "Accuracy": interval(row, "accuracy"),
    }
    for family in ("over_text", "over_image"):
        cell = "-"
        if not pd.isna(row.get(family)):
            gain, ends = signed(row, family).split(" ", 1)
            cell = f"{gain} ({row[f'{family}_percent']:+.1f} %) {ends}"
        cells[f"Over {family.removeprefix('over_')} only"] = cell
    return cells


def beside_study(run, row):
    """A row of the study's figures for the ablation beside ours."""
    name = row["experiment"]
    cells = {"Configuration": short(name)}
    cells["Reported F1"] = study(run, name, "weighted_f1")
    cells["Reported accuracy"] = study(run, name, "accuracy")
    for modality in ("text", "image"):
        gain = run.printed_figures(name, f"gain_over_{modality}")
        percent = run.printed_figures(name, f"gain_over_{modality}_percent")
        both = gain and percent
        cell = f"{gain[-1]:+.4f} ({percent[-1]:+.1f} %)" if both else "-"
        cells[f"Reported over {modality}"] = cell
    return cells | {"Weighted F1": f"{row['weighted_f1']:.4f}"} | paper(run, row)


def trained(row):
    return {
        "Validation - test F1": f"{row['validation_weighted_f1'] - row['weighted_f1']:+.4f}",
        "Best epoch": f"{row['mean_best_epoch']:.1f} of {row['epochs']}",
        "Trained parameters": f"{row['trained_parameters']:,}",
    }


def classes(row):
    """A row of the ablation's table of classes."""
    cells = {"Configuration": short(row["experiment"]), "Macro F1": interval(row, "macro_f1")}
    cells |= {f"F1 {c}": interval(row, f"f1_{c}") for c in SHOWN}
    return cells | {"MCC": f"{row['mcc']:.3f}"} | trained(row)


def version(run, row):
    """A row of the versions."""
    name = row["experiment"]
    cells = {
        "Version": name,
        "Reported F1": study(run, name, "weighted_f1"),
        "Reported accuracy": study(run, name, "accuracy"),
        "Weighted F1": bold_if_best(row),
        "Accuracy": interval(row, "accuracy"),
        "Macro F1": interval(row, "macro_f1"),
    }
    return cells | {f"F1 {c}": f"{row[f'f1_{c}']:.3f}" for c in SHOWN}


def optimism(run, row):
    """A row of the versions' second table."""
    cells = {"Version": row["experiment"]}
    for title, key in (("MCC", "mcc"), ("Log loss", "log_loss"), ("ECE", "ece")):
        cells[title] = f"{row[key]:.3f}"
    return cells | trained(row) | paper(run, row)


def final(run, name, row, steps):
    """A row of the comparison; ``row`` is None if it was not trained."""
    cells = {"Model": name}
    for title, metric in STUDY.items():
        digits = 4 if metric in ("weighted_f1", "accuracy") else 2
        cells[f"Study: {title}"] = study(run, name, metric, digits)
    if row is None:
        return cells
    if row.get("exercise"):
        cells["Model"] += " (exercise of the code: random weights)"
    cells |= paper(run, row)
    ranked = "best_set" in row
    cells["Weighted F1"] = bold_if_best(row) if ranked else interval(row, "weighted_f1")
    cells |= {"Accuracy": interval(row, "accuracy")}
    cells |= {f"F1 {c}": f"{row[f'f1_{c}']:.3f}" for c in SHOWN}
    cells |= {"Macro F1": interval(row, "macro_f1")}
    best = ("yes" if row["best_set"] else "no") if ranked else "-"
    cells |= {"Not worse than the best": best}
    says = steps[name]["verdict"] if name in steps else "-"
    return cells | {"Against the version before": says}


def between(part):
    return f"{part['difference']:+.4f} [{part['low']:+.3f}, {part['high']:+.3f}]"


def p_cell(p):
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def p_sentence(p):
    return f"p {'' if p < 0.001 else '= '}{p_cell(p)}"


def tested(pair):
    """A row of a table of tests."""
    f1, macro, accuracy, alone = (
        pair[test] for test in ("weighted_f1", "macro_f1", "accuracy", "mcnemar")
    )
    return {
        "First": short(pair["first"]),
        "Second": short(pair["second"]),
        "Weighted F1, first - second": between(f1),
        "p": p_cell(f1["p_holm"]),
        "Macro F1": between(macro),
        "p (macro)": p_cell(macro["p_holm"]),
        "Accuracy": f"{accuracy['difference']:+.4f}",
        "Right alone": f"{alone['first_only']} : {alone['second_only']}",
        "p (McNemar)": p_cell(alone["p_holm"]),
        "The first is": pair["verdict"],
    }


def step(pair):
    """The line of the comparison that says what a version gained over the one before."""
    f1, accuracy, alone = pair["weighted_f1"], pair["accuracy"], pair["mcnemar"]
    return (
        f"- **{pair['first']}** against {pair['second']}: {pair['verdict']} (weighted F1"
        f" {between(f1)}, {p_sentence(f1['p_holm'])}; accuracy {accuracy['difference']:+.4f},"
        f" {p_sentence(alone['p_holm'])} by McNemar's test)."
    )


def lost(row):
    """A row of the table of a missing modality."""
    cells = {
        "Trained on both": short(row["experiment"]),
        "Weighted F1": f"{row['intact']:.4f}",
        "Blank at test time": "picture" if row["dropped"] == "image" else "text",
        "F1 without": interval(row, "weighted_f1"),
        "Lost": signed(row, "loss"),
    }
    if not pd.isna(row["trained_without"]):
        cells["Trained without"] = short(row["trained_without"])
        cells["Its F1"] = f"{row['trained_weighted_f1']:.4f}"
        cells["Blank - trained without"] = signed(row, "difference")
    return cells


def sliced(row):
    return interval(row, "weighted_f1") if row["posts"] else "-"


def confident(row):
    return f"{row['accuracy']:.3f} of {100 * row['share']:.1f} %" if row["posts"] else "-"


def wide(rows, cell, names):
    """A row for each slice, a column for each experiment."""
    table = {}
    for row in rows:
        own = table.setdefault(tuple(row[name] for name in names), {})
        own |= {name.capitalize(): str(row[name]) for name in names}
        own[short(row["experiment"])] = cell(row)
    return list(table.values())


def calibrated(row):
    """A row of the table of calibration."""
    return {
        "Experiment": short(row["experiment"]),
        "Temperature": f"{row['temperature']:.2f}",
        "ECE before": interval(row, "ece"),
        "Log loss before": f"{row['log_loss']:.4f}",
        "ECE after": interval(row, "ece_scaled"),
        "Log loss after": f"{row['log_loss_scaled']:.4f}",
    }


def headline_row(run, row):
    """A row of the report's first table."""
    metrics = {"Accuracy": "accuracy", "Macro F1": "macro_f1", "F1 neutral": "f1_neutral"}
    cells = {"Experiment": short(row["experiment"]), "Weighted F1": bold_if_best(row)}
    cells |= {title: f"{row[metric]:.4f}" for title, metric in metrics.items()}
    return cells | {"Reported F1": study(run, row["experiment"], "weighted_f1")}


def efficiency_rows(run, scores):
    """What each experiment took, the cheapest first; of two that took the same the better one."""
    took = pd.read_csv(run.results / "seconds.tsv", sep="\t").set_index("experiment")
    costs = {
        row["experiment"]: round(
            took["train"][row["experiment"]] + took["search"][row["experiment"]], 1
        )
        for row in scores
    }
    rows = []
    for row in sorted(scores, key=lambda row: (costs[row["experiment"]], -row["weighted_f1"])):
        name = row["experiment"]
        others = [
            other for other in scores
            if other is not row
            and (costs[other["experiment"]], -other["weighted_f1"])
            <= (costs[name], -row["weighted_f1"])
            and other["weighted_f1"] >= row["weighted_f1"]
        ]  # fmt: skip
        rows.append(
            {
                "Experiment": short(name),
                "Weighted F1": interval(row, "weighted_f1"),
                "Trained parameters": f"{row['trained_parameters']:,}",
                "Seconds": f"{costs[name]:,.1f}",
                "Peak memory [MiB]": f"{took['memory'][name]:,.0f}",
                "F1 / minute": f"{row['weighted_f1'] / (costs[name] / 60):.3f}",
                "Another as good in less time": "yes" if others else "no",
            }
        )
    return rows


def remedied(run, name):
    """What post-processing makes of the most probable class."""
    table = run.pooled(name)
    likeliest = table[CHANCES].to_numpy().argmax(axis=1)
    said = {"before": table.assign(predicted=likeliest), "after": table}
    cells = {"Version": name, "Posts changed": f"{(likeliest != table['predicted']).sum():,}"}
    for title, metric in (("F1 neutral", "f1_neutral"), ("Weighted F1", "weighted_f1")):
        for when, own in said.items():
            cells[f"{title}, {when}"] = f"{all_scores(own)[metric]:.4f}"
    for when, own in said.items():
        cells[f"Called neutral, {when}"] = (
            f"{(own['predicted'] == CLASSES.index('neutral')).sum():,}"
        )
    return cells


def by_class_row(run, row, label):
    """A row of a version's table of classes."""
    return {
        "Class": label,
        "Posts": f"{(run.folds['label'] == CLASSES.index(label)).sum():,}",
        "Precision": f"{row[f'precision_{label}']:.3f}",
        "Recall": f"{row[f'recall_{label}']:.3f}",
        "F1": interval(row, f"f1_{label}"),
    }


def distribution(run, name):
    """What a version says of the posts without label; from its runs, and from its file."""
    lines = (run.results / f"submission/{name}.txt").read_text().splitlines()[1:]
    final = dict(line.split(",") for line in lines)
    runs = pd.concat(run.predictions(name))
    own = runs[runs["subset"] == "unlabelled"]
    mean = own[own["guid"].isin(list(final))].groupby("guid")[CHANCES].mean()
    likeliest = [CLASSES[n] for n in mean.to_numpy().argmax(axis=1)]
    rows = []
    for label in SHOWN if len(mean) else ():
        count = list(final.values()).count(label)
        row = {"Class": label, "Most probable": f"{likeliest.count(label):,}"}
        row |= {"After post-processing": f"{count:,}"}
        row |= {"Share": f"{100 * count / len(mean):.1f} %"}
        reported = run.printed_figures(name, f"test_{label}_share")
        rows.append(row | ({"Reported share": f"{100 * reported[-1]:.1f} %"} if reported else {}))
    return rows


def weighed(part, numbers):
    """A row of the table of an adaptive fusion's weights."""
    cells = {"Fusion": part, "Mean weight": f"{numbers['mean']:.3f}"}
    cells["sd over posts"] = f"{numbers['sd']:.3f}"
    cells["5 % to 95 %"] = f"{numbers['p5']:.3f} to {numbers['p95']:.3f}"
    cells["Weighs most for"] = f"{100 * numbers['largest']:.1f} % of the posts"
    return cells | {f"Mean, {c}": f"{numbers[f'mean_{c}']:.3f}" for c in reversed(SHOWN)}


def spread_rows(spreads, metric):
    """The table of one metric's spread over seeds."""
    titles = {
        "pooled": "test posts of all folds",
        "one_fold": "test posts of one fold",
        "one_validation": "inner validation of one fold, best epoch",
    }
    return [
        {
            "Experiment": short(name),
            "Scored on": title,
            "Posts": f"{spread[kind]['posts']:,}",
            "Mean": f"{spread[kind][metric]['mean']:.4f}",
            "sd": f"{spread[kind][metric]['sd']:.4f}",
            "Two runs differ by (mean)": f"{spread[kind][metric]['mean_difference']:.4f}",
            "Two runs differ by (largest)": f"{spread[kind][metric]['largest_difference']:.4f}",
            "Less than, in 95 of 100": f"{spread[kind][metric]['repeatability']:.4f}",
        }
        for name, spread in spreads.items()
        for kind, title in titles.items()
    ]
