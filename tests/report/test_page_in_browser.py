from pathlib import Path

import pytest

from toolkit.report.page import render_page

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[375, 1280], ids=["phone", "desktop"])
def opened(browser, facts, tmp_path, request):
    """The page as opened from disk, with what it asked for and what it complained about."""
    path = tmp_path / "report.html"
    path.write_text(render_page(facts), encoding="utf-8")
    page = browser.new_page(viewport={"width": request.param, "height": 800})
    page.requests, page.complaints = [], []
    page.on("request", lambda made: page.requests.append(made.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(path.as_uri())
    page.address = path.as_uri()
    yield page
    page.close()


def test_the_page_asks_for_nothing_but_itself_and_complains_of_nothing(opened):
    opened.wait_for_load_state("networkidle")
    assert [url for url in opened.requests if not url.startswith("data:")] == [opened.address]
    assert opened.complaints == []


def test_the_page_fits_the_screen(opened):
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_figures_are_drawn(opened):
    boxes = opened.evaluate("[...document.querySelectorAll('figure svg')].map(e => [e.clientWidth, e.clientHeight])")
    # agreement of one question, gold of two, scores twice, one matrix
    assert len(boxes) == 6
    assert all(width > 250 and height > 60 for width, height in boxes)


def test_the_contents_lead_to_the_sections(opened):
    opened.get_by_role("link", name="Gold labels").click()
    assert opened.url.endswith("#gold")
    assert abs(opened.evaluate("document.getElementById('gold').getBoundingClientRect().top")) < 100
