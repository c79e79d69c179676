"""The screen as annotators have it, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from toolkit.exchange.adjudication_sheets import adjudication_codebook
from toolkit.exchange.label_config import screen_mark
from toolkit.exchange.results import parse_result, screen_in, spans_in_code_points
from toolkit.studio.push.items import push_items

BROWSER = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not BROWSER.exists(), reason=f"no {BROWSER}; `apt-get install chromium` adds it"),
]


@pytest.fixture(scope="module")
def context(studio, accounts) -> Iterator:
    """A browser in which the first annotator has signed in."""
    from playwright.sync_api import sync_playwright

    account = accounts["ann-1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(BROWSER), headless=True, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1400, "height": 1100})
        page = context.new_page()
        page.goto(f"{studio.url}/user/login/")
        page.fill("input[name=email]", account.email)
        page.fill("input[name=password]", account.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(re.compile(r"/projects|/$"))
        page.close()
        yield context
        browser.close()


@pytest.fixture
def page(context, studio) -> Iterator:
    """A page of that browser; it may talk to the server alone."""
    elsewhere: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: None if request.url.startswith(studio.url) else elsewhere.append(request.url))
    yield page
    page.close()
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


def give(studio, request, **texts) -> int:
    """Push one item with these texts and return its project."""
    (each,) = request.items
    shown = msgspec.structs.replace(each.shown, **texts)
    changed = msgspec.structs.replace(request, items=(msgspec.structs.replace(each, shown=shown),))
    (pushed,) = push_items(studio, changed, lambda _d, _t: None).projects
    return pushed.id


def mark(page, words: str) -> None:
    """Select words of the item as a mouse does."""
    box = page.evaluate(
        """(words) => {
            const walker = document.createTreeWalker(document.querySelector('.stance-item'), NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const start = node.data.indexOf(words);
                if (start < 0) continue;
                const range = document.createRange();
                range.setStart(node, start);
                range.setEnd(node, start + words.length);
                const box = range.getBoundingClientRect();
                return [box.left, box.right, (box.top + box.bottom) / 2];
            }
        }""",
        words,
    )
    left, right, middle = box
    page.mouse.move(left + 1, middle)
    page.mouse.down()
    page.mouse.move(right - 1, middle, steps=4)
    page.mouse.up()


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
        "Quay 0 will cost more & sooner.", "Nobody was asked.",
        "Which way does the paragraph lead a reader towards the government of Selmara?", "A $\u20605 tax",
    ]  # fmt: skip
    tops = []
    for text in shown:
        expect(page.get_by_text(text)).to_be_visible()
        tops.append(page.get_by_text(text).bounding_box()["y"])
    assert tops == sorted(tops)
    beside = page.get_by_text("Governing: the Harbour Union").bounding_box()
    item = page.locator(".stance-item").bounding_box()
    assert beside["y"] < item["y"] + item["height"]
    assert beside["x"] > item["x"] + item["width"]
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


def test_the_item_stands_at_the_same_place_whatever_surrounds_it(page, studio, push_request):
    surroundings = (
        {"headline": "", "previous": "", "next": ""},
        {
            "headline": "Dues rise. " * 40,
            "previous": "The council met. " * 200 + "It ended here.",
            "next": "So. " * 900,
        },
    )
    tops = []
    for number, texts in enumerate(surroundings):
        request = push_request(1)
        project = give(studio, msgspec.structs.replace(request, campaign=f"{request.campaign}-{number}"), **texts)
        expect = open_queue(page, studio.url, project)
        tops.append(page.locator(".stance-item").bounding_box()["y"])
    assert tops[0] == tops[1]
    # Of a long paragraph before it the end is seen.
    context = page.locator(".stance-previous").bounding_box()
    end = page.evaluate(
        """() => {
            const range = document.createRange();
            range.selectNodeContents(document.querySelector('.stance-previous .lsf-richtext__line'));
            return [...range.getClientRects()].at(-1).bottom;
        }"""
    )
    assert context["y"] < end <= context["y"] + context["height"] + 1
    expect(page.get_by_text("Which way does the paragraph")).to_be_visible()


def test_definitions_are_one_key_away_and_leave_no_answer(page, studio, raw, project, book):
    expect = open_queue(page, studio.url, project)
    definition = page.get_by_text("For the government: Yes")
    expect(definition).to_be_hidden()
    page.keyboard.press("h")
    expect(definition).to_be_visible()
    page.keyboard.press("h")
    expect(definition).to_be_hidden()
    page.keyboard.press("h")
    page.keyboard.press("2")
    submit(page)
    assert answers(raw, project, book)["item-0"] == [{"stance": "neutral"}]
    (task,) = (task for task in raw().tasks(project) if task["annotations"])
    parts = {part["from_name"] for part in task["annotations"][0]["result"]}
    assert parts == {"stance", "definitions-shown", "screen-shown"}


def test_nothing_is_chosen_beforehand_and_nothing_is_sent_unasked(page, studio, raw, project, book):
    expect = open_queue(page, studio.url, project)
    checked = page.locator(".stance-page :checked")
    assert checked.count() == 0
    page.get_by_test_id("bottombar-submit-button").click()  # is refused, since an answer is required
    expect(page.get_by_text("Which way does the paragraph lead a reader towards …?").last).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(checked).to_have_count(1)
    page.goto(f"{studio.url}/projects/")
    expect(page.get_by_text("Harbours").first).to_be_visible(timeout=60_000)
    assert answers(raw, project, book) == {"item-0": [], "item-1": [], "item-2": []}


def test_an_answer_says_which_codebook_was_on_the_screen_though_the_page_is_older_than_the_project(
    page, studio, raw, push_request, book
):
    (project,) = push_items(studio, push_request(3), lambda _d, _t: None).projects
    open_queue(page, studio.url, project.id)
    page.keyboard.press("2")
    submit(page)
    later = msgspec.structs.replace(book, version="0.2", instructions={"en": book.instructions["en"] + " Twice."})
    push_items(studio, push_request(3, codebook=later), lambda _d, _t: None)
    page.get_by_text("Quay 1").wait_for()
    page.keyboard.press("2")
    submit(page)  # on the page as it was
    page.get_by_text("Quay 2").wait_for()
    page.reload()
    page.get_by_text("Quay 2").wait_for(timeout=60_000)
    page.get_by_text("What changed in version 0.2").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("What changed in version 0.2").wait_for(state="hidden")
    page.keyboard.press("2")
    submit(page)
    marks = [screen_in(vote["result"]) for task in raw().tasks(project.id) for vote in task["annotations"]]
    assert marks == [screen_mark(book.ref), screen_mark(book.ref), screen_mark(later.ref)]


HOSTILE = (
    '<img src="https://elsewhere.invalid/x.png" onerror="window.broken=1"><script>window.broken=1</script>'
    '"/></View><Choices name="x" toName="text"><Choice value="y"/></Choices> '
    "$headline {{headline}} &lt;b&gt; ]]> {target} %s"
)


def test_a_text_is_shown_letter_by_letter_and_is_never_markup(page, studio, raw, push_request):
    texts = {
        "text": HOSTILE, "headline": HOSTILE, "note": HOSTILE, "previous": "https://elsewhere.invalid/an-address.txt",
        "next": "s3://bucket/key",
    }  # fmt: skip
    project = give(studio, push_request(1), **texts)
    expect = open_queue(page, studio.url, project)
    expect(page.locator(".stance-item .lsf-richtext__line")).to_have_text(HOSTILE)
    expect(page.locator(".stance-headline")).to_have_text(HOSTILE)
    expect(page.locator(".stance-side")).to_contain_text(HOSTILE)
    expect(page.locator(".stance-previous")).to_have_text(texts["previous"])
    expect(page.locator(".stance-next")).to_have_text(texts["next"])
    assert page.locator("[name='y'], .stance-page img, .stance-page script, .stance-page b").count() == 0
    assert page.evaluate("() => window.broken") is None
    assert raw().tasks(project)[0]["data"]["text"] == HOSTILE


def test_an_adjudicator_reads_the_votes_as_text_and_must_give_a_reason(page, studio, raw, push_request, book):
    note = "In doubt: stance · Votes: stance: <b>For</b> & {{against}} 1, Neutral, plain 2"
    request = push_request(1, votes=1, codebook=adjudication_codebook(book, {"stance"}, "en"))
    project = give(studio, request, note=note)
    expect = open_queue(page, studio.url, project)
    expect(page.locator(".stance-side")).to_contain_text(note)
    assert page.locator(".stance-page b").count() == 0
    page.keyboard.press("2")
    page.get_by_test_id("bottombar-submit-button").click()
    expect(page.get_by_role("dialog").get_by_text("Why was it in doubt?")).to_be_visible()
    assert raw().tasks(project)[0]["annotations"] == []
    page.get_by_role("dialog").get_by_role("button").last.click()
    page.get_by_text("The guidelines do not say").click()
    submit(page)
    (given,) = raw().tasks(project)[0]["annotations"]
    answers = parse_result(given["result"], adjudication_codebook(book, {"stance"}, "en"))
    assert answers == {"stance": "neutral", "adjudication_reason": "guideline_gap"}


ODD = (
    "Quay \N{SPEEDBOAT}\N{SPEEDBOAT} one\r\nCafe\u0301 two\u2028three \U00010400\U00010401 four\rfive "
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 six\ufffd \u05d0\u05d1 seven"
)


def test_marked_words_come_back_in_code_points_behind_any_characters(page, studio, raw, push_request, book):
    project = give(studio, push_request(1), text=ODD)
    expect = open_queue(page, studio.url, project)
    wanted = ["one", "Cafe\u0301", "two", "three", "four", "five", "six", "seven"]
    for number, words in enumerate(wanted, 1):
        page.locator(".lsf-label").get_by_text("Mark the words").click()
        mark(page, words)
        expect(page.locator(".htx-highlight")).to_have_count(number)
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    submit(page)
    (task,) = raw().tasks(project)
    result = task["annotations"][0]["result"]
    spans = parse_result(spans_in_code_points(result, ODD), book)["words"]
    assert sorted(ODD[span["start"] : span["end"]] for span in spans) == sorted(wanted)
    # Label Studio counts in code points by itself: nothing had to be moved.
    assert spans_in_code_points(result, ODD) == result


def undefined(question):
    """A question whose labels have no definitions."""
    labels = tuple(msgspec.structs.replace(label, definition={}) for label in question.labels)
    return msgspec.structs.replace(question, labels=labels)


def test_what_is_hidden_does_not_reach_the_browser(page, studio, push_request, book):
    bodies: list[str] = []
    page.on("response", lambda answer: bodies.append(answer.text()) if "/api/" in answer.url else None)
    bare = msgspec.structs.replace(book, questions=tuple(undefined(question) for question in book.questions))
    request = msgspec.structs.replace(push_request(1), show=("headline",), codebook=bare)
    project = give(studio, request, note="", previous="", next="")
    expect = open_queue(page, studio.url, project)
    expect(page.locator(".stance-headline")).to_be_visible()
    assert page.locator(".stance-previous, .stance-next").count() == 0
    expect(page.locator(".stance-side")).to_be_hidden()
    expect(page.get_by_text("Definitions")).to_be_hidden()
    assert any("Quay 0" in body for body in bodies)
    for body in bodies:
        assert "Harbour Union" not in body
        assert "The council of Varn" not in body
