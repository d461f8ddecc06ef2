"""The fonts of figures, in the order in which a character is looked up.

DejaVu Sans and STIX come with matplotlib, the Noto fonts with pinned packages. A font of the
machine draws only what all of these lack, so that other figures are the same on every machine.
"""

from functools import cache
from pathlib import Path

import manimgx_fonts
import noto_cjk_sans_otc
from matplotlib.font_manager import FontEntry, FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font

#: The font of almost all text.
MAIN = "DejaVu Sans"

#: Fonts of the machine for scripts that the packages lack; the last three have almost all scripts.
_OF_MACHINE = (
    "Noto Sans Cherokee",
    "Noto Sans Mongolian",
    "Noto Sans Syriac",
    "Noto Sans Thaana",
    "Noto Sans Yi",
    "Noto Serif Tibetan",
    "Unifont",
    "Unifont Upper",
    "Arial Unicode MS",
)

#: The face of the collection with the simplified Chinese forms; all faces have all characters.
_SIMPLIFIED = 2


def _packaged() -> list[str]:
    """Register the packaged fonts with matplotlib, by names that no font of the machine has."""
    noto = sorted(Path(manimgx_fonts.__path__[0]).glob("*.ttf"))
    files = [(path, 0) for path in noto if "Italic" not in path.name]
    files.append((Path(str(noto_cjk_sans_otc.FONT_PATH)), _SIMPLIFIED))
    # They have a single weight: matplotlib would log that bold is missing.
    fontManager.ttflist += [
        FontEntry(fname=str(path), index=face, name=f"mmsent {path.stem}", weight=weight)
        for path, face in files
        for weight in ("normal", "bold")
    ]
    return [f"mmsent {path.stem}" for path, _ in files]


_installed = set(fontManager.get_font_names())

#: Names of the fonts.
FAMILIES = [MAIN, *_packaged(), "STIXGeneral", *(f for f in _OF_MACHINE if f in _installed)]


@cache
def font_of(character: str) -> FT2Font | None:
    """Return the first font that has a character, or None."""
    return next((f for f in map(_font, FAMILIES) if f.get_char_index(ord(character))), None)


@cache
def _font(family: str) -> FT2Font:
    return get_font(findfont(FontProperties(family=[family])))
