"""Apply the policy on bad posts."""

from pathlib import Path

from mmsent.data.posts import apply_policy
from mmsent.tables import read_table, write_table


def build_posts(listed: Path, problems: Path, posts: Path) -> None:
    """Write the posts that the policy keeps; with the policy "error", refuse if any is bad."""
    write_table(posts, apply_policy(read_table(listed), read_table(problems)))
