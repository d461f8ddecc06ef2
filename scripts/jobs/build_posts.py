"""Apply the policy on bad posts."""

from pathlib import Path

from mmsent.data.posts import apply_policy
from mmsent.tables import Table, write_table


def build_posts(listed: Table, problems: Table, posts: Path) -> None:
    """Write the posts that the policy keeps; with the policy "error", refuse if any is bad."""
    write_table(posts, apply_policy(listed, problems))
