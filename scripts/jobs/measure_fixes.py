"""Measure what the remedies for the study's own problems change."""

from pathlib import Path

from mmsent.data.readers import read_listing
from mmsent.evaluation.pooling import pooled, read_runs
from mmsent.files import write_json
from mmsent.report.fixes import encoders_of, guid_matching, postprocessing_effect
from mmsent.tables import read_table


def measure_fixes(
    lists: list[Path],
    texts: Path,
    images: Path,
    embeddings: dict[str, list[Path]],
    folds: Path,
    predictions: dict[str, list[Path]],
    numbers: Path,
) -> None:
    """Write the numbers.

    Parameters
    ----------
    lists
        Label files, that of the labelled posts first.
    embeddings
        Embedding files, by ``encoder/modality``.
    predictions
        Of each fold, by version.
    """
    listings = [read_listing(path, labelled=not number) for number, path in enumerate(lists)]
    split = read_table(folds)
    tables = {name: pooled(own, split) for name, own in read_runs(predictions).items()}
    measured = {
        "guids": guid_matching(listings, read_table(texts), read_table(images)),
        "encoders": encoders_of(embeddings),
        "postprocessing": postprocessing_effect(tables),
    }
    write_json(numbers, measured)
