"""List the posts that versions misclassify, and show the worst of each."""

from pathlib import Path

from mmsent.evaluation.bad_cases import bad_case_numbers, bad_cases, shown_cases
from mmsent.evaluation.pooling import pooled, read_runs
from mmsent.figures.sheets import bad_case_sheet, write_thumbnails
from mmsent.figures.style import save_figure
from mmsent.files import write_json
from mmsent.tables import as_cell, read_table, write_table

#: Posts that the report shows of each list.
SHOWN = 12


def list_bad_cases(
    folds: Path,
    posts: Path,
    predictions: dict[str, list[Path]],
    images: Path,
    figures: list[Path],
    lists: list[Path],
    thumbnails: Path,
    numbers: Path,
) -> None:
    """Write lists, sheets, thumbnails of the cases that the report shows, and counts.

    Parameters
    ----------
    predictions
        Of each fold, by version; each version is compared with the one before it.
    images
        Folder of the images.
    """
    split, table = read_table(folds), read_table(posts)
    tables = {name: pooled(own, split) for name, own in read_runs(predictions).items()}
    wrong = {name: bad_cases(own, split, table) for name, own in tables.items()}
    for (name, own), csv, figure in zip(wrong.items(), lists, figures, strict=True):
        write_table(csv, own.assign(text=own["text"].map(as_cell)))
        sheet = bad_case_sheet(name, own, len(tables[name]), table, images)
        save_figure(sheet, figure, photographs=True)
    shown = shown_cases(wrong, split, SHOWN)
    write_thumbnails([*shown["last"], *shown["common"]], table, images, thumbnails)
    write_json(numbers, bad_case_numbers(tables, wrong, split) | {"shown": shown})
