"""Find labels that are likely to be wrong, by the versions that are tied with the best."""

from pathlib import Path

from mmsent.evaluation.label_noise import (
    noise_numbers,
    ranked_labels,
    scores_without,
    shown_labels,
)
from mmsent.evaluation.pairs import tied_with_best
from mmsent.evaluation.pooling import pooled
from mmsent.figures.sheets import label_sheet
from mmsent.figures.style import save_figure
from mmsent.files import write_json, write_text
from mmsent.report.label_noise import label_noise_values
from mmsent.report.render import rendered
from mmsent.tables import Json, Table, as_cell, write_table


def find_label_issues(
    folds: Table,
    posts: Table,
    predictions: dict[str, list[Table]],
    tests: Json,
    images: Path,
    figures: list[Path],
    csv: Path,
    numbers: Path,
    document: Path,
) -> None:
    """Write all labels by doubt, the estimated noise, sheets of the most doubtful, the document.

    Parameters
    ----------
    tests
        Paired tests of the versions, which say which are tied with the best.
    figures
        Of near-duplicates with conflicting labels, and of other posts.
    """
    tables = {name: pooled(runs, folds) for name, runs in predictions.items()}
    averaged = tied_with_best(tests["families"]["best_other"], list(tables))
    ranked = ranked_labels([tables[name] for name in averaged], folds, posts)
    write_table(csv, ranked.assign(text=ranked["text"].map(as_cell)))
    for path, (kind, shown) in zip(figures, shown_labels(ranked).items(), strict=True):
        save_figure(label_sheet(kind, shown, posts, images), path, photographs=True)
    noise = noise_numbers(ranked) | {"averaged": averaged}
    noise |= {"scores": scores_without(tables, ranked, averaged)}
    write_json(numbers, noise)
    write_text(document, rendered("label_noise.md.j2", noise=label_noise_values(noise)))
