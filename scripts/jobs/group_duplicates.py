"""Group near-duplicate posts."""

from pathlib import Path

from mmsent.data.duplicates import near_duplicate_groups
from mmsent.tables import read_table, write_table


def group_duplicates(
    texts: Path, images: Path, phash_distance: int, minimum_words: int, groups: Path
) -> None:
    """Write the group of each post; posts without a near-duplicate are a group by themselves."""
    indexes = read_table(texts), read_table(images)
    write_table(groups, near_duplicate_groups(*indexes, phash_distance, minimum_words))
