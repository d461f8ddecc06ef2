"""The report's page in a real browser: it works, stays in its file, and says no error."""

import shutil

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from mmsent.report.page import page as page_of
from mmsent.report.render import markdown_table

#: One of these programs is enough; none is ever downloaded.
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]

HOSTILE = (
    '<script>document.title = "mine"</script><img src="https://example.org/x.png" onerror=alert()>'
    " | `` ` `` [click](javascript:alert(1)) ![x](https://example.org/y.png) </td></table> <!--"
)
SCORES = pd.DataFrame(
    {
        "Experiment": ["first", "second", "third", "fourth", "fifth"],
        "Weighted F1": ["**0.6773 [0.631, 0.729]**", "0.7 [0.6, 0.8]", "-", "0.09 [0, 1]", "0.5"],
        "p": ["0.02", "< 0.001", "1.000", "0.001", "-"],
        "Posts": ["1,234", "999", "10", "-", "2"],
        "Change": ["+0.0146", "-0.2", "-0.1", "+0.1", "-"],
        "Text": ["b", "a10", "a9", "C", HOSTILE],
        **{f"Further column {n}": ["some words in a cell"] * 5 for n in range(8)},
    }
)


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(BROWSERS)})")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found)
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page of a small report."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "bad_cases/pictures").mkdir(parents=True)
    Image.effect_noise((1600, 500), 60).save(folder / "scores.png")
    Image.new("RGB", (64, 64), "red").save(folder / "bad_cases/pictures/7.jpg")
    long = "a_very_long_name_without_any_place_to_break_" * 4
    (folder / "report.md").write_text(
        f"# Report\n\n480 posts. {HOSTILE}\n\n{markdown_table(SCORES)}\n\n"
        "## 1. Figures\n\n![Scores of all](scores.png)\n\n### A section\n\n"
        f"`{long}` and {long}\n\n```yaml\n{long * 3}: 1\n```\n\n## 2. Mistakes\n\n"
        f"<details><summary>Post 7: {HOSTILE}</summary>\n\n![Post 7](bad_cases/pictures/7.jpg)\n\n"
        f"{HOSTILE}\n\n| Class | p |\n|---|---|\n| neutral | 0.5 |\n\n</details>\n\n"
        "All: [v1.csv](bad_cases/v1.csv)\n\nThe last line.\n"
    )
    path = folder / "report.html"
    figures = [folder / "scores.png", folder / "bad_cases/pictures"]
    path.write_text(page_of(folder / "report.md", figures))
    return path


@pytest.fixture
def open_page(browser, file):
    """Open the page; afterwards nothing may have gone wrong or out."""
    contexts, wrong = [], []

    def opened(**settings):
        contexts.append(browser.new_context(**settings))
        contexts[-1].set_default_timeout(5000)
        page = contexts[-1].new_page()
        page.on("console", lambda said: wrong.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda asked: wrong.append(f"dialog: {asked.message}"))
        page.on(
            "request",
            lambda asked: (
                asked.url == file.as_uri()
                or asked.url.startswith("data:")
                or wrong.append(f"request: {asked.url}")
            ),
        )
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def column(page, number):
    return page.locator(f"main table >> nth=0 >> tbody tr td:nth-child({number})").all_inner_texts()


def names(page):
    return column(page, 1)


def test_what_a_stranger_wrote_is_shown_and_does_nothing(open_page):
    page = open_page()
    assert page.title() == "Report"
    assert page.locator("main script, main iframe").count() == 0
    assert page.locator("main img").count() == 2
    assert column(page, 6)[4].startswith("<script>document.title")
    assert page.locator("main > p", has_text="The last line.").is_visible()


@pytest.mark.parametrize(
    ("header", "ascending"),
    [
        ("Weighted F1", ["fourth", "fifth", "first", "second", "third"]),
        ("p", ["second", "fourth", "first", "third", "fifth"]),
        ("Posts", ["fifth", "third", "second", "first", "fourth"]),
        ("Change", ["second", "third", "first", "fourth", "fifth"]),
        ("Text", ["fifth", "third", "second", "first", "fourth"]),
    ],
)
def test_a_table_is_sorted_by_mouse_and_keyboard(open_page, header, ascending):
    page = open_page()
    before = names(page)
    button = page.get_by_role("columnheader", name=header, exact=True).first.get_by_role("button")
    head = button.locator("xpath=..")
    button.click()
    assert names(page) == ascending
    expect(head).to_have_attribute("aria-sort", "ascending")
    button.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    missing = [name for name, cell in zip(names(page), column(page, 1 + list(SCORES).index(header)),
                                          strict=True) if cell == "-"]  # fmt: skip
    assert names(page) == [*(n for n in reversed(ascending) if n not in missing), *missing]
    page.keyboard.press("Space")
    assert names(page) == before
    assert head.get_attribute("aria-sort") is None


def test_a_mistake_opens(open_page):
    page = open_page()
    picture = page.get_by_alt_text("Post 7")
    assert not picture.is_visible()
    page.locator("main summary").focus()
    page.keyboard.press("Enter")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 64
    assert page.locator("main details table").is_visible()


def test_a_figure_is_enlarged_and_closed(open_page):
    page = open_page(viewport={"width": 900, "height": 700})
    dialog = page.get_by_role("dialog")
    button = page.get_by_role("button", name="Enlarge: Scores of all")
    small = button.locator("img").bounding_box()["width"]
    button.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    assert dialog.get_by_alt_text("Scores of all").bounding_box()["width"] > small
    page.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_dark_follows_the_system_and_the_button(open_page):
    light = "rgb(253, 253, 251)"
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        button, body = page.get_by_role("button", name="Dark"), page.locator("body")
        for dark in (scheme == "dark", scheme != "dark"):
            expect(button).to_have_attribute("aria-pressed", str(dark).lower())
            expectation = expect(body).not_to_have_css if dark else expect(body).to_have_css
            expectation("background-color", light)
            button.click()
        # Figures are drawn on white whatever the page is.
        white = "rgb(255, 255, 255)"
        expect(page.locator("main figure img").first).to_have_css("background-color", white)


@pytest.mark.parametrize("width", [360, 800])
def test_a_phone_scrolls_tables_and_not_the_page(open_page, width):
    page = open_page(viewport={"width": width, "height": 740})
    page.locator("main summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    box = page.locator(".table").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    first = page.locator("main tbody td").first
    left = first.bounding_box()["x"]
    box.evaluate("box => box.scrollTo(300, 0)")
    assert first.bounding_box()["x"] == left


def test_the_contents_lead_to_the_chapters(open_page):
    page = open_page(viewport={"width": 390, "height": 740})
    link = page.get_by_role("link", name="2. Mistakes")
    assert not link.is_visible()
    page.locator("nav summary").click()
    link.click()
    expect(page.get_by_role("heading", name="2. Mistakes")).to_be_in_viewport()
    wide = open_page(viewport={"width": 1400, "height": 300})
    section = wide.get_by_role("link", name="A section")
    section.click()
    expect(section).to_have_attribute("aria-current", "true")


def test_paper_has_everything_open_and_no_sidebar(open_page):
    page = open_page()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.get_by_alt_text("Post 7").is_visible()
    assert not page.locator("header").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details[open]").count() == 0
