"""What a table's column is sorted by: the number that a cell begins with."""

import math
import re
from collections.abc import Sequence

#: Cells that stand for "no value"; they come last, whichever way a column is sorted.
MISSING = frozenset({"", "-", "–", "—"})

_NUMBER = re.compile(
    r"(?P<bound>[<>])?\s*"
    r"(?P<number>[+\-−]?(?=\.?\d)(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?(?:e[+-]?\d+)?)"
    # What may follow: an interval, a unit, a second number; a letter makes it a name or a hash.
    r"(?=$|[\s%\[(/:;])",
    re.IGNORECASE,
)


def number_of(text: str) -> float | None:
    """The number that a cell begins with, ``None`` if it begins with none.

    ``0.6773 [0.631, 0.729]``, ``12.3 %``, ``1,234``, ``+0.0146 (+2.1 %)`` and ``0.70 / 0.71`` are
    understood. ``< 0.001`` is just below 0.001, ``> 0.999`` just above 0.999.
    """
    found = _NUMBER.match(text.strip())
    if found is None:
        return None
    value = float(found["number"].replace(",", "").replace("−", "-"))
    if found["bound"]:
        value = math.nextafter(value, -math.inf if found["bound"] == "<" else math.inf)
    return value


def column_keys(texts: Sequence[str]) -> list[str] | None:
    """The keys of a column of numbers, as text; ``None`` for a column that has others as well.

    The key of a missing value is empty.
    """
    shown = [text for text in texts if text.strip() not in MISSING]
    numbers = [number_of(text) for text in shown]
    if not shown or None in numbers:
        return None
    return ["" if text.strip() in MISSING else repr(number_of(text)) for text in texts]
