"""The page made of the report, and what a run says when it has made it."""

from collections.abc import Collection, Iterable
from pathlib import Path

#: Sheets of photographs: they have no drawing (SVG) beside them, other figures do.
PHOTOGRAPHS = (
    "results/eda/augmentation.png",
    "results/eda/duplicates.png",
    "results/figures/bad_cases/",
)

#: Asked for by name, these make the report; so does a run that is asked for nothing in particular.
REPORT_TARGETS = frozenset(
    {"all", "report", "report_html", "results/report.md", "results/report.html"}
)


def pictures(inputs: Iterable[str]) -> list[str]:
    """The pictures among a rule's inputs; a folder, which has no suffix, is one of pictures."""
    return [path for path in inputs if Path(path).suffix in ("", ".png", ".jpg")]


def drawings(inputs: Iterable[str]) -> list[str]:
    """The drawings beside the figures among a rule's inputs."""
    figures = [path for path in inputs if path.endswith(".png")]
    drawn = [path for path in figures if not path.startswith(PHOTOGRAPHS)]
    return [str(Path(path).with_suffix(".svg")) for path in drawn]


def announce(targets: Collection[str], tables: Iterable[str]) -> None:
    """Print where the report lies and its main figures, if a run was to make it.

    Parameters
    ----------
    targets
        What was asked for on the command line.
    tables
        The report's tables: ``results/{table}.csv`` has the scores of each.
    """
    made = [path for path in ("results/report.html", "results/report.md") if Path(path).exists()]
    # A run may also end without them: stopped by --until, or asked to delete.
    if not made or (targets and not REPORT_TARGETS.intersection(targets)):
        return
    print(f"\nThe report: {', '.join(made)}")
    print("\n".join(summary({name: Path(f"results/{name}.csv") for name in tables})))


def summary(scores: dict[str, Path]) -> list[str]:
    """The lines that a run ends with: each experiment's weighted F1."""
    from mmsent.report.comparison import short_name, with_interval
    from mmsent.tables import read_numbers

    tables = {table: read_numbers(path).to_dict("records") for table, path in scores.items()}
    names = [short_name(row["experiment"]) for rows in tables.values() for row in rows]
    width = max(map(len, names))
    lines = ["Weighted F1 with its interval; * is not worse than the best of its table"]
    for table, rows in tables.items():
        lines += ["", f"  {table}"]
        for row in rows:
            mark = " *" if row["best_set"] else ""
            name = short_name(row["experiment"])
            lines.append(f"  {name:<{width}}  {with_interval(row, 'weighted_f1')}{mark}")
    return [*lines, ""]
