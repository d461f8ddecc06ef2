"""Plan of the demo data set: what each post is like, from the sizes and the seed.

Only the standard library is imported, because Snakemake calls :func:`file_names` at parse time.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from mmsent.data.layout import DATA_FOLDER, TRAIN_FILE, UNLABELLED_FILE

#: Fraction of each class among the posts, as in the real data.
CLASS_FRACTIONS = {"positive": 0.597, "negative": 0.298, "neutral": 0.105}

#: Mood of a text or a picture that fits every class.
ANY = "any"

_HIGHEST_GUID = 5130
_LABEL_NOISE = 0.03

#: Fraction of each class in which the text or the picture, or both, fit every class. The others
#: show their class in both. The fractions are those of every class, so that an uninformative text
#: says nothing about the label.
_UNINFORMATIVE = {("text",): 0.24, ("picture",): 0.31, ("text", "picture"): 0.05}

_GROUPED = 0.08
_GROUP_SIZES = (2, 3, 2, 4, 2)
_CONFLICTING = 0.25

#: Fractions of the posts.
_REPOSTED = 0.40
_FLOAT_GUID = 0.03
_EMPTY = 0.03
_MOJIBAKE = 0.004
_GB18030 = 0.24
#: Line end behind a text, or double spaces in it.
_SPACING = {"": 0.87, "\n": 0.06, "\r\n": 0.03, "  ": 0.04}
#: Each occurs once, because they are rare in the real data too.
_ODD_FORMATS = ("png", "rgba png", "palette gif", "cmyk jpeg", "grey jpeg")


@dataclass(frozen=True)
class Content:
    """What a text or a picture is generated from; equal contents look or read the same.

    Attributes
    ----------
    seed
        Seed of all random draws.
    mood
        The class that it shows, or :data:`ANY`.
    strength
        How clearly it shows its class, 0 to 1.
    """

    seed: str
    mood: str
    strength: float


@dataclass
class Post:
    """One post.

    Attributes
    ----------
    label
        ``None`` for an unlabelled post.
    group
        Number of its group of near-duplicates, which share a text or a picture; ``None`` without.
    seed
        Seed of what differs between near-duplicates: mentions, URLs, size of the picture.
    """

    guid: int
    label: str | None
    text: Content
    picture: Content
    seed: str
    group: int | None = None
    reposted: bool = False
    encoding: str = "utf-8"
    empty: bool = False
    mojibake: bool = False
    spacing: str = ""
    picture_format: str = "jpeg"
    float_guid: bool = False


def file_names(labelled: int, unlabelled: int, seed: int) -> list[str]:
    """Return the sorted paths, relative to the data set, of all files of the data set."""
    guids = _guids(labelled, unlabelled, seed)
    posts = [f"{DATA_FOLDER}/{guid}.{suffix}" for guid in guids for suffix in ("jpg", "txt")]
    return sorted([TRAIN_FILE, UNLABELLED_FILE, *posts])


def plan_posts(labelled: int, unlabelled: int, seed: int) -> list[Post]:
    """Plan all posts, the labelled ones first, in the order of the label files.

    Every irregularity occurs among 30 labelled posts or more, which the settings require
    (:class:`mmsent.config.main.DemoSettings`).
    """
    guids = _guids(labelled, unlabelled, seed)
    draw = random.Random(f"{seed}:plan")
    classes = [*_shuffled_classes(labelled, draw), *_shuffled_classes(unlabelled, draw)]
    groups = _draw_groups(classes, labelled, draw)
    grouped = {row for rows in groups for row in rows}
    shown = list(classes)
    alone = [row for row in range(labelled) if row not in grouped]
    for row in draw.sample(alone, round(_LABEL_NOISE * len(alone))):
        shown[row] = draw.choice([name for name in CLASS_FRACTIONS if name != classes[row]])

    uninformative = _draw_uninformative(shown, draw)
    posts = []
    for row, guid in enumerate(guids):
        text, picture = (
            Content(
                seed=f"{seed}:{guid}:{kind}",
                mood=ANY if kind in uninformative[row] else shown[row],
                strength=draw.random(),
            )
            for kind in ("text", "picture")
        )
        label = classes[row] if row < labelled else None
        posts.append(Post(guid, label, text, picture, seed=f"{seed}:{guid}"))
    _share_contents(posts, groups)
    _add_irregularities(posts, labelled, draw)
    return posts


def _guids(labelled: int, unlabelled: int, seed: int) -> list[int]:
    posts = labelled + unlabelled
    highest = max(_HIGHEST_GUID, 2 * posts)
    return random.Random(f"{seed}:guids").sample(range(1, highest + 1), posts)


def _shuffled_classes(posts: int, draw: random.Random) -> list[str]:
    """Draw the class of each post, in exact proportions (largest remainders)."""
    counts = {name: int(posts * fraction) for name, fraction in CLASS_FRACTIONS.items()}
    by_remainder = sorted(counts, key=lambda name: counts[name] - posts * CLASS_FRACTIONS[name])
    for name in by_remainder[: posts - sum(counts.values())]:
        counts[name] += 1
    classes = [name for name, count in counts.items() for _ in range(count)]
    draw.shuffle(classes)
    return classes


def _group_sizes(posts: int) -> list[int]:
    """Return the sizes of the groups of near-duplicates, three groups at least."""
    sizes: list[int] = []
    for size in cycle(_GROUP_SIZES):
        if len(sizes) >= 3 and sum(sizes) + size > round(_GROUPED * posts):
            break
        sizes.append(size)
    return sizes


def _draw_groups(classes: Sequence[str], labelled: int, draw: random.Random) -> list[list[int]]:
    """Draw the rows of each group of near-duplicates.

    The first groups have conflicting labels; of the next ones, up to three contain an unlabelled
    post.
    """
    free = draw.sample(range(labelled), labelled)
    unlabelled = draw.sample(range(labelled, len(classes)), len(classes) - labelled)
    sizes = _group_sizes(len(classes))
    conflicting = max(1, round(_CONFLICTING * len(sizes)))
    with_unlabelled = min(len(unlabelled), 3, (len(sizes) + 1) // 4)
    groups = []
    for number, size in enumerate(sizes):
        is_conflict = number < conflicting
        has_unlabelled = conflicting <= number < conflicting + with_unlabelled
        for last in unlabelled if has_unlabelled else free:
            others = [row for row in free if row != last]
            rows = [row for row in others if (classes[row] != classes[last]) == is_conflict]
            if len(rows) >= 3 * size:  # else the class has too few posts for the folds
                groups.append([*rows[: size - 1], last])
                free = [row for row in free if row not in groups[-1]]
                unlabelled = [row for row in unlabelled if row != last]
                break
    return groups


def _draw_uninformative(shown: Sequence[str], draw: random.Random) -> list[tuple[str, ...]]:
    """Draw which contents of each post do not show its class."""
    uninformative: list[tuple[str, ...]] = [()] * len(shown)
    for name in CLASS_FRACTIONS:
        rows = [row for row, other in enumerate(shown) if other == name]
        draw.shuffle(rows)
        for kinds, fraction in _UNINFORMATIVE.items():
            for _ in range(round(fraction * shown.count(name))):
                uninformative[rows.pop()] = kinds
    return uninformative


def _share_contents(posts: Sequence[Post], groups: Sequence[Sequence[int]]) -> None:
    """Give the posts of each group the same text, the same picture, or both."""
    shared = cycle([("text", "picture"), ("picture",), ("text",)])
    for number, (rows, kinds) in enumerate(zip(groups, shared, strict=False)):
        for row in rows:
            posts[row].group = number
            for kind in kinds:
                setattr(posts[row], kind, getattr(posts[rows[0]], kind))


def _add_irregularities(posts: list[Post], labelled: int, draw: random.Random) -> None:
    """Make the posts untidy: each irregularity in its fraction, and once at least.

    Those that would make near-duplicates differ are given to posts outside the groups.
    """

    def count(fraction: float) -> int:
        return max(1, round(fraction * len(posts)))

    for post in draw.sample(posts, count(_REPOSTED)):
        post.reposted = True
    for post in [draw.choice(posts[:labelled]), *draw.sample(posts, count(_FLOAT_GUID))]:
        post.float_guid = True
    for post in posts:
        post.spacing = draw.choices(list(_SPACING), list(_SPACING.values()))[0]

    alone = [post for post in posts if post.group is None]
    for post, picture_format in zip(draw.sample(alone, 5), _ODD_FORMATS, strict=True):
        post.picture_format = picture_format
    draw.shuffle(alone)
    for _ in range(count(_EMPTY)):
        alone.pop().empty = True
    for _ in range(count(_MOJIBAKE)):
        alone.pop().mojibake = True
    for _ in range(count(_GB18030)):
        alone.pop().encoding = "gb18030"
