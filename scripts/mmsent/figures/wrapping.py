"""Texts of posts broken into lines by the width of their characters, not by their number."""

from functools import cache

from matplotlib import font_manager

from mmsent.figures.style import STYLE, plain_text

_MEASURED = 100  # points: advances are taken at this size and scaled

#: On screen a letter's advance is whole pixels, up to so much more than in theory.
_HINTED = 1.06


def wrapped(text: str, width: float, size: float, lines: int) -> str:
    """``text`` as matplotlib can show it, in at most ``lines`` lines that fit in.

    Parameters
    ----------
    width
        Of the lines, in inches.
    size
        Of the print, in points.

    Returns
    -------
    str
        A word that is wider than a line is broken; a text that is longer ends in an ellipsis.
    """
    room = 72 * width
    # The backslash before a dollar sign is not shown: it is put back once the lines are made.
    todo = list(plain_text(text).replace(r"\$", "$").split(" "))
    made: list[str] = []
    line = ""
    while todo:
        word = todo.pop(0)
        longer = f"{line} {word}" if line else word
        if _width(longer, size) <= room:
            line = longer
            continue
        if not line:
            fits = _fitting(word, room, size)
            line, word = word[:fits], word[fits:]
        todo.insert(0, word)
        made.append(line)
        line = ""
    if line:
        made.append(line)
    if len(made) > lines:
        last = made[lines - 1]
        while last and _width(last + "…", size) > room:
            last = last[:-1]
        made = [*made[: lines - 1], last + "…"]
    return "\n".join(made).replace("$", r"\$")


def _fitting(word: str, room: float, size: float) -> int:
    """How many characters of a word fit into a line: at least one."""
    for count in range(len(word), 1, -1):
        if _width(word[:count], size) <= room:
            return count
    return 1


def _width(text: str, size: float) -> float:
    """Width of a line in points."""
    return sum(map(_advance, text)) * size * _HINTED / _MEASURED


@cache
def _advance(character: str) -> float:
    font = font_manager.get_font(font_manager.findfont(str(STYLE["font.family"])))
    font.set_size(_MEASURED, 72)
    return font.load_char(ord(character)).linearHoriAdvance / 65536
