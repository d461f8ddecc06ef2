"""What a run prints when it has made the report."""

from collections.abc import Collection, Iterable
from pathlib import Path

from mmsent import paths

#: Requested by name, these make the report; so does a run without targets.
REPORT_TARGETS = frozenset({"all", "write_report", "write_html", paths.REPORT, paths.HTML})


def announce(targets: Collection[str], tables: Iterable[str]) -> None:
    """Print where the report is and its main figures, if the requested targets include it."""
    made = [path for path in (paths.HTML, paths.REPORT) if Path(path).exists()]
    # A run may also end without them: stopped by --until, or to delete outputs.
    if not made or (targets and not REPORT_TARGETS.intersection(targets)):
        return
    print(f"\nThe report: {', '.join(made)}")
    print("\n".join(summary({name: Path(paths.scores(name)) for name in tables})))


def summary(scores: dict[str, Path]) -> list[str]:
    """The lines that a run ends with: each experiment's weighted F1."""
    import pandas as pd

    from mmsent.report.cells import with_interval

    tables = {table: pd.read_csv(path).to_dict("records") for table, path in scores.items()}
    names = [paths.short_name(row["experiment"]) for rows in tables.values() for row in rows]
    width = max(map(len, names))
    lines = ["Weighted F1 with its interval; * is statistically tied with the best of its table"]
    for table, rows in tables.items():
        lines += ["", f"  {table}"]
        for row in rows:
            mark = " *" if row["best_set"] else ""
            name = paths.short_name(row["experiment"])
            lines.append(f"  {name:<{width}}  {with_interval(row, 'weighted_f1')}{mark}")
    return [*lines, ""]
