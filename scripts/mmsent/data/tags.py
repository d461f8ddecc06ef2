"""The tags of a label file, compared with the classes of the settings."""

import shlex
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import yaml

from mmsent.data.layout import DatasetError
from mmsent.labels import LABELS, MOST_LABELS, NO_LABEL, as_number, folded

#: Up to this number, or this fraction of the posts, unknown tags are problems of single posts.
_FEW, _FRACTION = 10, 0.1


def check_tags(path: Path, tags: Iterable[str]) -> None:
    """Refuse a list of labelled posts that was made for other classes than those of the settings.

    A few unknown tags beside all classes are left to the policy on bad posts.

    Raises
    ------
    DatasetError
        With all tags, the most frequent first, and the line to write.
    """
    written: dict[str | Decimal, str] = {}
    counts: Counter[str | Decimal] = Counter()
    for tag in tags:
        if folded(tag) not in NO_LABEL:
            number = as_number(tag)
            key = folded(tag) if number is None else number
            written.setdefault(key, tag.strip())
            counts[key] += 1
    unknown = sum(count for key, count in counts.items() if LABELS.place(written[key]) is None)
    present = {LABELS.place(tag) for tag in written.values()} - {None}
    few = unknown <= _FEW or (len(present) == len(LABELS) and unknown <= _FRACTION * counts.total())
    if not unknown or (few and present):
        return
    shown = [f"{written[key][:40]!r} {count:,}" for key, count in counts.most_common(MOST_LABELS)]
    more = [f"{len(counts) - len(shown)} others"] if len(counts) > len(shown) else []
    raise DatasetError(
        f"{path}: its labels are not those of the settings ({', '.join(LABELS)}) but "
        f"{', '.join(shown + more)}{_advice([key for key, _ in counts.most_common()], written)}"
    )


def _advice(keys: list[str | Decimal], written: dict[str | Decimal, str]) -> str:
    if not 2 <= len(keys) <= MOST_LABELS:
        return f"; a data set has 2 to {MOST_LABELS} classes"
    numbers = [key for key in keys if isinstance(key, Decimal)]
    names: list[str | int | float] = [written[key] for key in keys]
    if len(numbers) == len(keys):
        names = [int(n) if n == int(n) else float(n) for n in sorted(numbers)]
    line = yaml.safe_dump(names, default_flow_style=True, allow_unicode=True, width=10_000).strip()
    return (
        f". Set them in the order in which they are to be shown, in config/config.yaml:\n"
        f"  labels: {line}\n"
        f"or on the command line:\n"
        f"  --config {shlex.quote(f'labels={line}')}\n"
        "`spellings:` maps other spellings to a label; posts of other labels have to be removed "
        "from the list."
    )
