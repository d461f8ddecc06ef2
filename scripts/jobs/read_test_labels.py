"""Read the labels of the held-out posts: those of the test lists that have one."""

from pathlib import Path

from mmsent.data.held_out import held_out_labels
from mmsent.data.readers import read_listing
from mmsent.tables import Table, write_table


def read_test_labels(lists: list[Path], posts: Table, groups: Table, labels: Path) -> None:
    """Write group and label of each held-out post, and whether a labelled post is like it."""
    listings = [read_listing(path, labelled=False) for path in lists]
    write_table(labels, held_out_labels(listings, posts, groups))
