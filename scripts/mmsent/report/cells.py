"""How tables show values: cells of a row, and tables made of such cells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from mmsent.labels import LABELS
from mmsent.paths import short_name

Row = Mapping[str, Any]
#: Makes the cell of a column from a row of numbers.
Cell = Callable[[Row], str]

#: Marks rows of random weights wherever they are shown.
SMOKE_TEST = "smoke test (random weights)"


def shown(rows: pd.DataFrame | Iterable[Row], columns: Mapping[str, Cell]) -> pd.DataFrame:
    """A table of texts: a column for each title, its cells made from the rows."""
    records = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else rows
    cells = [{title: cell(row) for title, cell in columns.items()} for row in records]
    return pd.DataFrame(cells, columns=list(columns), dtype=object)


def value(key: str, pattern: str = "{}") -> Cell:
    """The value of a key in a pattern; a dash where there is none."""
    return lambda row: or_dash(row.get(key), pattern)


def interval(metric: str) -> Cell:
    """A metric with its interval; a dash where there is none."""
    return lambda row: "-" if pd.isna(row.get(metric)) else with_interval(row, metric)


def change(key: str) -> Cell:
    """A difference with its interval; a dash where there is none."""
    return lambda row: "-" if pd.isna(row[key]) else difference(row[key], *ends(row, key))


def name(row: Row) -> str:
    """The experiment's name without its folder."""
    return short_name(row["experiment"])


def marked(row: Row) -> str:
    """The experiment's name, marked if its weights are random."""
    return f"{row['experiment']}: {SMOKE_TEST}" if row.get("exercise") else row["experiment"]


def best_f1(row: Row) -> str:
    """Weighted F1 with its interval, bold if statistically tied with the best of its table."""
    cell = interval("weighted_f1")(row)
    return f"**{cell}**" if row.get("best_set") is True else cell


def class_columns() -> dict[str, Cell]:
    """The F1 of each class."""
    return {f"F1 {label}": value(f"f1_{label}", "{:.3f}") for label in LABELS.in_tables}


def ends(row: Row, metric: str) -> tuple[float, float]:
    """Ends of the interval of a metric."""
    return row[f"{metric}_low"], row[f"{metric}_high"]


def with_interval(row: Row, metric: str) -> str:
    """A metric and the ends of its interval."""
    low, high = ends(row, metric)
    return f"{row[metric]:.4f} [{low:.3f}, {high:.3f}]"


def difference(value: float, low: float, high: float) -> str:
    """A difference and the ends of its interval."""
    return f"{value:+.4f} [{low:+.3f}, {high:+.3f}]"


def tested(test: Row) -> str:
    """The difference of a paired test with its interval."""
    return difference(test["difference"], test["low"], test["high"])


def or_dash(value: Any, pattern: str = "{}") -> str:
    """A value in a pattern; a dash if it is missing."""
    return "-" if pd.isna(value) else pattern.format(value)


def p_value(value: float) -> str:
    """A p value."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def p_equals(value: float) -> str:
    """A p value after its letter, in a sentence."""
    return f"= {p_value(value)}".replace("= <", "<")


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
