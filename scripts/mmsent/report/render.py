"""Markdown from Jinja templates."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from mmsent.report.escape import escaped

TEMPLATES = Path(__file__).parent / "templates"

#: A pipe that no backslash escapes yet.
_PIPE = re.compile(r"(?<!\\)\|")


def markdown_table(table: pd.DataFrame) -> str:
    """A table as Markdown; numbers stay as they are written, and a pipe in a cell is escaped.

    Cells that strangers wrote are escaped before: see :mod:`mmsent.report.escape`.
    """
    shown = table.map(lambda cell: _PIPE.sub(r"\\|", str(cell)).replace("\n", " "))
    return shown.to_markdown(index=False, disable_numparse=True)


def p_value(value: float) -> str:
    """A p value as a cell of a table."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def rendered(template: str, **values: Any) -> str:
    """Fill in a template of :data:`TEMPLATES`.

    Raises
    ------
    jinja2.UndefinedError
        If the template asks for a value that is not given.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # In Markdown escaping is the business of markdown_table and of escaped.
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
    )
    environment.filters["table"] = markdown_table
    environment.filters["percent"] = lambda share, digits=1: f"{100 * share:.{digits}f} %"
    environment.filters["p_value"] = lambda p: f"= {p_value(p)}".replace("= <", "<")
    environment.filters["yaml"] = lambda value: yaml.safe_dump(value, sort_keys=False)
    environment.filters["escaped"] = escaped
    environment.filters["number"] = lambda value: f"{value:,}"
    return environment.get_template(template).render(**values)
