"""What a rule knows of its files' contents while jobs are planned.

Snakemake compares the content of a file only if its date is newer than the output's. A file that
was replaced under an older date, as by ``cp -p`` or out of an archive, is noticed by these.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmsent.files import sha256_file

if TYPE_CHECKING:
    from mmsent.workflow.plan import Plan


def total_bytes(plan: Plan, paths: list[str]) -> int:
    """Sum of the files' sizes; 0 for the generated data set, whose files Snakemake makes."""
    return 0 if plan.is_demo else sum(Path(path).stat().st_size for path in paths)


def list_hashes(plan: Plan) -> list[str]:
    """SHA-256 of each list of posts: two labels may be of one length; none of generated ones."""
    return [] if plan.is_demo else [sha256_file(Path(path)) for path in plan.label_lists()]
