"""The report's page: texts of posts stay text, and nothing is requested from anywhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmsent.plan.documents import announce, summary
from mmsent.plan.outputs import images_in
from mmsent.report.page import html_of, page

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><h1>Mine</h1>",
    "<style>body{display:none}</style>",
    "<!-- the rest is a comment",
    "<iframe src='https://example.org'></iframe>",
    "<svg/onload=alert(1)>",
    "<b onclick=alert(1)>bold</b>",
    "</main></body></html>",
    "<summary>mine</summary> after it",
]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40"/></svg>'


class Elements(HTMLParser):
    """Every element of a page with its attributes; tags that close nothing are errors."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def body(markdown):
    rendered, _ = html_of(markdown, lambda source: f"data:image/png;base64,{source}")
    return Elements(rendered)


@pytest.fixture
def folder(tmp_path):
    for name in ("photo.png", "line.png", "other.png"):
        Image.effect_noise((60, 40), 50).save(tmp_path / name)
    (tmp_path / "line.svg").write_text(SVG)
    (tmp_path / "other.svg").write_text(SVG.replace("<rect", "<rect " + " " * 20_000))
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (30, 30), "red").save(tmp_path / "pictures" / "7.jpg")
    return tmp_path


def written(folder, markdown, *figures):
    path = folder / "report.md"
    path.write_text(markdown)
    return page(path, [folder / figure for figure in figures])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "place",
    ["{}", "before\n{}\nafter", "- {}", "## {}", "> {}", "| a | b |\n|---|---|\n| {} | 2 |",
     "<details><summary>{}</summary>\n\ninside\n\n</details>",
     "<details>\n<summary>post</summary>\n\n{}\n\n</details>"],
)  # fmt: skip
def test_markup_of_a_post_is_shown_as_text(text, place):
    elements = body(place.format(text) + "\n\nThe end.\n")
    assert not {"script", "style", "iframe", "svg", "body", "html", "main"} & {
        tag for tag, _ in elements.found
    }
    assert not any(name.startswith("on") for _, given in elements.found for name in given)
    assert elements.of("img") == []
    assert [e for e in elements.found if e[0] == "h1"] == []
    # Every character is there to be read, but for the marks of a heading that the place adds.
    assert re.sub(r"\s", "", text) in re.sub(r"\s", "", elements.text) or "summary" in text
    assert "The end." in elements.text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=80))
def test_no_text_whatever_brings_markup_that_acts(text):
    elements = body(
        f"# T\n\n{text}\n\n<details><summary>{text}</summary>\n\n{text}\n\n</details>\n"
    )
    for tag, attributes in elements.found:
        assert tag not in {"script", "style", "iframe", "object", "form", "base", "meta", "link"}
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "href"):
            address = attributes.get(name) or ""
            assert not re.match(r"\s*(javascript|vbscript|file|http|//)", address, re.IGNORECASE)


@pytest.mark.parametrize("address", ["data/card.md", "#2-model-versions", "https://example.org/a"])
def test_links_lead_into_the_folder_or_to_https(address):
    assert [link["href"] for link in body(f"See [this]({address}).\n").of("a")] == [address]


@pytest.mark.parametrize(
    "address",
    ["http://example.org/a", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "//example.org/a", "//[",
     "java&#10;script:alert(1)", "data:text/html,<b>", "file:///etc/hosts", "/etc/hosts"],
)  # fmt: skip
def test_other_links_are_text(address):
    elements = body(f"See [this]({address}).\n")
    assert not any("href" in link for link in elements.of("a"))
    assert "this" in elements.text


def test_a_details_block_contains_markdown_under_a_summary_of_text():
    elements = body(
        "<details><summary>7: <b>x</b> & <script>x</script></summary>\n"
        "\n![The image](7.jpg)\n\n**bold** \\| `code`\n\n| a |\n|---|\n| 1 |\n\n</details>\n"
    )
    tags = [tag for tag, _ in elements.found]
    assert tags[:3] == ["details", "summary", "figure"]
    assert {"strong", "code", "table", "figcaption"} <= set(tags)
    assert "7: <b>x</b> & <script>x</script>" in elements.text
    assert not {"script", "b"} & set(tags)


def test_blocks_that_a_text_leaves_open_or_closes_end_with_the_page(folder):
    for text in ("<details><summary>a</summary>\n\ntext", "</details>\n\n</details>\n\ntext"):
        elements = Elements(written(folder, f"# T\n\n{text}\n"))
        assert len(elements.of("dialog")) == len(elements.of("script")) == 1


