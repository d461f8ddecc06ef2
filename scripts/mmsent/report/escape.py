"""Texts that strangers wrote, as Markdown that shows them and does nothing else."""

import re
import unicodedata

#: What Markdown, its tables, HTML in it, or a viewer's own links and formulas may take for markup.
_MARKUP = re.compile(r"[][\\`*_{}()<>#+\-.!|~&@:$=^]")

#: Embeddings, overrides and isolates of the direction of writing.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def escaped(text: str) -> str:
    """``text`` for the middle of a line, or a cell of a table, of Markdown.

    Every character that could open markup has a backslash before it, so links are no links, tags no
    tags and lists no lists. White space, line ends too, is collapsed; characters that control a
    terminal or turn the direction of the line around are left out.
    """
    shown = "".join(c for c in " ".join(text.split()) if not _unprinted(c))
    return _MARKUP.sub(r"\\\g<0>", shown.strip())


def _unprinted(character: str) -> bool:
    """Control characters and those that turn the direction; joiners of emoji are kept."""
    return unicodedata.category(character) == "Cc" or character in _DIRECTION
