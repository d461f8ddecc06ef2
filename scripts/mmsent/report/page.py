"""The report as one page that needs no other file and no network access.

The texts of posts are anybody's: whatever they are, the page shows them and does nothing else.
"""

import base64
import hashlib
import html
import itertools
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mmsent.report.render import TEMPLATES, rendered

#: All that a page may contain; :func:`nh3.clean` takes out the rest.
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "details": {"open"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "th": {"scope"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
TAGS = {*ATTRIBUTES, "b", "blockquote", "br", "em", "figcaption", "figure", "hr", "li", "p", "pre",
        "strong", "summary", "table", "tbody", "td", "thead", "tr", "ul"}  # fmt: skip

#: A line of a block that opens and closes: the only markup that the Markdown may bring itself.
_DETAILS = re.compile(r"(<details(?: open)?>)?\s*(?:<summary>(.*?)</summary>)?\s*(</details>)?\s*")

#: Addresses that do not lead into the report's folder: from a root, or with a scheme.
_ELSEWHERE = re.compile(r"[/\\]|[^/?#]*:")

#: A drawing stands in for its image if it has at most so many times the bytes.
VECTOR_LIMIT = 1.5

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}

_PARSER = MarkdownIt("commonmark").enable("table").disable(["html_block", "html_inline"])


class Heading(NamedTuple):
    """A heading: 1 is the title's level; ``id`` is what a link names."""

    level: int
    id: str
    text: str


def page(markdown: Path, figures: Iterable[Path]) -> str:
    """The page of a Markdown file, with its images, its style and its script inside.

    Parameters
    ----------
    figures
        All images that it may name, and the drawings (SVG) beside them; a folder stands for the
        files in it.

    Raises
    ------
    FileNotFoundError
        If the report names an image that is not among the figures, or that does not exist.
    """
    files: list[Path] = []
    for path in figures:
        files += sorted(path.rglob("*")) if path.is_dir() else [path]
    names = {Path(os.path.relpath(path, markdown.parent)).as_posix(): path for path in files}

    def address(source: str) -> str:
        name = posixpath.normpath(unquote(source))
        if name not in names:
            raise FileNotFoundError(f"{markdown}: the image {source} is not among the figures")
        path = names[name]
        drawing = names.get(posixpath.splitext(name)[0] + ".svg", path)  # sharp at any size
        if drawing.stat().st_size <= VECTOR_LIMIT * path.stat().st_size:
            path = drawing
        content = base64.b64encode(path.read_bytes()).decode("ascii")
        return f"data:{MEDIA_TYPES[path.suffix]};base64,{content}"

    body, headings = html_of(markdown.read_text(encoding="utf-8"), address)
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return rendered(
        "page.html.j2",
        title=next((heading.text for heading in headings if heading.level == 1), markdown.stem),
        top=headings[0].id if headings else "",
        contents=_contents(headings),
        body=body,
        style=style,
        script=script,
        style_hash=_policy_hash(style),
        script_hash=_policy_hash(script),
    )


def _contents(headings: Iterable[Heading]) -> list[tuple[Heading, list[Heading]]]:
    """The chapters, each with its sections."""
    chapters: list[tuple[Heading, list[Heading]]] = []
    for heading in headings:
        if heading.level == 2:
            chapters.append((heading, []))
        elif heading.level == 3 and chapters:
            chapters[-1][1].append(heading)
    return chapters


def _policy_hash(text: str) -> str:
    """How a content security policy names a style or a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def html_of(markdown: str, address: Callable[[str], str]) -> tuple[str, list[Heading]]:
    """The body of a page and its headings.

    Markup is text, but for the lines of ``<details>`` and ``<summary>``. Headings get an id,
    tables a box that scrolls, an image that stands alone a caption.

    Parameters
    ----------
    markdown
        CommonMark with tables.
    address
        Gives the address to show for the name of an image; what it raises is passed on.
    """
    tokens = _PARSER.parse(markdown)
    headings = _name_headings(tokens)
    for token in tokens:
        _place_images(token.children or [], address)
    _mark_paragraphs(tokens)
    _box_tables(tokens)
    body = nh3.clean(
        _PARSER.renderer.render(tokens, _PARSER.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes={"https", "data"},
    )
    return body, headings


def _text(inline: Token) -> str:
    """What a reader sees of a line."""
    kinds = {"text", "code_inline", "image"}
    return "".join(t.content if t.type in kinds else " " * (t.type == "softbreak")
                   for t in inline.children or [])  # fmt: skip


def _name_headings(tokens: Sequence[Token]) -> list[Heading]:
    """Give each heading an id that no other has."""
    headings: list[Heading] = []
    used: set[str] = set()
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            text = _text(inline)
            name = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
            names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
            unique = next(name for name in names if name not in used)
            used.add(unique)
            opening.attrSet("id", unique)
            headings.append(Heading(int(opening.tag[1:]), unique, text))
    return headings


def _place_images(children: list[Token], address: Callable[[str], str]) -> None:
    """Put images in; one that is stored elsewhere is shown as text and never requested."""
    for token in children:
        if token.type == "image":
            source = str(token.attrs["src"])
            if _ELSEWHERE.match(source):
                token.type, token.content = "text", f"![{token.content}]({source})"
            else:
                token.attrs["src"] = address(source)


def _mark_paragraphs(tokens: list[Token]) -> None:
    """Make a paragraph that is one image a figure with a caption, and one of details its tags."""
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        children = inline.children or []
        if opening.type != "paragraph_open":
            continue
        if [child.type for child in children] == ["image"]:
            opening.tag = closing.tag = "figure"
            opening.hidden = closing.hidden = False
            caption = f"<figcaption>{html.escape(children[0].content)}</figcaption>"
            inline.children = [*children, Token("html_inline", "", 0, content=caption)]
        elif details := _DETAILS.fullmatch(inline.content):
            opens, title, closes = details.groups(default="")
            summary = f"<summary>{html.escape(title)}</summary>" if title else ""
            opening.hidden = closing.hidden = True
            tags = Token("html_inline", "", 0, content=f"{opens}{summary}{closes}")
            inline.children = [tags]


def _box_tables(tokens: list[Token]) -> None:
    """Put each table into a box that scrolls."""
    section = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            section = _text(tokens[index + 1])
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        # Within the token's markup, so that no index moves.
        elif token.type == "table_open":
            label = html.escape(f"Table: {section}")
            box = f'<div class="table" tabindex="0" role="region" aria-label="{label}">\n'
            token.type, token.content = "html_block", f"{box}<table>\n"
        elif token.type == "table_close":
            token.type, token.content = "html_block", "</table>\n</div>\n"


def _kept(tag: str, attribute: str, value: str) -> str | None:
    """Keep images that are in the page itself, and links to its parts, its folder and https."""
    kept = True
    if attribute == "src":
        kept = value.startswith("data:image/")
    elif attribute == "href":
        kept = value.startswith("https://") or not _ELSEWHERE.match(value)
    elif (tag, attribute) == ("div", "class"):
        kept = value == "table"
    return value if kept else None
