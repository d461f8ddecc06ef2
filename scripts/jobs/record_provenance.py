"""Record the provenance of the results: code, data, settings, software, hardware."""

from pathlib import Path
from typing import Any

from mmsent.files import write_json
from mmsent.report.provenance import provenance


def record_provenance(
    data: list[Path],
    settings: dict[str, Any],
    setting_files: list[Path],
    sources: list[Path],
    record: Path,
) -> None:
    """Write the record; ``data`` are the label files and the indexes."""
    write_json(record, provenance(data, settings, setting_files, sources))
