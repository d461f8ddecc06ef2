"""Decides every post of the demo data set from its sizes and its seed, and makes none of them.

The module needs the standard library alone and is quick, since the workflow calls
:func:`file_names` while it is being parsed.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

from mmsent.data.layout import DATA_FOLDER, TRAIN_FILE, UNLABELLED_FILE

#: Share of each class among the labelled posts, as in the real data.
CLASS_SHARES = {"positive": 0.597, "negative": 0.298, "neutral": 0.105}

#: What a text or a picture tells that fits any class.
ANY = "any"

#: The fewest labelled posts in which every quirk finds a place.
FEWEST_LABELLED = 30

_HIGHEST_GUID = 5130
_TEXT_TELLS = 0.73
_PICTURE_TELLS = 0.65
_MISLABELLED = 0.03
_GROUPED = 0.08
_GROUP_SIZES = (2, 3, 2, 4, 2)
_CONFLICTING = 0.25
_GB18030 = 0.24
_EMPTY = 0.03
_REPOSTED = 0.40
_FLOAT_GUID = 0.03
#: Ends of texts and gaps within them; the other texts have neither.
_SPACING = {"newline": 0.06, "crlf": 0.03, "double spaces": 0.04}
#: One post each, for they are rare in the real data too.
_ODD_FORMATS = ("png", "rgba png", "palette gif", "cmyk jpeg", "grey jpeg")


@dataclass(frozen=True)
class Content:
    """What a text or a picture is made from.

    ``source`` seeds it, so equal contents look or read the same; ``tells`` is the class that it
    shows, or :data:`ANY`; ``strength`` (0 to 1) says how plainly it does so.
    """

    source: str
    tells: str
    strength: float


@dataclass(frozen=True)
class Post:
    """One post. ``label`` is ``None`` for an unlabelled one.

    ``group`` numbers the near-duplicates that belong together (``None``: has none); ``source``
    seeds what differs even between those: retweet mark, URLs, size and quality of the picture.
    """

    guid: int
    label: str | None
    source: str
    text: Content
    picture: Content
    group: int | None = None
    reposted: bool = False
    encoding: str = "utf-8"
    empty: bool = False
    mojibake: bool = False
    spacing: str = ""
    picture_format: str = "jpeg"
    float_guid: bool = False


@dataclass(frozen=True)
class _Group:
    """Rows that are near-duplicates of the first one, in ``shares`` (text, picture, or both)."""

    rows: tuple[int, ...]
    shares: tuple[str, ...]


def file_names(labelled: int, unlabelled: int, seed: int) -> list[str]:
    """Sorted paths, relative to the data set, of every file that ``write_demo`` writes.

    Raises
    ------
    ValueError
        If there are fewer than :data:`FEWEST_LABELLED` labelled posts, or ``unlabelled`` is
        negative.
    """
    guids = _guids(labelled, unlabelled, seed)
    posts = [f"{DATA_FOLDER}/{guid}.{suffix}" for guid in guids for suffix in ("jpg", "txt")]
    return sorted([TRAIN_FILE, UNLABELLED_FILE, *posts])


def plan_posts(labelled: int, unlabelled: int, seed: int) -> list[Post]:
    """Decide every post: the labelled ones, then the unlabelled, in the order of the label files.

    Raises
    ------
    ValueError
        If there are fewer than :data:`FEWEST_LABELLED` labelled posts, or ``unlabelled`` is
        negative.
    """
    guids = _guids(labelled, unlabelled, seed)
    draw = random.Random(f"{seed}:plan")
    classes = _shuffled_classes(labelled, draw) + _shuffled_classes(unlabelled, draw)
    groups = _draw_groups(classes, labelled, draw)
    # The twin of an unlabelled post shows its class, whatever was drawn for it before.
    for group in groups:
        for row in group.rows[1:]:
            classes[row] = classes[group.rows[0]] if row >= labelled else classes[row]
    grouped = {row for group in groups for row in group.rows}
    alone = [row for row in range(len(guids)) if row not in grouped]
    shown = _mislabel(classes, [row for row in alone if row < labelled], draw)

    text_tells = _telling(shown, _TEXT_TELLS, draw)
    picture_tells = _telling(shown, _PICTURE_TELLS, draw)
    posts = []
    for row, guid in enumerate(guids):
        source = f"{seed}:{guid}"
        own = random.Random(source)
        text = shown[row] if row in text_tells else ANY
        picture = shown[row] if row in picture_tells else ANY
        posts.append(
            Post(
                guid=guid,
                label=classes[row] if row < labelled else None,
                source=source,
                text=Content(f"{source}:text", text, own.random()),
                picture=Content(f"{source}:picture", picture, own.random()),
            )
        )
    _share_contents(posts, groups)
    _add_quirks(posts, labelled, alone, draw)
    return posts


def _guids(labelled: int, unlabelled: int, seed: int) -> list[int]:
    if labelled < FEWEST_LABELLED:
        raise ValueError(f"{labelled} labelled posts; the demo needs {FEWEST_LABELLED} or more")
    if unlabelled < 0:
        raise ValueError(f"{unlabelled} unlabelled posts; expected 0 or more")
    posts = labelled + unlabelled
    highest = max(_HIGHEST_GUID, 2 * posts)
    return random.Random(f"{seed}:guids").sample(range(1, highest + 1), posts)


def _shuffled_classes(posts: int, draw: random.Random) -> list[str]:
    """Classes in the given shares, by largest remainder, in random order."""
    counts = {name: int(posts * share) for name, share in CLASS_SHARES.items()}
    by_remainder = sorted(CLASS_SHARES, key=lambda name: counts[name] - posts * CLASS_SHARES[name])
    for name in by_remainder[: posts - sum(counts.values())]:
        counts[name] += 1
    classes = [name for name, count in counts.items() for _ in range(count)]
    draw.shuffle(classes)
    return classes


def _group_sizes(posts: int) -> list[int]:
    """Sizes of the groups of near-duplicates: three groups at least, one of each kind."""
    sizes: list[int] = []
    for size in cycle(_GROUP_SIZES):
        if len(sizes) >= 3 and sum(sizes) + size > round(_GROUPED * posts):
            return sizes
        sizes.append(size)
    raise AssertionError("a cycle does not end")


def _draw_groups(classes: Sequence[str], labelled: int, draw: random.Random) -> list[_Group]:
    """Near-duplicates: first the groups whose labels conflict, then those with unlabelled posts."""
    pools: dict[str, list[int]] = {name: [] for name in CLASS_SHARES}
    for row in draw.sample(range(labelled), labelled):
        pools[classes[row]].append(row)
    unlabelled = draw.sample(range(labelled, len(classes)), len(classes) - labelled)
    sizes = _group_sizes(len(classes))
    conflicts = max(1, round(_CONFLICTING * len(sizes)))
    twins = min(len(unlabelled), max(1, min(3, len(sizes) // 4)))
    kinds = cycle([("text", "picture"), ("picture",), ("text",)])

    groups = []
    for number, (size, shares) in enumerate(zip(sizes, kinds, strict=False)):
        names = [name for name in pools if len(pools[name]) >= size]
        first = draw.choices(names, weights=[len(pools[name]) for name in names])[0]
        last = first
        if number < conflicts:
            names = [name for name in pools if pools[name] and name != first]
            last = draw.choices(names, weights=[len(pools[name]) for name in names])[0]
        rows = [pools[first].pop() for _ in range(size - 1)]
        is_twin = conflicts <= number < conflicts + twins
        rows.append(unlabelled.pop() if is_twin else pools[last].pop())
        groups.append(_Group(tuple(rows), shares))
    return groups


def _mislabel(classes: Sequence[str], rows: Collection[int], draw: random.Random) -> list[str]:
    """Classes that the posts show: those of the label files, but for a few of ``rows``."""
    shown = list(classes)
    for row in draw.sample(list(rows), round(_MISLABELLED * len(rows))):
        shown[row] = draw.choice([name for name in CLASS_SHARES if name != classes[row]])
    return shown


def _telling(shown: Sequence[str], share: float, draw: random.Random) -> set[int]:
    """Rows that tell their class: the same share of each class, so that silence tells nothing."""
    rows: set[int] = set()
    for name in CLASS_SHARES:
        of_class = [row for row, other in enumerate(shown) if other == name]
        rows.update(draw.sample(of_class, round(share * len(of_class))))
    return rows


def _share_contents(posts: list[Post], groups: Sequence[_Group]) -> None:
    for number, group in enumerate(groups):
        first = posts[group.rows[0]]
        for row in group.rows:
            posts[row] = replace(
                posts[row],
                group=number,
                text=first.text if "text" in group.shares else posts[row].text,
                picture=first.picture if "picture" in group.shares else posts[row].picture,
            )


def _add_quirks(
    posts: list[Post], labelled: int, alone: Sequence[int], draw: random.Random
) -> None:
    """Make the posts untidy, each quirk in its fixed share, and rare ones once at least.

    What would make near-duplicates differ goes to the posts in ``alone``.
    """

    def some(share: float, rows: Collection[int]) -> list[int]:
        count = min(len(rows), max(1, round(share * len(posts))))
        return draw.sample(sorted(rows), count)

    def change(rows: Collection[int], **fields: object) -> None:
        for row in rows:
            posts[row] = replace(posts[row], **fields)  # type: ignore[arg-type]

    everyone = range(len(posts))
    change(some(_REPOSTED, everyone), reposted=True)
    # The twelfth post of a real label file may be called 12.0; the labelled ones surely have some.
    float_guids = set(some(_FLOAT_GUID, everyone))
    if not any(row < labelled for row in float_guids):
        float_guids.add(draw.randrange(labelled))
    change(float_guids, float_guid=True)

    empty = some(_EMPTY, alone)
    change(empty, empty=True)
    worded = set(alone) - set(empty)
    mojibake = draw.sample(sorted(worded), 2 if len(posts) >= 100 else 1)
    change(mojibake, mojibake=True)
    change(some(_GB18030, worded - set(mojibake)), encoding="gb18030")

    free = set(everyone)
    for spacing, share in _SPACING.items():
        rows = some(share, free)
        change(rows, spacing=spacing)
        free -= set(rows)
    odd = draw.sample(sorted(alone), len(_ODD_FORMATS))
    for row, picture_format in zip(odd, _ODD_FORMATS, strict=True):
        change([row], picture_format=picture_format)
