"""Refuse posts that cannot be used or assigned to folds, before anything is encoded."""

from pathlib import Path

from mmsent.data.duplicates import near_duplicate_groups
from mmsent.data.folds import fold_table
from mmsent.data.posts import apply_policy, gather, judge
from mmsent.files import write_json
from mmsent.tables import read_table


def check_data(
    lists: list[Path],
    texts: Path,
    images: Path,
    on_bad_post: str,
    duplicates: dict[str, int],
    folds: dict[str, int],
    checked: Path,
) -> None:
    """Run the steps of later jobs that may refuse posts: gather, apply the policy, group, split.

    Parameters
    ----------
    lists
        Label files, that of the labelled posts first.
    """
    text_index, image_index = read_table(texts), read_table(images)
    listed, problems = gather(lists, text_index, image_index)
    posts = apply_policy(listed, judge(problems, on_bad_post))
    fold_table(posts, near_duplicate_groups(text_index, image_index, **duplicates), **folds)
    write_json(checked, {"texts": len(text_index), "images": len(image_index)})
