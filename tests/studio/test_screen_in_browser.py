"""The screen as annotators have it, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolkit.studio.push import push_items
from toolkit.studio.screen import parse_result

BROWSER = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not BROWSER.exists(), reason=f"no {BROWSER}; `apt-get install chromium` adds it"),
]


@pytest.fixture
def page(studio, accounts) -> Iterator:
    """A browser in which the first annotator has signed in; it may talk to the server alone."""
    from playwright.sync_api import sync_playwright

    account = accounts["ann-1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(BROWSER), headless=True, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        elsewhere: list[str] = []
        page.on(
            "request", lambda request: None if request.url.startswith(studio.url) else elsewhere.append(request.url)
        )
        page.goto(f"{studio.url}/user/login/")
        page.fill("input[name=email]", account.email)
        page.fill("input[name=password]", account.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(re.compile(r"/projects|/$"))
        yield page
        browser.close()
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []


@pytest.fixture
def project(studio, push_request) -> int:
    """A project of three items."""
    (pushed,) = push_items(studio, push_request(3), lambda _d, _t: None).projects
    return pushed.id


def open_queue(page, url: str, project: int):
    """Open the labelling stream and read past the instructions."""
    from playwright.sync_api import expect

    page.goto(f"{url}/projects/{project}/data?labeling=1")
    expect(page.locator(".stance-item")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Judge the paragraph <as printed>, not the article's subject.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Judge the paragraph")).to_be_hidden()
    return expect


def submit(page) -> None:
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/annotations" in answer.url):
        page.get_by_test_id("bottombar-submit-button").click()


def answers(raw, project: int, book) -> dict[str, list[dict]]:
    return {
        task["data"]["item_id"]: [parse_result(vote["result"], book) for vote in task["annotations"]]
        for task in raw().tasks(project)
    }


def test_an_annotator_sees_the_paragraph_between_its_neighbours_and_answers_by_keys(page, studio, raw, project, book):
    expect = open_queue(page, studio.url, project)
    shown = [
        "Harbour dues <b>rise</b>", "The council of Varn met on Monday.", "Label only this text",
        "Quay 0 will cost more & sooner.", "Nobody was asked.", "Governing: the Harbour Union",
        "Which way does the paragraph lead a reader towards the government of Selmara?", "A $\u20605 tax",
    ]  # fmt: skip
    tops = []
    for text in shown:
        expect(page.get_by_text(text)).to_be_visible()
        tops.append(page.get_by_text(text).bounding_box()["y"])
    assert tops == sorted(tops)
    assert page.locator(".stance-item").inner_text().startswith("Label only this text\nQuay 0")

    voice, strength = page.get_by_text("Who carries it?"), page.get_by_text("How strong is it?")
    expect(voice).to_be_hidden()
    page.keyboard.press("2")
    expect(voice).to_be_hidden()
    page.keyboard.press("3")
    expect(voice).to_be_visible()
    expect(strength).to_be_hidden()
    page.keyboard.press("s")
    expect(strength).to_be_visible()
    page.locator("[name='3']").check()
    page.locator(".ant-rate-star").nth(1).click()
    page.locator("textarea").fill("Two lines\nof <b>remark</b>")
    submit(page)
    given = {"stance": "opposition", "voice": "quoted", "strength": 3, "confidence": 2}
    assert answers(raw, project, book)["item-0"] == [{**given, "comment": "Two lines\nof <b>remark</b>"}]


def test_what_is_hidden_again_is_not_sent(page, studio, raw, project, book):
    expect = open_queue(page, studio.url, project)
    voice, strength = page.get_by_text("Who carries it?"), page.get_by_text("How strong is it?")
    page.keyboard.press("3")
    page.keyboard.press("s")
    expect(strength).to_be_visible()
    page.locator("[name='2']").check()
    page.keyboard.press("2")
    expect(voice).to_be_hidden()
    expect(strength).to_be_hidden()
    submit(page)
    assert answers(raw, project, book)["item-0"] == [{"stance": "neutral"}]


def test_a_required_answer_is_asked_for_and_words_are_marked_in_code_points(page, studio, raw, project, book):
    expect = open_queue(page, studio.url, project)
    page.keyboard.press("1")
    page.get_by_test_id("bottombar-submit-button").click()
    expect(page.get_by_role("dialog").get_by_text("Who carries it?")).to_be_visible()
    assert answers(raw, project, book)["item-0"] == []
    page.get_by_role("dialog").get_by_role("button").last.click()
    page.keyboard.press("a")
    page.get_by_text("Mark the words").click()
    line = page.locator(".stance-item .lsf-richtext__line").nth(1).bounding_box()
    page.mouse.dblclick(line["x"] + line["width"] - 15, line["y"] + line["height"] / 2)
    submit(page)
    text = raw().tasks(project)[0]["data"]["text"]
    start = text.index("wait")  # behind two characters that count twice in UTF-16
    (given,) = answers(raw, project, book)["item-0"]
    assert given == {
        "stance": "pro_government", "voice": "author", "words": [{"start": start, "end": start + len("wait")}],
    }  # fmt: skip
