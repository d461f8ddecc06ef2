"""Archive a finished report: documents, numbers, predictions, settings, code, hashes."""

from pathlib import Path

from mmsent.report.archive import write_archive as write


def write_archive(files: list[Path], texts: Path, images: Path, archive: Path) -> None:
    """Write the archive of ``files``; of the indexes it contains hashes alone."""
    write(archive, files, texts, images)
