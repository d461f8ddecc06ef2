"""List the posts that versions misclassify, and show the worst of each."""

from pathlib import Path

from mmsent.evaluation.bad_cases import bad_case_numbers, bad_cases, shown_cases
from mmsent.evaluation.pooling import pooled
from mmsent.figures.sheets import bad_case_sheet, write_thumbnails
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.tables import Table, as_cell, write_table

#: Posts that the report shows of each list.
SHOWN = 12


def list_bad_cases(
    folds: Table,
    posts: Table,
    predictions: dict[str, list[Table]],
    images: Path,
    figures: list[Path],
    lists: list[Path],
    thumbnails: Path,
    numbers: Path,
) -> None:
    """Write lists, sheets, thumbnails of the cases that the report shows, and counts.

    Each version is compared with the one before it.
    """
    tables = {name: pooled(runs, folds) for name, runs in predictions.items()}
    wrong = {name: bad_cases(table, folds, posts) for name, table in tables.items()}
    for (name, cases), csv, figure in zip(wrong.items(), lists, figures, strict=True):
        words = cases[["label", "predicted", "text"]].map(as_cell)
        write_table(csv, cases.assign(**words))
        sheet = bad_case_sheet(name, cases, len(tables[name]), posts, images)
        save_figure(sheet, figure, photographs=True)
    shown = shown_cases(wrong, folds, SHOWN)
    write_thumbnails([*shown["last"], *shown["common"]], posts, images, thumbnails)
    write_json(numbers, bad_case_numbers(tables, wrong, folds) | {"shown": shown})
