"""Refuse posts that cannot be used or assigned to folds, before anything is encoded."""

from pathlib import Path

from mmsent.data.duplicates import near_duplicate_groups
from mmsent.data.folds import fold_table
from mmsent.data.posts import apply_policy, gather, judge
from mmsent.files import write_json
from mmsent.tables import Table


def check_data(
    lists: list[Path],
    columns: dict[str, str],
    texts: Table,
    images: Table,
    on_bad_post: str,
    duplicates: dict[str, int],
    folds: dict[str, int],
    checked: Path,
) -> None:
    """Run the steps of later jobs that may refuse posts: gather, apply the policy, group, split."""
    listed, problems = gather(lists, columns, texts, images)
    posts = apply_policy(listed, judge(problems, on_bad_post))
    fold_table(posts, near_duplicate_groups(texts, images, **duplicates), **folds)
    write_json(checked, {"texts": len(texts), "images": len(images)})
