"""Join label files and indexes: all listed posts, and every problem with the action on it."""

from pathlib import Path

from mmsent.data.posts import gather, judge
from mmsent.tables import Table, write_table


def list_posts(
    lists: list[Path],
    columns: dict[str, str],
    texts: Table,
    images: Table,
    on_bad_post: str,
    posts: Path,
    problems: Path,
) -> None:
    """Write the listed posts, usable or not, and the problems; ``columns`` are those of a table."""
    listed, noticed = gather(lists, columns, texts, images)
    write_table(problems, judge(noticed, on_bad_post))
    write_table(posts, listed)
