"""The report's Markdown as HTML that is safe to show: the texts of posts are anybody's."""

import html
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

#: All that a page may hold; :func:`nh3.clean` takes out the rest.
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
_DETAILS = re.compile(
    r"(?P<opens><details(?: open)?>)?\s*"
    r"(?P<summary><summary>(?P<title>.*?)</summary>)?\s*"
    r"(?P<closes></details>)?\s*"
)

#: Addresses that do not lead into the report's folder: from a root, or with a scheme.
_ELSEWHERE = re.compile(r"[/\\]|[^/?#]*:")


@dataclass(frozen=True)
class Heading:
    """A heading: 1 is the title's level; ``id`` is what a link names."""

    level: int
    id: str
    text: str


def html_of(markdown: str, picture: Callable[[str], str]) -> tuple[str, list[Heading]]:
    """The body of a page and its headings.

    Markup is text, but for the lines of ``<details>`` and ``<summary>``. Headings get an id,
    tables a box that scrolls, a picture that stands alone a caption.

    Parameters
    ----------
    markdown
        CommonMark with tables.
    picture
        The address to show for the name of a picture; what it raises is passed on.
    """
    tokens = _parser().parse(markdown)
    headings = _name_headings(tokens)
    for token in tokens:
        _place_pictures(token.children or [], picture)
    _caption_figures(tokens)
    _box_tables(tokens)
    rendered = _parser().renderer.render(tokens, _parser().options, {})
    return _cleaned(rendered), headings


def _parser() -> MarkdownIt:
    """CommonMark with tables, in which markup is text but for the lines of a details block."""
    parser = MarkdownIt("commonmark").enable("table").disable(["html_block", "html_inline"])
    interrupts = ["paragraph", "reference", "blockquote"]
    parser.block.ruler.before("heading", "details", _details_line, {"alt": interrupts})
    return parser


def _details_line(state: StateBlock, line: int, _last: int, silent: bool) -> bool:
    """A block rule of markdown-it for a line of ``<details>`` and ``<summary>``."""
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    found = _DETAILS.fullmatch(text)
    if not text or found is None or state.is_code_block(line):
        return False
    if silent:
        return True
    opens, closes = found["opens"] or "", found["closes"] or ""
    summary = f"<summary>{_title(found['title'])}</summary>" if found["summary"] else ""
    state.push("html_block", "", 0).content = f"{opens}{summary}{closes}\n"
    state.line = line + 1
    return True


def _title(text: str) -> str:
    """A summary: text in which "&lt;" is a character written as an entity, and ``<b>`` is bold."""
    parts = [html.escape(html.unescape(part)) for part in re.split("<b>(.*?)</b>", text)]
    return "".join(f"<b>{part}</b>" if i % 2 else part for i, part in enumerate(parts))


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
            number = 1
            while (unique := f"{name}-{number}" if number > 1 else name) in used:
                number += 1
            used.add(unique)
            opening.attrSet("id", unique)
            headings.append(Heading(int(opening.tag[1:]), unique, text))
    return headings


def _place_pictures(children: list[Token], picture: Callable[[str], str]) -> None:
    """Put pictures in; one that lies elsewhere is shown as text and never asked for."""
    for token in children:
        if token.type == "image":
            source = str(token.attrs["src"])
            if _ELSEWHERE.match(source):
                token.type, token.content = "text", f"![{token.content}]({source})"
            else:
                token.attrs["src"] = picture(source)


def _caption_figures(tokens: list[Token]) -> None:
    """Make a paragraph that is one picture a figure, with its description as caption."""
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        children = inline.children or []
        if opening.type == "paragraph_open" and [t.type for t in children] == ["image"]:
            opening.tag = closing.tag = "figure"
            opening.hidden = closing.hidden = False
            caption = Token("html_inline", "", 0)
            caption.content = f"<figcaption>{html.escape(children[0].content)}</figcaption>"
            inline.children = [*children, caption]


def _box_tables(tokens: list[Token]) -> None:
    """Put each table into a box that scrolls."""
    section = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            section = _text(tokens[index + 1])
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        # Within the token's own markup, so that no index moves.
        elif token.type == "table_open":
            label = html.escape(f"Table: {section}")
            box = f'<div class="table" tabindex="0" role="region" aria-label="{label}">\n'
            token.type, token.content = "html_block", f"{box}<table>\n"
        elif token.type == "table_close":
            token.type, token.content = "html_block", "</table>\n</div>\n"


def _cleaned(rendered: str) -> str:
    """What is allowed of a page's body, with every tag closed."""
    return nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_address,
        url_schemes={"https", "data"},
    )


def _address(tag: str, attribute: str, value: str) -> str | None:
    """Keep pictures that are in the page itself, and links to its parts, its folder and https."""
    if attribute == "src":
        return value if value.startswith("data:image/") else None
    if attribute == "href":
        kept = value.startswith("https://") or not _ELSEWHERE.match(value)
        return value if kept else None
    if (tag, attribute) == ("div", "class"):
        return value if value == "table" else None
    return value