def test_a_picture_elsewhere_is_text_and_never_fetched():
    elements = body("![a cat](https://example.org/cat.png) ![b](//example.org/b.png)\n")
    assert elements.of("img") == []
    assert "![a cat](https://example.org/cat.png)" in elements.text


@pytest.mark.parametrize("name", ["absent.png", "pictures/8.jpg", "../report.md", "PHOTO.png"])
def test_a_picture_that_is_missing_ends_the_run(folder, name):
    with pytest.raises(FileNotFoundError, match=re.escape(name)):
        written(folder, f"# T\n\n![x]({name})\n", "photo.png", "pictures")


def test_pictures_are_inside_as_drawings_where_these_are_not_much_heavier(folder):
    names = ["photo.png", "line.png", "line.svg", "other.png", "other.svg", "pictures"]
    text = written(folder, "# T\n\n![a](photo.png)\n\n![b](line.png)\n\n![c](./other.png)\n\n"
                           "![d](pictures/7.jpg)\n", *names)  # fmt: skip
    images = Elements(text).of("img")
    assert [image["alt"] for image in images] == ["a", "b", "c", "d"]
    for image, name in zip(images, ["photo.png", "line.svg", "other.png", "pictures/7.jpg"],
                           strict=True):  # fmt: skip
        head, content = image["src"].split(";base64,")
        assert base64.b64decode(content) == (folder / name).read_bytes()
        kind = {"png": "png", "svg": "svg+xml", "jpg": "jpeg"}[name.split(".")[-1]]
        assert head == f"data:image/{kind}"


def test_the_policy_names_this_style_and_script_and_forbids_the_rest(folder):
    text = written(folder, "# T\n\n<script>alert(1)</script>\n")
    elements = Elements(text)
    policies = [given["content"] for given in elements.of("meta") if "http-equiv" in given]
    assert len(policies) == 1
    rules = dict(rule.split(" ", 1) for rule in policies[0].split("; "))
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    assert not re.search(r"(src|href)=[\"']?(http|//)|url\(|@import|fetch\(|XMLHttp", text)


def test_headings_have_ids_of_their_own_and_the_contents_name_all(folder):
    text = written(folder, "# T\n\n## Über uns\n\n### A\n\n## a\n\n### A\n\n## `<b>`\n\n## !!\n")
    elements = Elements(text)
    ids = [given["id"] for tag, given in elements.found if "id" in given]
    assert len(set(ids)) == len(ids) == 7
    links = [given["href"] for given in elements.of("a") if given["href"].startswith("#")]
    assert links == [f"#{name}" for name in ids]  # the first skips the contents


def test_the_same_report_gives_the_same_bytes(folder, tmp_path_factory):
    markdown = "# T\n\n![a](line.png)\n\n![d](pictures/7.jpg)\n"
    names = ["line.png", "line.svg", "pictures"]
    first = written(folder, markdown, *names)
    assert first == written(folder, markdown, *reversed(names))
    assert str(folder) not in first


def test_figures_have_drawings_beside_them_unless_they_are_photographs():
    files = ["a.csv", "results/eda/labels.png", "results/eda/duplicates.png",
             "results/figures/bad_cases/v1.png", "results/bad_cases/pictures"]  # fmt: skip
    assert images_in(files) == [*files[1:], "results/eda/labels.svg"]


def test_a_run_ends_with_the_scores_only_where_the_report_was_asked_for(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results/versions.csv").write_text(
        "experiment,weighted_f1,weighted_f1_low,weighted_f1_high,best_set\n"
        "v1_baseline,0.5,0.45,0.55,False\nablation/best,0.75,0.7,0.8,True\n"
    )
    announce(set(), ["versions"])
    assert capsys.readouterr().out == ""
    Path("results/report.html").touch()
    announce({"results/ablation.md"}, ["versions"])
    assert capsys.readouterr().out == ""
    announce(set(), ["versions"])
    said = capsys.readouterr().out
    assert "results/report.html" in said
    assert said.strip().splitlines()[-2:] == summary({"t": Path("results/versions.csv")})[-3:-1]
    assert "  v1_baseline  0.5000 [0.450, 0.550]\n" in said
    assert "  best         0.7500 [0.700, 0.800] *\n" in said
