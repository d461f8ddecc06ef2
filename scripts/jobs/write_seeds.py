"""Write the document of the repeated runs, with its figure."""

from pathlib import Path

from mmsent.figures.seed_spread import seed_figure
from mmsent.figures.style import save_figure
from mmsent.files import write_text
from mmsent.report.render import rendered
from mmsent.report.reported import Reported
from mmsent.report.statistics import seeds_table
from mmsent.tables import Json, Table


def write_seeds(
    scores: dict[str, Table],
    spreads: dict[str, Json],
    reported: Reported,
    figures: list[Path],
    document: Path,
) -> None:
    """Plot the scores of each seed, if any experiment is repeated, and write the document."""
    printed = reported.value("identical_runs", "weighted_f1_difference")
    for path in figures:
        save_figure(seed_figure(scores, printed), path)
    tables = {m: seeds_table(spreads, m) for m in ("weighted_f1", "macro_f1", "accuracy")}
    write_text(document, rendered("seeds.md.j2", spreads=spreads, tables=tables, reported=printed))
