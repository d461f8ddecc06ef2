"""Verify that an archive is whole and that its numbers follow from its predictions."""

from pathlib import Path

from mmsent.files import write_json
from mmsent.report.verification import verified


def verify_archive(archive: Path, checked: Path | None = None) -> None:
    """Print what was verified, and write it as JSON; an archive that is not sound is refused."""
    members, numbers = verified(archive)
    print(f"{archive}: {members} members as archived, {numbers} numbers derived again")
    if checked:
        write_json(checked, {"members": members, "numbers": numbers})
