"""Group near-duplicate posts."""

from pathlib import Path

from mmsent.data.duplicates import near_duplicate_groups
from mmsent.tables import Table, write_table


def group_duplicates(
    texts: Table, images: Table, phash_distance: int, minimum_words: int, groups: Path
) -> None:
    """Write the group of each post; posts without a near-duplicate are a group by themselves."""
    write_table(groups, near_duplicate_groups(texts, images, phash_distance, minimum_words))
