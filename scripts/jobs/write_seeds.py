"""Write the document of the repeated runs, with its figure."""

from pathlib import Path

from mmsent.figures.seed_spread import seed_figure
from mmsent.figures.style import save_figure
from mmsent.files import read_json, write_text
from mmsent.report.render import rendered
from mmsent.report.results import PrintedFigures
from mmsent.report.statistics import seeds_table
from mmsent.tables import read_table


def write_seeds(
    experiments: list[str],
    scores: list[Path],
    spreads: list[Path],
    reported: Path,
    figures: list[Path],
    document: Path,
) -> None:
    """Plot the scores of each seed, and write the document.

    Parameters
    ----------
    scores, spreads
        Scores and standard deviations of each experiment.
    figures
        One, or none without repeated experiments.
    """
    printed = PrintedFigures(reported).value("identical_runs", "weighted_f1_difference")
    by_name = dict(zip(experiments, map(read_json, spreads), strict=True))
    for path in figures:
        tables = dict(zip(experiments, map(read_table, scores), strict=True))
        save_figure(seed_figure(tables, printed), path)
    tables = {m: seeds_table(by_name, m) for m in ("weighted_f1", "macro_f1", "accuracy")}
    write_text(document, rendered("seeds.md.j2", spreads=by_name, tables=tables, reported=printed))
