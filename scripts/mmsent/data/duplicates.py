"""Near-duplicate posts: the same picture or the same words, however often retweeted."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmsent.data.layout import guid_order
from mmsent.data.text import normalised_words
from mmsent.labels import LABELLED

#: Pictures of less contrast (grey levels) are blank areas, whose perceptual hash is noise.
MINIMUM_CONTRAST = 3.0

_BLOCK = 1024


def near_duplicate_groups(
    text_index: pd.DataFrame, image_index: pd.DataFrame, phash_distance: int, minimum_words: int
) -> pd.DataFrame:
    """Group posts that share a picture or a text, directly or through others.

    Two pictures are the same if their bytes are, or if their 64-bit perceptual hashes differ in at
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
    rows = np.array([position[a] for a, _ in edges], dtype=np.int64)
    columns = np.array([position[b] for _, b in edges], dtype=np.int64)
    graph = coo_array((np.ones(len(edges), dtype=bool), (rows, columns)), shape=(len(guids),) * 2)
    _, component = connected_components(graph, directed=False)
    table = pd.DataFrame({"guid": guids, "component": component})
    members = table.groupby("component")["guid"]
    # The guids are in numerical order, so the first of a component is its smallest.
    table["group"] = members.transform("first")
    table["size"] = members.transform("size")
    return table.drop(columns="component")


def _text_edges(index: pd.DataFrame, minimum_words: int) -> list[tuple[str, str]]:
    words = index["text"].map(normalised_words)
    enough = words.map(len) >= minimum_words
    return _chains(index.loc[enough, "guid"], words[enough].map(" ".join))


def _image_edges(index: pd.DataFrame, phash_distance: int) -> list[tuple[str, str]]:
    readable = index[index["problem"] == ""]
    edges = _chains(readable["guid"], readable["sha256"])
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


def _chains(guids: pd.Series, keys: pd.Series) -> list[tuple[str, str]]:
    """Edges from the first post with a key to the others with it."""
    first: dict[str, str] = {}
    pairs = ((first.setdefault(key, guid), guid) for guid, key in zip(guids, keys, strict=True))
    return [(known, guid) for known, guid in pairs if known != guid]


def duplicate_summary(posts: pd.DataFrame, groups: pd.DataFrame) -> dict[str, Any]:
    """Near-duplicates among the posts, in numbers.

    Returns
    -------
    dict
        ``groups`` of two or more posts, ``posts_in_groups``, ``largest_group`` (posts) and
        ``group_sizes`` (how many groups there are of each size), of all posts; ``labelled_groups``
        and ``posts_in_labelled_groups``, of the labelled posts alone; ``conflicting_groups`` and
        ``posts_in_conflicting_groups``, of those with different labels;
        ``unlabelled_with_labelled_twin``.
    """
    table = posts[["guid", "subset", "label"]].merge(groups[["guid", "group"]], on="guid")
    size = table.groupby("group")["guid"].size()
    several = size[size > 1]
    labelled = table[table["subset"] == LABELLED]
    by_group = labelled.groupby("group")["label"].agg(["size", "nunique"])
    twins, conflicting = by_group[by_group["size"] > 1], by_group[by_group["nunique"] > 1]
    unlabelled = table[table["subset"] != LABELLED]
    return {
        "groups": len(several),
        "posts_in_groups": int(several.sum()),
        "largest_group": int(size.max()) if len(size) else 0,
        "group_sizes": {
            str(n): int(count) for n, count in several.value_counts().sort_index().items()
        },
        "labelled_groups": len(twins),
        "posts_in_labelled_groups": int(twins["size"].sum()),
        "conflicting_groups": len(conflicting),
        "posts_in_conflicting_groups": int(conflicting["size"].sum()),
        "unlabelled_with_labelled_twin": int(unlabelled["group"].isin(by_group.index).sum()),
    }
