"""Measure what the remedies for the study's problems change."""

from pathlib import Path

from mmsent.data.readers import read_listing
from mmsent.evaluation.pooling import pooled
from mmsent.files import write_json
from mmsent.report.fixes import encoders_of, guid_matching, postprocessing_effect
from mmsent.tables import Table


def measure_fixes(
    lists: list[Path],
    texts: Table,
    images: Table,
    embeddings: dict[str, list[Path]],
    folds: Table,
    predictions: dict[str, list[Table]],
    numbers: Path,
) -> None:
    """Write the numbers; ``embeddings`` are files by ``encoder/modality``."""
    listings = [read_listing(path, labelled=not number) for number, path in enumerate(lists)]
    tables = {name: pooled(runs, folds) for name, runs in predictions.items()}
    measured = {
        "guids": guid_matching(listings, texts, images),
        "encoders": encoders_of(embeddings),
        "postprocessing": postprocessing_effect(tables),
    }
    write_json(numbers, measured)
