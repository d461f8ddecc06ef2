"""Measure what the remedies for the study's problems change."""

from pathlib import Path

from mmsent.evaluation.pooling import pooled
from mmsent.files import write_json
from mmsent.report.fixes import encoders_of, guid_matching, postprocessing_effect
from mmsent.tables import Table


def measure_fixes(
    listed: Table,
    texts: Table,
    images: Table,
    embeddings: dict[str, list[Path]],
    folds: Table,
    predictions: dict[str, list[Table]],
    numbers: Path,
) -> None:
    """Write the numbers; ``embeddings`` are files by ``encoder/modality``."""
    tables = {name: pooled(runs, folds) for name, runs in predictions.items()}
    measured = {
        "guids": guid_matching(listed, texts, images),
        "encoders": encoders_of(embeddings),
        "postprocessing": postprocessing_effect(tables),
    }
    write_json(numbers, measured)
