"""Split the labelled posts as the study does: the paper protocol."""

from pathlib import Path

from mmsent.data.paper_split import paper_table
from mmsent.tables import Table, write_table


def split_as_study(posts: Table, groups: Table, share: float, split: Path) -> None:
    """Write a fold table of one fold; ``share`` of the posts are for validation."""
    write_table(split, paper_table(posts, groups, share))
