"""The report as one page that needs no other file and asks no host."""

import base64
import hashlib
import os
import posixpath
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from mmsent.report.html import Heading, html_of
from mmsent.report.render import TEMPLATES, rendered

#: A drawing stands in for its picture if it has at most so many times the bytes.
VECTOR_LIMIT = 1.5

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


def page(markdown: Path, figures: Iterable[Path]) -> str:
    """The page of a Markdown file, with its pictures, its style and its script inside.

    Parameters
    ----------
    markdown
        The report.
    figures
        All pictures that it may name, and the drawings (SVG) beside them; a folder stands for
        the files in it.

    Raises
    ------
    FileNotFoundError
        If the report names a picture that is not among the figures, or that does not exist.
    """
    names = _names(markdown.parent, figures)

    def picture(source: str) -> str:
        name = posixpath.normpath(unquote(source))
        if name not in names:
            raise FileNotFoundError(
                f"{markdown}: the picture {source} is not among the figures that were given"
            )
        return data_address(_lighter(names, name))

    body, headings = html_of(markdown.read_text(encoding="utf-8"), picture)
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return rendered(
        "page.html.j2",
        title=next((heading.text for heading in headings if heading.level == 1), markdown.stem),
        top=headings[0].id if headings else "",
        contents=contents(headings),
        body=body,
        style=style,
        script=script,
        policy=policy(style, script),
    )


def _names(folder: Path, figures: Iterable[Path]) -> dict[str, Path]:
    """Each figure by its name relative to the report's folder."""
    files: list[Path] = []
    for path in figures:
        files += sorted(path.rglob("*")) if path.is_dir() else [path]
    return {Path(os.path.relpath(path, folder)).as_posix(): path for path in files}


def _lighter(names: dict[str, Path], name: str) -> Path:
    """A figure's drawing, which is sharp at any size, unless that is much heavier."""
    path = names[name]
    vector = names.get(posixpath.splitext(name)[0] + ".svg")
    if vector and vector.stat().st_size <= VECTOR_LIMIT * path.stat().st_size:
        return vector
    return path


def data_address(path: Path) -> str:
    """A picture's content as an address."""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{MEDIA_TYPES[path.suffix]};base64,{content}"


def contents(headings: Iterable[Heading]) -> list[tuple[Heading, list[Heading]]]:
    """The chapters, each with its sections."""
    found: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == 2:
            found.append((heading, []))
        elif heading.level == 3 and found:
            found[-1][1].append(heading)
    return found


def policy(style: str, script: str) -> str:
    """A content security policy: this style, this script, pictures inside, and no request."""

    def source(text: str) -> str:
        digest = hashlib.sha256(text.encode("utf-8")).digest()
        return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"

    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src {source(style)}",
            f"script-src {source(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
