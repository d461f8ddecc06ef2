"""Near-duplicate posts: the same image or the same words, however often retweeted."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmsent.data.layout import guid_order
from mmsent.data.text import normalised_words
from mmsent.labels import LABELLED

#: Images of less contrast (grey levels) are blank areas, whose perceptual hash is noise.
MINIMUM_CONTRAST = 3.0

_BLOCK = 1024


def near_duplicate_groups(
    text_index: pd.DataFrame, image_index: pd.DataFrame, phash_distance: int, minimum_words: int
) -> pd.DataFrame:
    """Group posts that share an image or a text, directly or through others.

    Two images are the same if their bytes are, or if their 64-bit perceptual hashes differ in at
    most ``phash_distance`` bits and neither is blank; two texts are if their normalised words are
    equal and at least ``minimum_words``. Groups are the connected components.

    Returns
    -------
    pandas.DataFrame
        ``guid``, ``group`` (the smallest guid of the group, so that it does not depend on other
        groups) and ``size``, by guid.
    """
    guids = sorted(set(text_index["guid"]) | set(image_index["guid"]), key=guid_order)
    position = {guid: index for index, guid in enumerate(guids)}
    edges = _text_edges(text_index, minimum_words) + _image_edges(image_index, phash_distance)
    ends = np.array([(position[a], position[b]) for a, b in edges], dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges), dtype=bool), tuple(ends.T)), shape=(len(guids),) * 2)
    _, component = connected_components(graph, directed=False)
    # The guids are in numerical order, so the first of a component is its smallest.
    members = pd.Series(guids, dtype=str).groupby(component)
    size, smallest = members.transform("size"), members.transform("first")
    return pd.DataFrame({"guid": guids, "group": smallest, "size": size})


def _text_edges(index: pd.DataFrame, minimum_words: int) -> list[tuple[str, str]]:
    words = index["text"].map(normalised_words)
    enough = words.map(len) >= minimum_words
    return _to_first(index.loc[enough, "guid"], words[enough].map(" ".join))


def _image_edges(index: pd.DataFrame, phash_distance: int) -> list[tuple[str, str]]:
    readable = index[index["width"] > 0]
    edges = _to_first(readable["guid"], readable["sha256"])
    distinct = readable[readable["contrast"] >= MINIMUM_CONTRAST]
    hashes = np.array([int(value, 16) for value in distinct["phash"]], dtype=np.uint64)
    guids = distinct["guid"].to_numpy()
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK, None] ^ hashes[None, :]
        first, second = np.nonzero(np.bitwise_count(block) <= phash_distance)
        first += start
        later = first < second
        edges += list(zip(guids[first[later]], guids[second[later]], strict=True))
    return edges


def _to_first(guids: pd.Series, keys: pd.Series) -> list[tuple[str, str]]:
    """Edges from each post to the first post with the same key."""
    return list(zip(guids.groupby(keys).transform("first"), guids, strict=True))


def duplicate_summary(posts: pd.DataFrame, groups: pd.DataFrame) -> dict[str, Any]:
    """Count near-duplicates among the posts.

    Returns
    -------
    dict
        Of all posts: ``groups`` of two or more posts, ``posts_in_groups``, ``largest_group``
        (posts) and ``group_sizes`` (number of groups of each size). Of the labelled posts:
        ``labelled_groups`` and ``posts_in_labelled_groups``; ``conflicting_groups`` and
        ``posts_in_conflicting_groups``, with different labels. ``unlabelled_with_labelled_twin``
        counts posts without a label.
    """
    table = posts[["guid", "subset", "label"]].merge(groups[["guid", "group"]], on="guid")
    size = table.groupby("group")["guid"].size()
    several = size[size > 1]
    sizes = several.value_counts().sort_index()
    labelled = table[table["subset"] == LABELLED]
    by_group = labelled.groupby("group")["label"].agg(["size", "nunique"])
    alike, conflicting = by_group[by_group["size"] > 1], by_group[by_group["nunique"] > 1]
    unlabelled = table[table["subset"] != LABELLED]
    return {
        "groups": len(several),
        "posts_in_groups": int(several.sum()),
        "largest_group": int(size.max()) if len(size) else 0,
        "group_sizes": {str(size): int(count) for size, count in sizes.items()},
        "labelled_groups": len(alike),
        "posts_in_labelled_groups": int(alike["size"].sum()),
        "conflicting_groups": len(conflicting),
        "posts_in_conflicting_groups": int(conflicting["size"].sum()),
        "unlabelled_with_labelled_twin": int(unlabelled["group"].isin(by_group.index).sum()),
    }
