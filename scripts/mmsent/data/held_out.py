"""The held-out test: posts of the test lists that have a label.

The posts table has none of these labels. They are in a table of their own, which is read by what
scores and describes them, and by nothing that trains or selects.
"""

from collections.abc import Sequence

import pandas as pd

from mmsent.data.folds import labelled_groups
from mmsent.data.layout import DatasetError
from mmsent.data.readers import Listing
from mmsent.labels import UNLABELLED, UNLABELLED_SUBSET


def held_out_labels(
    listings: Sequence[Listing], posts: pd.DataFrame, groups: pd.DataFrame
) -> pd.DataFrame:
    """Return the labels of the held-out posts that are used.

    Parameters
    ----------
    listings
        The test lists.
    posts, groups
        The posts table and the near-duplicate groups.

    Returns
    -------
    pandas.DataFrame
        ``guid``, ``group``, ``label`` and ``near_duplicate``: whether a labelled post is in the
        same group, so that most of the models were trained on a near-duplicate of the post.

    Raises
    ------
    DatasetError
        If no post is left that could be scored.
    """
    listed = pd.concat([listing.rows for listing in listings]).drop_duplicates("guid")
    used = posts.loc[posts["subset"] == UNLABELLED_SUBSET, ["guid"]]
    table = used.merge(listed.loc[listed["label"] != UNLABELLED, ["guid", "label"]], on="guid")
    table = table.merge(groups[["guid", "group"]], on="guid", how="left")
    # As in the folds: a post without any file has no entry in the indexes.
    table["group"] = table["group"].fillna(table["guid"])
    table["near_duplicate"] = table["group"].isin(labelled_groups(posts, groups)["group"])
    if table["near_duplicate"].all():
        raise DatasetError(
            f"no held-out post can be scored: the test lists have {len(table)} usable posts with a "
            f"label, {len(table)} of them with a near-duplicate among the posts that are trained on"
        )
    return table[["guid", "group", "label", "near_duplicate"]]
