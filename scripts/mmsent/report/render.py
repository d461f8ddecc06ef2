"""Markdown from Jinja templates; texts of posts as Markdown that shows them and does nothing."""

import re
import unicodedata
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from mmsent.report.cells import p_value, tested, with_interval
from mmsent.report.statistics import comparisons

TEMPLATES = Path(__file__).parent / "templates"

#: A pipe that no backslash escapes yet.
_PIPE = re.compile(r"(?<!\\)\|")

#: What Markdown, its tables, HTML in it, or a viewer's links and formulas may take for markup.
_MARKUP = re.compile(r"[][\\`*_{}()<>#+\-.!|~&@:$=^]")

#: Embeddings, overrides and isolates of the direction of writing.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def escaped(text: str) -> str:
    """``text`` for the middle of a line, or a cell of a table, of Markdown.

    Every character that could open markup has a backslash before it, so links are no links, tags no
    tags and lists no lists. White space, line ends too, is collapsed; characters that control a
    terminal or turn the direction of the line around are left out, joiners of emoji kept.
    """
    shown = "".join(
        c for c in " ".join(text.split()) if unicodedata.category(c) != "Cc" and c not in _DIRECTION
    )
    return _MARKUP.sub(r"\\\g<0>", shown.strip())


def markdown_table(table: pd.DataFrame) -> str:
    """A table as Markdown; numbers stay as they are written, and a pipe in a cell is escaped.

    Texts of posts have to be :func:`escaped` before.
    """
    shown = table.map(lambda cell: _PIPE.sub(r"\\|", str(cell)).replace("\n", " "))
    return shown.to_markdown(index=False, disable_numparse=True)


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def _p_value(p: float) -> str:
    return f"= {p_value(p)}".replace("= <", "<")


def rendered(template: str, **values: Any) -> str:
    """Fill in a template of :data:`TEMPLATES`.

    Raises
    ------
    jinja2.UndefinedError
        If the template uses a value that is missing.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # In Markdown, markdown_table and escaped do it.
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
    )
    environment.filters |= {
        "table": markdown_table,
        "percent": _percent,
        "p_value": _p_value,
        "comparisons": comparisons,
        "yaml": partial(yaml.safe_dump, sort_keys=False),
        "escaped": escaped,
        "number": "{:,.0f}".format,
        "interval": with_interval,
        "tested": tested,
    }
    return environment.get_template(template).render(**values)
